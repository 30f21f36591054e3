#!/bin/sh
# Compares secondwind with nginx, HAProxy and a minimal relay: scripts/bench.sh [ARGUMENT...]
# The arguments go to bench/compare.py, for example: --quick, --growth, --json out.json.
# bench/README.md explains the figures.
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh bench

cmake --preset bench
cmake --build --preset bench

exec bench/compare.py --build build/bench "$@"
