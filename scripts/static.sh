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
    # Debian has no static library of it.
    deps=$PWD/build/static-deps
    if [[ ! -f $deps/lib/libprometheus-cpp-core.a ]]; then
        scripts/fetch_sources.sh "$deps/source" prometheus-cpp
        cmake -S "$deps/source/prometheus-cpp" -B "$deps/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
            -DCMAKE_INSTALL_PREFIX="$deps" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF \
            -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DENABLE_PULL=OFF -DENABLE_PUSH=OFF \
            -DENABLE_COMPRESSION=OFF -DENABLE_TESTING=OFF -DUSE_THIRDPARTY_LIBRARIES=OFF >/dev/null
        cmake --build "$deps/build" --target install >/dev/null
    fi
    ;;
*)
    echo "usage: scripts/static.sh [arm64]" >&2
    exit 2
    ;;
esac

cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --target secondwind
