#!/usr/bin/env bash
# Fetches the libraries that the build for 64-bit Arm links, into build/arm64-deps. They are the
# distribution's own, from where the machine gets its packages; apt accepts only what the signed index of
# the distribution lists. Nothing is installed.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
deps=$root/build/arm64-deps
[[ ! -f $deps/versions ]] || exit 0
. "$root/scripts/cross_packages.sh"

packages="libssl-dev libsqlite3-dev libsqlitecpp-dev zlib1g-dev"
rm -rf "$deps"
apt=$deps/.apt
mkdir -p "$apt"/{lists/partial,cache/archives/partial,download}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
apt-get indextargets --format "deb [arch=arm64 signed-by=$keyring] \$(REPO_URI) \$(RELEASE) main" \
    'Created-By: Packages' 'Component: main' | sort -u >"$apt/sources.list"
options=(-qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=
    -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Acquire::Languages=none
    -o Acquire::AllowInsecureRepositories=false -o Acquire::Retries=3)
apt-get "${options[@]}" update
cd "$apt/download"
# shellcheck disable=SC2086 # a list of packages
apt-get "${options[@]}" download $packages
for file in *.deb; do
    dpkg-deb --extract "$file" "$apt/root"
    # Its source, which the list of parts names.
    # shellcheck disable=SC2016
    dpkg-deb --show --showformat '${source:Package} ${source:Version}\n' "$file"
done | sort >"$apt/versions"
cd "$root"

header_packages
# The compiler looks for the headers of a processor only in its own folders.
cp -r "$apt/root/usr/include/aarch64-linux-gnu/." "$deps/include/"
rm -r "$apt/root/usr/include/aarch64-linux-gnu"
cp -r "$apt/root/usr/include/." "$deps/include/"
cp "$apt/root/usr/lib/aarch64-linux-gnu/"*.a "$deps/lib/"

scripts/fetch_sources.sh "$apt/source" prometheus-cpp
cmake -S "$apt/source/prometheus-cpp" -B "$apt/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_TOOLCHAIN_FILE="$root/cmake/arm64.cmake" -DCMAKE_INSTALL_PREFIX="$deps" \
    -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DENABLE_PULL=OFF -DENABLE_PUSH=OFF -DENABLE_COMPRESSION=OFF -DENABLE_TESTING=OFF \
    -DUSE_THIRDPARTY_LIBRARIES=OFF >/dev/null
cmake --build "$apt/build" --target install >/dev/null
cat "$apt/versions" "$apt/source/versions" >"$deps/versions"
