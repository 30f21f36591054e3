#!/bin/sh
# Runs clang-tidy over src/; any finding fails.
#
#     scripts/lint.sh [--changed] [BUILD_DIR]
#
# With --changed, it checks only the files that changed after the commit that scripts/base_commit.sh
# prints, uncommitted changes included, and all files if it prints none.
#
# BUILD_DIR (default build/lint) is configured with clang. Most of the time is spent on the headers
# of libraries, so these are precompiled, and several sources are joined into one unit. --changed
# selects the units that contain a changed source, or one that includes a changed header.
set -eu
cd "$(dirname "$0")/.."

changed=
if [ "${1-}" = --changed ]; then
    changed=yes
    shift
fi
build=${1:-build/lint}

# Configure every time, because there may be new files.
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="${CXX:-clang++}" \
    -DCMAKE_BUILD_TYPE=Debug -DSECONDWIND_TESTS=OFF -DSECONDWIND_JOIN_SOURCES=ON >/dev/null
precompiled=src/CMakeFiles/secondwind_boost.dir/cmake_pch.hxx.pch
ninja -C "$build" "$precompiled" >/dev/null

# Lists the changed files of src/ and include/ that still exist; fails if all must be checked.
changed_files() {
    base=$(scripts/base_commit.sh) && [ -n "$base" ] || return 1
    files=$(git diff --name-only --diff-filter=d "$base" && git ls-files --others --exclude-standard)
    ! echo "$files" | grep -qx '\.clang-tidy\|scripts/lint\.sh' || return 1
    echo "$files" | grep -E '^(src|include)/.*\.[ch]pp$' || :
}

# The unit that contains a source, or the source itself.
unit_of() {
    grep -lFx "#include \"$PWD/$1\"" "$build"/src/CMakeFiles/*/Unity/*.cxx || echo "$PWD/$1"
}

units=
if [ -n "$changed" ] && files=$(changed_files); then
    for file in $files; do
        case $file in
        *.hpp)
            # Its findings are the same in each source that includes it, so one is enough.
            name=${file#include/}
            name=${name#src/*/}
            file=$(grep -rlF --include='*.cpp' -e "<$name>" -e "\"$name\"" src | sort | head -n 1)
            ;;
        esac
        [ -z "$file" ] || units="$units $(unit_of "$file")"
    done
    # shellcheck disable=SC2086 # a list of files
    units=$(printf '%s\n' $units | sort -u)
    if [ -z "$units" ]; then
        echo "No source has changed."
        exit 0
    fi
else
    units="^$PWD/src/ $build/src/"
fi

# shellcheck disable=SC2086 # a list of files
exec "${RUN_CLANG_TIDY:-run-clang-tidy-14}" -quiet -j "${JOBS:-2}" -p "$build" \
    -header-filter=".*/(include/secondwind|src)/.*" $units
