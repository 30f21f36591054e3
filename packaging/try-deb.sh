#!/bin/sh
# Tests the package in a separate system: installation, a run, an upgrade that keeps edited files, and
# a purge that leaves nothing. Run it as root, on a machine where port 1235 is free. Besides bookworm,
# which builds the package, try the other releases that it is for, such as trixie.
#
#     debootstrap --variant=minbase bookworm ROOT
#     packaging/try-deb.sh PACKAGE.deb ROOT
#
# This changes ROOT: the libraries that the package depends on are installed there and stay.
set -eu

if [ $# -ne 2 ] || [ ! -f "$1" ] || [ ! -x "$2/usr/bin/dpkg" ]; then
    echo "usage: packaging/try-deb.sh PACKAGE.deb ROOT" >&2
    exit 2
fi
package=$1
root=$2
configuration=$root/etc/secondwind/secondwind.json
notes=$(mktemp -d)
served=

clean_up() {
    [ -z "$served" ] || kill "$served" 2>/dev/null || :
    umount "$root/proc" 2>/dev/null || :
    rm -rf "$notes" "$root/tmp/secondwind.deb"
}
trap clean_up EXIT

fail() {
    echo "try-deb: $*" >&2
    exit 1
}

# Replaces the shell, so that a background job is the program itself.
enter() {
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

inside() {
    (enter "$@")
}

# All files, except the files of the package managers.
list() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./tmp \
        -o -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log/dpkg.log \
        -o -path ./var/log/apt \) -prune -o -print | LC_ALL=C sort)
}

mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
cp "$package" "$root/tmp/secondwind.deb"

# From a previous run that failed.
inside dpkg --purge secondwind 2>/dev/null

echo "== dependencies"
inside apt-get update -qq
depends=$(dpkg-deb -f "$package" Depends Recommends |
    sed 's/^[A-Za-z]*: //; s/([^)]*)//g; s/|[^,]*//g' | tr ',\n' '  ')
# shellcheck disable=SC2086 # a list of names
inside apt-get install -y -qq --no-install-recommends $depends >/dev/null
list >"$notes/before"

echo "== installation"
inside dpkg -i /tmp/secondwind.deb
inside apt-get -f install -y -qq
inside dpkg --verify secondwind
[ -L "$root/etc/systemd/system/multi-user.target.wants/secondwind.service" ] ||
    fail "the service is not enabled"
[ ! -e "$root/etc/systemd/system/sockets.target.wants/secondwind.socket" ] ||
    fail "the socket must not be enabled by default"

echo "== a run"
inside secondwind check -c /etc/secondwind/secondwind.json | sed -n 1,3p
inside secondwind demo --once --listen 127.0.0.1:0 --admin off
# Like the service: as an ordinary user that can read the configuration.
enter setpriv --reuid 64999 --regid 64999 --clear-groups --no-new-privs \
    secondwind serve -c /etc/secondwind/secondwind.json --log-format json 2>"$notes/log" &
served=$!
tries=0
until grep -q '"listening"' "$notes/log"; do
    tries=$((tries + 1))
    if [ $tries -ge 50 ] || ! kill -0 $served; then
        fail "secondwind does not listen: $(cat "$notes/log")"
    fi
    sleep 0.1
done
status=$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:1235/v1/models)
# 200 from LM Studio; 502 from the proxy if there is no LM Studio.
case $status in
200 | 502) echo "answered $status" ;;
*) fail "answered $status" ;;
esac
inside secondwind status
kill $served
wait $served || fail "secondwind exited with $?"
served=

echo "== an upgrade keeps the edited configuration and the enabled state"
echo '{"listen": "127.0.0.1:1236"}' >"$configuration"
inside systemctl disable secondwind.service 2>/dev/null ||
    rm "$root/etc/systemd/system/multi-user.target.wants/secondwind.service"
inside dpkg -i /tmp/secondwind.deb
grep -q 1236 "$configuration" || fail "the edited configuration is missing"
[ ! -e "$root/etc/systemd/system/multi-user.target.wants/secondwind.service" ] ||
    fail "the service was enabled again"

echo "== a removal keeps the configuration"
inside dpkg --remove secondwind
grep -q 1236 "$configuration" || fail "the edited configuration is missing"
[ ! -e "$root/usr/bin/secondwind" ] || fail "the program is still there"

echo "== a purge leaves nothing behind"
inside dpkg -i /tmp/secondwind.deb
# The state after the service has run.
mkdir -p "$root/var/lib/private/secondwind" "$root/var/log/private/secondwind"
ln -s private/secondwind "$root/var/lib/secondwind"
ln -s private/secondwind "$root/var/log/secondwind"
touch "$root/etc/secondwind/token" "$root/var/lib/private/secondwind/ledger.jsonl"
inside dpkg --purge secondwind
rmdir "$root/var/lib/private" "$root/var/log/private" 2>/dev/null || :
list >"$notes/after"
diff "$notes/before" "$notes/after" || fail "the purge left files behind"

echo "try-deb: passed"
