#!/usr/bin/env bash
# Downloads and unpacks the distribution's own sources of packages: scripts/fetch_sources.sh FOLDER
# PACKAGE... Each is in FOLDER/PACKAGE then, and FOLDER/versions has a line "PACKAGE VERSION" for it.
#
# The sources come from where the machine gets its packages. apt accepts only what the signed index of
# the distribution lists. The lists are kept apart from the machine's: those may have no sources, and need
# root.
set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
apt=$folder/.apt
mkdir -p "$apt"/{lists/partial,cache/archives/partial}
apt-get indextargets --format "deb-src [signed-by=$keyring] \$(REPO_URI) \$(RELEASE) main" \
    'Created-By: Packages' 'Component: main' | sort -u >"$apt/sources.list"
if [[ ! -s $apt/sources.list ]]; then
    echo "fetch_sources: apt has no list of packages from which to take the address of the sources;" \
        "run apt-get update" >&2
    exit 1
fi
options=(-qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=
    -o Acquire::Languages=none -o Acquire::AllowInsecureRepositories=false -o Acquire::Retries=3)
apt-get "${options[@]}" update

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

mkdir -p "$apt/download"
cd "$apt/download"
rm -f "$folder/versions"
for package in "$@"; do
    # Some mirrors do not serve names that contain "~". The original source is complete without the
    # distribution's changes.
    if ! apt-get "${options[@]}" source --download-only "$package"; then
        echo "$package: only the original source, without the distribution's changes" >&2
        rm -f "${package}"_*.dsc "${package}"_*.debian.tar.*
        apt-get "${options[@]}" source --download-only --tar-only "$package"
    fi
    unpack "$package"
done
