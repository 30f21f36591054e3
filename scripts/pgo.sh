#!/bin/sh
# Builds the executable with profile-guided optimization, in build/pgo: first one that counts what
# runs, which then runs the fixed work of bench/train.py, then one that is optimized for that.
# Arguments go to cmake: scripts/pgo.sh -DSECONDWIND_PORTABLE=ON
set -eu
cd "$(dirname "$0")/.."

cmake --preset pgo-train "$@" >/dev/null
cmake --build --preset pgo-train --target secondwind bench_backend bench_load
find build/pgo -name '*.gcda' -delete
bench/train.py --build build/pgo
cmake --preset pgo "$@" >/dev/null
cmake --build --preset pgo --target secondwind
