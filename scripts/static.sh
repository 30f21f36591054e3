#!/usr/bin/env bash
# Builds an executable that runs on any Linux, because nothing is loaded at run time:
# build/static/src/secondwind for this processor, and build/static-arm64/src/secondwind for 64-bit Arm.
#
#     scripts/static.sh [arm64]
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
arm64)
    preset=static-arm64
    scripts/install-deps.sh package arm64
    scripts/arm64-deps.sh
    ;;
'')
    preset=static
    scripts/install-deps.sh package
    deps=$PWD/build/static-deps
    . scripts/cross_packages.sh
    [[ -f $deps/lib/libprometheus-cpp-core.a ]] || static_prometheus "$deps"
    ;;
*)
    echo "usage: scripts/static.sh [arm64]" >&2
    exit 2
    ;;
esac

cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --target secondwind
if [[ $preset == static-arm64 ]]; then
    qemu-aarch64-static "build/$preset/src/secondwind" --version >&2
fi
