#!/bin/sh
# Measures secondwind beside nginx, HAProxy and a bare relay: scripts/bench.sh [ARGUMENT...]
# The arguments go to bench/compare.py, as in: --quick, --growth, --json out.json. What the figures
# mean is told in bench/README.md.
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh bench

cmake --preset bench
cmake --build --preset bench

exec bench/compare.py --build build/bench "$@"
