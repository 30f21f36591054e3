#!/usr/bin/env bash
# Downloads and unpacks the distribution's own sources of packages: scripts/fetch_sources.sh FOLDER
# PACKAGE... Each is in FOLDER/PACKAGE then, and FOLDER/versions has a line "PACKAGE VERSION" for it.
set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/own_apt.sh"
own_apt "$folder/.apt" deb-src

# unpack PACKAGE
unpack() {
    local package=$1 description original
    description=$(find . -maxdepth 1 -name "${package}_*.dsc")
    original=$(find . -maxdepth 1 -name "${package}_*.orig.tar.*" ! -name '*.asc')
    rm -rf "${folder:?}/$package"
    if [[ -n $description ]]; then
        dpkg-source --no-check -x "$description" "$folder/$package" >unpack.log 2>&1 ||
            { cat unpack.log >&2 && return 1; }
        sed -n "s/^Version: /$package /p" "$description" >>"$folder/versions"
    else
        mkdir "$folder/$package"
        tar -xf "$original" -C "$folder/$package" --strip-components=1
        original=${original##*_}
        echo "$package ${original%.orig.tar.*}" >>"$folder/versions"
    fi
}

cd "$folder/.apt/download"
rm -f "$folder/versions"
for package in "$@"; do
    # Some mirrors do not serve names that contain "~". The original source is complete without the
    # distribution's changes.
    if ! apt_get source --download-only "$package"; then
        echo "$package: only the original source, without the distribution's changes" >&2
        rm -f "${package}"_*.dsc "${package}"_*.debian.tar.*
        apt_get source --download-only --tar-only "$package"
    fi
    unpack "$package"
done
