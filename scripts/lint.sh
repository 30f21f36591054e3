#!/bin/sh
# Runs clang-tidy over src/; any finding fails.
#
#     scripts/lint.sh [BUILD_DIR]
#
# BUILD_DIR (default build/lint) is configured with clang. Most of the time goes into reading the
# libraries' headers, so the sources are joined, several to a file, and two are read at a time. The
# precompiled headers stay off: clang-tidy can't read those of g++.
set -eu
cd "$(dirname "$0")/.."

build=${1:-build/lint}

# Each time, because files may have come.
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="${CXX:-clang++}" \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DSECONDWIND_TESTS=OFF \
    -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=12 >/dev/null

exec "${RUN_CLANG_TIDY:-run-clang-tidy-14}" -quiet -j "${JOBS:-2}" -p "$build" \
    -header-filter=".*/(include/secondwind|src)/.*" "/src/"
