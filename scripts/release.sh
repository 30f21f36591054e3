#!/usr/bin/env bash
# Makes all files of a release, in build/artifacts: scripts/release.sh VERSION [OPTION]...
#
#     --downloads URL  where the files will be published; the manifests of Homebrew, Scoop and winget
#                      name it, and are left out without it
#     --smoke          checks everything but the compilers: takes the executable of the dev build, makes no
#                      Debian packages, and Windows' archive only if it is there already
#
# The same commit gives the same bytes, with the same versions of the compilers and libraries. The
# executables for 64-bit Arm and for Windows are built if Debian's cross compilers are installed
# (scripts/install-deps.sh arm64 windows).
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

fail() {
    echo "release: $*" >&2
    exit 1
}

[[ $# -ge 1 && $1 != -* ]] || usage
version=$1
shift
downloads='' smoke=''
while [[ $# -gt 0 ]]; do
    case $1 in
    --downloads)
        [[ $# -ge 2 ]] || usage
        downloads=$2
        shift 2
        ;;
    --smoke) smoke=yes && shift ;;
    *) usage ;;
    esac
done

built=$(sed -n 's/^project(secondwind VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[[ $version == "$built" ]] || fail "CMakeLists.txt says version $built, not $version; change one of them"
if [[ -z $smoke ]]; then
    grep -q "^## \[$version\]" CHANGELOG.md ||
        fail "CHANGELOG.md has no section \"## [$version]\"; rename \"Unreleased\""
    [[ -z $(git status --porcelain) ]] ||
        fail "the checkout has changes that no commit has; commit or remove them"
fi
commit=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8 TZ=UTC

out=$PWD/build/artifacts
work=$PWD/build/release-work
rm -rf "$out" "$work"
mkdir -p "$out" "$work"
made=() # ARTEFACT=BUILD_FOLDER:TARGET, for the list of what is linked

# archive FOLDER ; FOLDER.tar.gz with the same bytes each time
archive() {
    tar --create --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
        --mtime="@$SOURCE_DATE_EPOCH" --directory="$work" "$1" | gzip -9n >"$out/$1.tar.gz"
}

source_archive() {
    git archive --prefix="secondwind-$version/" HEAD | gzip -9n >"$out/secondwind-$version.tar.gz"
}

# debian_package BUILD_FOLDER [ARGUMENT] ; the argument is that of scripts/package.sh
debian_package() {
    local package
    rm -rf "$1/packages"
    scripts/package.sh "${@:2}" >&2
    package=$(ls "$1"/packages/secondwind_"$version"*.deb)
    cp "$package" "$out/"
    made+=("$(basename "$package")=$1:secondwind")
}

# linux_archive PROCESSOR BUILD_FOLDER STRIP
linux_archive() {
    local name=secondwind-$version-linux-$1 build=$2
    mkdir -p "$work/$name"/{completions,licences}
    "$3" -o "$work/$name/secondwind" "$build/src/secondwind"
    cp config/secondwind.json config/secondwind.schema.json LICENSE "$build/packaging/secondwind.1" \
        packaging/release/README.txt "$work/$name/"
    cp packaging/completions/* "$work/$name/completions/"
    made+=("$name.tar.gz=$build:secondwind")
    list_parts "$work/sbom.json" "$work/$name/licences" "$name.tar.gz=$build:secondwind"
    archive "$name"
}

linux_archives() {
    if [[ -n $smoke ]]; then
        linux_archive "$(uname -m)" build/dev strip
        return
    fi
    scripts/static.sh >&2
    linux_archive "$(uname -m)" build/static strip
    if [[ $(uname -m) == aarch64 ]]; then
        return
    fi
    if command -v aarch64-linux-gnu-g++ >/dev/null; then
        scripts/static.sh arm64 >&2
        linux_archive aarch64 build/static-arm64 aarch64-linux-gnu-strip
        debian_package build/static-arm64 arm64
    else
        echo "release: nothing for 64-bit Arm: the cross compiler is missing; run scripts/install-deps.sh arm64" >&2
    fi
}

windows_archive() {
    local zip=build/windows/packages/secondwind-$version-windows-x64.zip
    if [[ -z $smoke ]] && command -v x86_64-w64-mingw32-g++-posix >/dev/null; then
        scripts/windows.sh >&2
    fi
    if [[ ! -f $zip ]]; then
        echo "release: no archive for Windows: the cross compiler is missing; run scripts/install-deps.sh windows" >&2
        return
    fi
    cp "$zip" "$out/"
    made+=("$(basename "$zip")=build/windows:secondwind")
}

# list_parts OUT LICENCES ARTEFACT...
list_parts() {
    packaging/release/sbom.py --version "$version" --commit "$commit" --epoch "$SOURCE_DATE_EPOCH" \
        --out "$1" --licences "$2" "${@:3}"
}

# fill TEMPLATE FILE ; FILE is the one that is downloaded
fill() {
    local to sum
    to=$out/$(basename "${1%.in}")
    sum=$(sha256sum "$out/$2" | cut -d ' ' -f 1)
    sed -e "s|@VERSION@|$version|g; s|@URL@|$downloads/$2|g; s|@SHA256@|$sum|g" \
        -e "s|@HOMEPAGE@|${downloads%%/releases/download*}|g; s|@DOWNLOADS@|$downloads|g" \
        -e "s|@DATE@|$(date -d "@$SOURCE_DATE_EPOCH" +%F)|g" "$1" >"$to"
}

manifests() {
    local template zip=secondwind-$version-windows-x64.zip
    fill packaging/homebrew/secondwind.rb.in "secondwind-$version.tar.gz"
    [[ -f $out/$zip ]] || return 0
    for template in packaging/scoop/*.in packaging/winget/*.in; do
        fill "$template" "$zip"
    done
}

source_archive
[[ -n $smoke ]] || debian_package build/release
linux_archives
windows_archive
list_parts "$out/secondwind-$version.spdx.json" "$work/licences" "${made[@]}"
if [[ -n $downloads ]]; then
    manifests
else
    echo "release: no manifests of package managers: --downloads is missing" >&2
fi
(cd "$out" && sha256sum -- * >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS)
ls -l "$out"
