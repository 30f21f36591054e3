#!/bin/sh
# Builds an optimized secondwind and runs its demo: scripts/demo.sh [--once] [--listen ADDR:PORT] ...
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh build

cmake --preset release
cmake --build --preset release

exec build/release/src/secondwind demo "$@"
