#!/bin/sh
# Formats every source file in place. With --check it only lists files that are not formatted, and
# fails if there are any.
set -eu
cd "$(dirname "$0")/.."

mode=-i
case "${1-}" in
"") ;;
--check) mode="--dry-run --Werror" ;;
*)
    echo "usage: scripts/format.sh [--check]" >&2
    exit 2
    ;;
esac

clang_format=${CLANG_FORMAT:-clang-format-14}
# shellcheck disable=SC2086 # the mode is two words
find src include tests bench -name '*.[ch]pp' -print0 | xargs -0 -r "$clang_format" $mode
