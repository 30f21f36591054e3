#!/bin/sh
# Runs clang-tidy over src/; any finding fails.
#
#     scripts/lint.sh [BUILD_DIR]
#
# BUILD_DIR (default build/lint) is configured with clang. Most of the time is spent on the headers
# of libraries, so several sources are joined into one file, and two files are checked in parallel.
# Precompiled headers are off, because clang-tidy cannot read those of g++.
set -eu
cd "$(dirname "$0")/.."

build=${1:-build/lint}

# Configure every time, because there may be new files.
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="${CXX:-clang++}" \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DSECONDWIND_TESTS=OFF \
    -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=12 >/dev/null

exec "${RUN_CLANG_TIDY:-run-clang-tidy-14}" -quiet -j "${JOBS:-2}" -p "$build" \
    -header-filter=".*/(include/secondwind|src)/.*" "/src/"
