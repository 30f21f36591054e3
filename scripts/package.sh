#!/bin/sh
# Builds the Debian package in build/release/packages and prints its path. With --trained, the
# executable is optimized with a profile (scripts/pgo.sh), and the package is in build/pgo/packages:
# that takes twice as long, and two builds of a commit differ, because no two trainings count the
# same. With arm64, the package has the static executable for 64-bit Arm (scripts/static.sh), and is
# in build/static-arm64/packages. Other arguments go to cpack.
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh package

# shellcheck disable=SC2086 # a list of options
if [ "${1:-}" = --trained ]; then
    shift
    build=build/pgo
    scripts/install-deps.sh bench
    scripts/pgo.sh -DSECONDWIND_PORTABLE=ON ${CONFIGURE:-}
elif [ "${1:-}" = arm64 ]; then
    shift
    build=build/static-arm64
    scripts/static.sh arm64
    rm -rf "$build/licences"
    packaging/release/sbom.py --licences "$build/licences" secondwind="$build:secondwind"
else
    build=build/release
    cmake --preset release -DSECONDWIND_PORTABLE=ON ${CONFIGURE:-} >/dev/null
    cmake --build --preset release --target secondwind
fi
# The same commit gives the same package, unless it is trained.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
(cd "$build" && cpack -G DEB "$@")
lintian --allow-root --fail-on error "$build"/packages/*.deb
ls "$build"/packages/*.deb
