#!/usr/bin/env bash
# Fetches the distribution's own libraries that the build for 64-bit Arm links, into build/arm64-deps.
# Nothing is installed.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
deps=$root/build/arm64-deps
. "$root/scripts/cross_packages.sh"
. "$root/scripts/own_apt.sh"

packages="libssl-dev libsqlite3-dev libsqlitecpp-dev zlib1g-dev"
# An update of the system's own libraries is an update of this build as well.
key=$({
    for package in $packages prometheus-cpp-dev g++-aarch64-linux-gnu; do
        echo "$package $(version_of "$package" || true)"
    done
    cat "$0" "$root"/scripts/{cross_packages,own_apt,fetch_sources}.sh "$root/cmake/arm64.cmake"
} | sha256sum | cut -c 1-16)
[[ $(cat "$deps/key" 2>/dev/null) != "$key" ]] || exit 0

rm -rf "$deps"
apt=$deps/.apt
own_apt "$apt" deb arm64
cd "$apt/download"
# shellcheck disable=SC2086 # a list of packages
apt_get download $packages
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

static_prometheus "$apt" -DCMAKE_TOOLCHAIN_FILE="$root/cmake/arm64.cmake"
cat "$apt/versions" "$apt/source/versions" >"$deps/versions"
echo "$key" >"$deps/key"
