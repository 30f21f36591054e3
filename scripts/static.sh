#!/usr/bin/env bash
# Builds an executable that runs on any Linux for this processor, because nothing is loaded at run time:
# build/static/src/secondwind.
set -euo pipefail
cd "$(dirname "$0")/.."

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

cmake --preset static >/dev/null
cmake --build --preset static --target secondwind
