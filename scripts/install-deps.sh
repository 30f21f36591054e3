#!/bin/sh
# Installs the Debian 12 packages that are missing. If none is missing, it needs neither the network
# nor root.
#
#     scripts/install-deps.sh [build] [test] [bench] [package] [arm64] [windows] [ci]
#
# All but "build" include it, and "ci" includes "test". The default is "build".
# SKIP_DEPS=1 installs nothing, for example on another system.
set -eu

[ "${SKIP_DEPS:-0}" != 1 ] || exit 0

packages="g++ cmake ninja-build ccache libboost1.81-dev nlohmann-json3-dev libspdlog-dev libfmt-dev libcli11-dev zlib1g-dev libssl-dev prometheus-cpp-dev libsqlite3-dev libsqlitecpp-dev"
for_test="lld libgtest-dev libgmock-dev python3 python3-jsonschema python3-yaml haproxy openssl curl ca-certificates systemd man-db"
for_bench="openssl python3 python3-matplotlib libbenchmark-dev haproxy valgrind binutils"
for_ci="clang clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14 shellcheck libbenchmark-dev binutils prometheus docker-compose fish zsh clang-19 libc++-19-dev libc++abi-19-dev"
for_package="dpkg-dev lintian"
for_arm64="g++-aarch64-linux-gnu dpkg-dev qemu-user-static"
for_windows="g++-mingw-w64-x86-64-posix libz-mingw-w64-dev googletest dpkg-dev perl tcl make wine64 wine"

has_node() {
    command -v npm >/dev/null && command -v node >/dev/null &&
        node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)'
}

# From any source, not only from a Debian package.
has_chromium() {
    command -v chromium >/dev/null || command -v google-chrome >/dev/null
}

# Any nginx package works, and the packages conflict with each other.
has_nginx() {
    [ -x /usr/sbin/nginx ] || command -v nginx >/dev/null
}

for group in "${@:-build}"; do
    case $group in
    build) ;;
    test)
        packages="$packages $for_test"
        has_nginx || packages="$packages nginx-light"
        ;;
    bench)
        packages="$packages $for_bench"
        has_nginx || packages="$packages nginx-light"
        ;;
    package) packages="$packages $for_package" ;;
    arm64) packages="$packages $for_arm64" ;;
    windows) packages="$packages $for_windows" ;;
    ci)
        packages="$packages $for_test $for_ci $for_windows"
        has_nginx || packages="$packages nginx-light"
        ;;
    *)
        echo "usage: scripts/install-deps.sh [build] [test] [bench] [package] [arm64] [windows] [ci]" >&2
        exit 2
        ;;
    esac
done
case " $packages " in
*" libgtest-dev "*)
    has_node || packages="$packages nodejs npm"
    has_chromium || packages="$packages chromium"
    ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "This script needs Debian 12 (bookworm). On this system, install the equivalents of these" >&2
    echo "packages by hand, then run it again with SKIP_DEPS=1:" >&2
    echo "    $packages" >&2
    exit 1
fi

missing=
for package in $packages; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || state=
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "These packages are missing, and sudo is not installed:$missing" >&2
        echo "Run as root: apt-get update && apt-get install$missing" >&2
        exit 1
    fi
    as_root="sudo"
fi

echo "Installing:$missing"
# shellcheck disable=SC2086 # a list of words
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing
}
