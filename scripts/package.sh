#!/bin/sh
# Builds the Debian package in build/release/packages and prints its path. Arguments go to cpack.
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh package

# shellcheck disable=SC2086 # a list of options
cmake --preset release -DSECONDWIND_PORTABLE=ON ${CONFIGURE:-} >/dev/null
cmake --build --preset release --target secondwind
# The same commit gives the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
(cd build/release && cpack -G DEB "$@")
lintian --allow-root --fail-on error build/release/packages/*.deb
ls build/release/packages/*.deb
