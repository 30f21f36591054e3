#!/bin/sh
# Prints the commit that a change starts from: where it left origin/main, or 20 commits before HEAD
# where there is no such branch or HEAD is on it, as in a fresh clone. Prints nothing where this
# clone has no such commit, because it is shallow or has too short a history.
set -eu
cd "$(dirname "$0")/.."

head=$(git rev-parse --verify --quiet HEAD) || exit 0
base=$(git merge-base HEAD refs/remotes/origin/main 2>/dev/null) || base=
if [ -z "$base" ] || [ "$base" = "$head" ]; then
    base=$(git rev-list --first-parent --max-count=21 HEAD | sed -n 21p)
fi
echo "$base"
