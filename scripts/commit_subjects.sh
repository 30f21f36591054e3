#!/bin/sh
# Checks the subjects of new commits against CONTRIBUTING.md: at most 72 characters, no full stop.
# New are those since scripts/base_commit.sh, or all that this clone has where it names none; commits
# from before this check are left alone.
set -eu
cd "$(dirname "$0")/.."

if ! git rev-parse --verify --quiet HEAD >/dev/null; then
    echo "There is no history to check." >&2
    exit 0
fi

base=$(scripts/base_commit.sh)
first=$(git log --diff-filter=A --format=%H -- scripts/commit_subjects.sh | tail -n 1)
# shellcheck disable=SC2086 # none of them may be there
bad=$(git log --no-merges --format='%h %s' HEAD --not $base ${first:+$first^@} |
    LC_ALL=C.UTF-8 grep -E '^[0-9a-f]+ (.{73,}|.*\.)$') || exit 0

echo "These subjects are longer than 72 characters, or end with a full stop:" >&2
echo "$bad" >&2
exit 1
