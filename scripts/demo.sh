#!/bin/sh
# Builds secondwind, optimised, and runs its demo: scripts/demo.sh [--once] [--listen ADDR:PORT] ...
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh build

build=build/release
# The demo needs no tests; a tree that somebody configured with them keeps them.
[ -f $build/build.ninja ] || cmake --preset release -DSECONDWIND_TESTS=OFF
cmake --build --preset release --target secondwind

exec $build/src/secondwind demo "$@"
