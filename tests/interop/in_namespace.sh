#!/bin/bash
# in_namespace.sh COMMAND...: runs COMMAND in a network of its own, with nothing in it but loopback, where WeChat's
# hosts are 127.0.0.1 and all ports are free. So a client with WeChat's address compiled in meets a sandbox that COMMAND
# starts with --https 127.0.0.1:443, and nothing changes on this machine. WXPAY_SANDBOX_BIN names the program that knows
# the hosts; without it, PATH has one. Exit status 77: the kernel does not allow it.
set -euo pipefail
: "${WXPAY_SANDBOX_BIN:=wxpay-sandbox}"

skip() {
    echo "in_namespace: SKIPPED: $*" >&2
    exit 77
}

if [ "${WXPAY_NAMESPACE:-}" != entered ]; then
    why=
    for identity in "" "--user --map-root-user"; do # who may not do it as itself may do it as root of its own namespace
        # shellcheck disable=SC2086  # words
        if why=$(unshare $identity --net --mount true 2>&1); then
            exec unshare $identity --net --mount -- env WXPAY_NAMESPACE=entered "$0" "$@"
        fi
    done
    skip "no network and mount namespace to be had: $why"
fi

# A new network's loopback is down. Perl is on every Debian, `ip` is not: SIOCSIFFLAGS with IFF_UP.
# shellcheck disable=SC2016  # Perl's own variables
perl -MSocket -e 'socket(my $any, AF_INET, SOCK_DGRAM, 0) or die "$!\n";
                  my $request = pack("a16 s x22", "lo", 1);
                  ioctl($any, 0x8914, $request) or die "$!\n"' || skip "loopback stays down"

# On a file system of its own, so that nothing is left behind, and another mount can cover this one.
place=$(mktemp -d)
mount -t tmpfs tmpfs "$place" || skip "no mounts"
{ echo 127.0.0.1 localhost && "$WXPAY_SANDBOX_BIN" hosts; } >"$place/hosts"
mount --bind "$place/hosts" /etc/hosts || skip "no mount over /etc/hosts"
umount -l "$place"
rmdir "$place"
exec "$@"
