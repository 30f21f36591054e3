#!/bin/sh
# Builds secondwind for 64-bit Windows, and prints the path of the archive with it: the last line of
# its output. The same commit and the same libraries give the same archive.
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh windows >&2
scripts/windows-deps.sh >&2
# shellcheck disable=SC2086 # a list of options
cmake --preset windows ${CONFIGURE:-} >&2
cmake --build --preset windows --target secondwind >&2

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH TZ=UTC
rm -rf build/windows/packages
(cd build/windows && cpack -G ZIP) >&2
ls build/windows/packages/*.zip
