#!/bin/sh
# Runs clang-tidy over src/, two files at a time; any finding fails.
#
#     scripts/lint.sh [BUILD_DIR [REGEX]]
#
# BUILD_DIR (default build/lint) is configured with clang. The precompiled
# headers stay off: clang-tidy cannot read those of g++, nor needs any built to start. REGEX,
# matched against the files' paths, narrows the run.
set -eu
cd "$(dirname "$0")/.."

build=${1:-build/lint}
only=${2:-"$PWD/src/.*\.cpp"}

# Each time, because files may have come.
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="${CXX:-clang++}" \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DSECONDWIND_TESTS=OFF >/dev/null

exec "${RUN_CLANG_TIDY:-run-clang-tidy-14}" -quiet -j "${JOBS:-2}" -p "$build" "$only"
