#!/usr/bin/env bash
# Builds the libraries that the Windows build links: scripts/windows-deps.sh [PREFIX].
#
# PREFIX (build/windows-deps by default) becomes a link to a folder of the cache, which is named by the
# versions of the compiler and of the libraries. If that folder is complete, the script does nothing more.
# The sources are the distribution's own (scripts/fetch_sources.sh).
#
#     SECONDWIND_CACHE  where the cache is; ${XDG_CACHE_HOME:-~/.cache}/secondwind by default
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
prefix=${1:-$root/build/windows-deps}
cache=${SECONDWIND_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/secondwind}
jobs=$(nproc)
ccache=$(command -v ccache || true)
triplet=x86_64-w64-mingw32

# Headers alone are used of the first five. The installed version of the others names the cache, so that
# an update of the system is an update of this build as well.
packages="libboost1.81-dev nlohmann-json3-dev libcli11-dev libspdlog-dev libfmt-dev libz-mingw-w64-dev
    libssl-dev prometheus-cpp-dev libsqlite3-dev libsqlitecpp-dev googletest g++-mingw-w64-x86-64-posix"

. "$root/scripts/cross_packages.sh"

versions=
for package in $packages; do
    version=$(version_of "$package") || {
        echo "The package $package is not installed; run scripts/install-deps.sh windows" >&2
        exit 1
    }
    versions+="$package $version"$'\n'
done
key=$({
    echo "$versions"
    cat "$0" "$root/scripts/cross_packages.sh" "$root/cmake/windows.cmake"
} | sha256sum | cut -c 1-16)
complete=$cache/windows-deps-$key

link_prefix() {
    mkdir -p "$(dirname "$prefix")"
    if [[ -e $prefix && ! -L $prefix ]]; then
        echo "$prefix exists, and is no link to the cache; remove it, or give another prefix" >&2
        exit 1
    fi
    ln -sfn "$complete" "$prefix"
}

if [[ -f $complete/versions ]]; then
    link_prefix
    exit 0
fi

# Every failure leaves the cache as it was. The last step renames the folder, so two runs at once do no harm.
mkdir -p "$cache"
work=$(mktemp -d "$cache/windows-deps.XXXXXX")
export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$work
trap 'rm -rf "$work"' EXIT
deps=$work/prefix
mkdir -p "$deps"/{include,lib/cmake}

headers_and_zlib() {
    header_packages
    ln -s "/usr/$triplet/include/"{zlib,zconf}.h "$deps/include/"
    ln -s "/usr/$triplet/lib/libz.a" "$deps/lib/"
}

# Its longest part first, and quiet: a log that is cut would lose the reason of a failure.
quietly() {
    "$@" >"$work/step.log" 2>&1 || {
        tail -n 40 "$work/step.log" >&2
        return 1
    }
}

# What TLS 1.2 and 1.3 do not use is left out, as it takes a fifth of the time. No path of this machine
# gets into the libraries, and they read no configuration: any user of a Windows machine may create a
# folder in which it would be.
build_openssl() {
    cd "$work/openssl"
    quietly ./Configure mingw64 CC="${ccache:+$ccache }$triplet-gcc-posix" AR="$triplet-ar" \
        RANLIB="$triplet-ranlib" RC="$triplet-windres" \
        --prefix=/openssl --libdir=lib --openssldir=/openssl no-autoload-config \
        no-shared no-tests no-module no-engine no-legacy no-dso no-async no-comp no-dtls no-ssl3 \
        no-aria no-bf no-camellia no-cast no-cmp no-cms no-ct no-gost no-idea no-md4 no-mdc2 no-ocb \
        no-rc2 no-rc4 no-rfc3779 no-rmd160 no-seed no-sm2 no-sm3 no-sm4 no-srp no-srtp no-ts \
        no-whirlpool
    quietly make -j"$jobs" build_libs
    quietly make install_dev DESTDIR="$work/openssl-installed"
    cp -r "$work/openssl-installed/openssl/"{include,lib} "$deps/"
    cd "$root"
}

# with_cmake SOURCE OPTION... ; builds and installs
with_cmake() {
    local source=$1 build=$work/build-${1##*/}
    shift
    quietly cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_TOOLCHAIN_FILE="$root/cmake/windows.cmake" -DSECONDWIND_WINDOWS_DEPS="$deps" \
        -DCMAKE_INSTALL_PREFIX="$deps" -DBUILD_SHARED_LIBS=OFF "$@"
    quietly cmake --build "$build" --target install -j"$jobs"
}

build_sqlite() {
    mkdir "$work/build-sqlite3"
    cd "$work/build-sqlite3"
    # The configuration is only asked for the single source, which a program of this machine writes.
    quietly ../sqlite3/configure --disable-tcl
    quietly make sqlite3.c
    "$triplet-gcc-posix" -O2 -c -DSQLITE_DQS=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_THREADSAFE=1 \
        -DSQLITE_ENABLE_COLUMN_METADATA sqlite3.c -o sqlite3.o
    "$triplet-ar" rcsD "$deps/lib/libsqlite3.a" sqlite3.o
    cp sqlite3.h "$deps/include/"
    cd "$root"
    with_cmake "$work/sqlitecpp" -DCMAKE_CXX_FLAGS=-DSQLITE_OMIT_LOAD_EXTENSION \
        -DSQLITECPP_INTERNAL_SQLITE=OFF -DSQLITECPP_RUN_CPPLINT=OFF \
        -DSQLITECPP_RUN_CPPCHECK=OFF -DSQLITECPP_USE_STACK_PROTECTION=OFF \
        -DSQLite3_INCLUDE_DIR="$deps/include" -DSQLite3_LIBRARY="$deps/lib/libsqlite3.a"
}

# The licences of what is linked in, for the archive.
keep_licences() {
    local name
    mkdir "$deps/licences"
    for name in boost1.81:libboost1.81-dev nlohmann-json:nlohmann-json3-dev cli11:libcli11-dev \
        spdlog:libspdlog-dev fmt:libfmt-dev zlib:libz-mingw-w64-dev openssl:libssl-dev \
        prometheus-cpp:prometheus-cpp-dev sqlite3:libsqlite3-dev sqlitecpp:libsqlitecpp-dev \
        mingw-w64-runtime:mingw-w64-x86-64-dev gcc-runtime:gcc-mingw-w64-x86-64-posix-runtime; do
        cp -L "/usr/share/doc/${name#*:}/copyright" "$deps/licences/${name%%:*}.txt"
    done
    # OpenSSL's, in full.
    cp -L /usr/share/common-licenses/Apache-2.0 "$deps/licences/"
}

echo "Building the libraries for Windows; this takes some minutes, once"
headers_and_zlib
"$root/scripts/fetch_sources.sh" "$work" openssl prometheus-cpp sqlite3 sqlitecpp
build_openssl
with_cmake "$work/prometheus-cpp" -DENABLE_PULL=OFF -DENABLE_PUSH=OFF -DENABLE_COMPRESSION=OFF \
    -DENABLE_TESTING=OFF -DUSE_THIRDPARTY_LIBRARIES=OFF
build_sqlite
with_cmake /usr/src/googletest
keep_licences
{
    cat "$work/versions"
    echo -n "$versions"
} | sort >"$deps/versions"
mv -T "$deps" "$complete" 2>/dev/null || [[ -f $complete/versions ]]
link_prefix
