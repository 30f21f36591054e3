#!/bin/sh
# Runs a program for Windows under Wine: scripts/wine.sh PROGRAM [ARGUMENT...].
# Wine's files are in build/wine, or in $WINEPREFIX, and never in the home directory.
root=$(cd "$(dirname "$0")/.." && pwd)
export WINEPREFIX="${WINEPREFIX:-$root/build/wine}" WINEDEBUG="${WINEDEBUG:--all}"
# Wine's offers to install what only a browser or .NET needs.
export WINEDLLOVERRIDES="${WINEDLLOVERRIDES:-mscoree,mshtml=}"
[ -d "$WINEPREFIX" ] || mkdir -p "$WINEPREFIX"
# The package wine64 has no wine in the path.
for wine in wine64 wine /usr/lib/wine/wine64; do
    ! command -v "$wine" >/dev/null || exec "$wine" "$@"
done
echo "Wine is not installed; on Debian, install wine64" >&2
exit 127
