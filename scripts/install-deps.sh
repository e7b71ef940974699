#!/usr/bin/env bash
# Installs what a part of this repository needs, on Debian 12 and its relatives; does nothing where all is there.
#   scripts/install-deps.sh [build|test|stock|lint|bench|demo ...]      without arguments: all of them
# WXPAY_SKIP_DEPS=1 skips it, for systems where the packages come from elsewhere.
set -euo pipefail

declare -A packages=(
    [build]="g++ cmake ninja-build pkg-config ccache libssl-dev zlib1g-dev libcpp-httplib-dev nlohmann-json3-dev
             libpugixml-dev libsqlite3-dev libcli11-dev libspdlog-dev libfmt-dev libasio-dev prometheus-cpp-dev"
    # clang and its runtime only for libFuzzer, which GCC lacks. Debian's Node.js trusts the system's certificates.
    # The test presets compile the benchmarks too.
    [test]="libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev clang libclang-rt-dev nodejs npm ca-certificates curl
            mount util-linux"
    # The languages of tests/interop/stock: each one's own HTTP client, as it stands.
    [stock]="python3 php-cli php-curl default-jdk-headless golang-go"
    [lint]="clang-format clang-tidy"
    [bench]="libbenchmark-dev wrk nginx-light"
    [demo]="curl jq"
)
# A package that only brings a program is not needed where the program is there, whoever installed it.
declare -A program_of=([g++]=g++ [cmake]=cmake [ninja-build]=ninja [pkg-config]=pkg-config [ccache]=ccache
    [clang]=clang [nodejs]=node [npm]=npm [curl]=curl [mount]=mount [util-linux]=unshare
    [clang-format]=clang-format [clang-tidy]=clang-tidy [wrk]=wrk [nginx-light]=nginx [jq]=jq
    [python3]=python3 [php-cli]=php [default-jdk-headless]=java [golang-go]=go)

[ "${WXPAY_SKIP_DEPS:-}" != 1 ] || exit 0
PATH=$PATH:/usr/sbin  # nginx lives there, and a user's PATH may not

groups=("$@")
[ $# -gt 0 ] || groups=(build test stock lint bench demo)
wanted=()
for group in "${groups[@]}"; do
    if [ -z "${packages[$group]:-}" ]; then
        echo "install-deps: unknown part '$group'; there are: build test stock lint bench demo" >&2
        exit 2
    fi
    read -r -d '' -a more <<<"${packages[$group]}" || true
    for package in "${more[@]}"; do
        [[ " ${wanted[*]} " == *" $package "* ]] || wanted+=("$package")
    done
done

libraries=() missing=()
for package in "${wanted[@]}"; do
    program=${program_of[$package]:-}
    if [ -z "$program" ]; then
        libraries+=("$package")
    elif ! command -v "$program" >/dev/null; then
        missing+=("$package")
    fi
done

if ! command -v apt-get >/dev/null; then
    if [ ${#libraries[@]} -gt 0 ] || [ ${#missing[@]} -gt 0 ]; then
        {
            echo "install-deps: no apt-get here. Please install what these Debian 12 packages hold:"
            echo "    ${wanted[*]}"
            echo "and then run again with WXPAY_SKIP_DEPS=1."
        } >&2
        exit 1
    fi
    exit 0
fi

if [ ${#libraries[@]} -gt 0 ]; then
    # shellcheck disable=SC2016  # dpkg-query's own variables
    installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${libraries[@]}" 2>/dev/null |
        awk '$2 == "installed" { print $1 }') || true
    for package in "${libraries[@]}"; do
        grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
    done
fi
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-deps: not root and no sudo. As root: apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

# nginx is wanted as a program for the benchmarks, not as a running service.
policy=/usr/sbin/policy-rc.d
if [[ " ${missing[*]} " == *" nginx-light "* && ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

echo "install-deps: installing ${missing[*]}" >&2
log=$(mktemp)
apt() {
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" \
        >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        echo "install-deps: 'apt-get $*' failed; what it said is above" >&2
        rm -f "$log"
        exit 1
    fi
}
apt update
apt install --no-install-recommends "${missing[@]}"
rm -f "$log"
