#!/usr/bin/env bash
# Makes the merchants' CA, the demo merchants' certificates and WeChat's own keys (two platform certificates, a public
# key) in sandbox/certificates/shipped. They are public test
# keys: whoever has this repository has them, and they protect nothing. Files that are there are kept, so a new
# merchant's certificate comes from the old CA.
#   scripts/test-certificates.sh [MCH_ID…]
set -euo pipefail
cd "$(dirname "$0")/../sandbox/certificates/shipped"
umask 077

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/index"
cat >"$work/config" <<CONFIG
[ca]
default_ca = here
[here]
database = $work/index
new_certs_dir = $work
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
default_startdate = 20240101000000Z
default_enddate = 20550101000000Z
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[merchant]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CONFIG

label() { # file: says in its first lines what it is
    { printf 'PUBLIC TEST KEY. Made by scripts/test-certificates.sh, published with the source: it protects nothing.\n'
      cat "$1"; } >"$work/labelled"
    cat "$work/labelled" >"$1"
    chmod 644 "$1"
}

make() { # name common-name extensions arguments…
    local name=$1 common_name=$2 extensions=$3
    shift 3
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "${name}_key.pem" 2>/dev/null
    openssl req -new -key "${name}_key.pem" -subj "/C=CN/O=wxpay-sandbox/OU=Public test keys/CN=$common_name" \
        -out "$work/request"
    openssl ca -batch -notext -config "$work/config" -extensions "$extensions" -in "$work/request" \
        -out "${name}_cert.pem" "$@" 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
    label "${name}_key.pem"
    label "${name}_cert.pem"
}

[ -e merchants_ca_cert.pem ] ||
    make merchants_ca "wxpay-sandbox merchants CA" authority -selfsign -keyfile merchants_ca_key.pem
for mch_id in "${@:-}"; do
    [ -z "$mch_id" ] || [ -e "${mch_id}_cert.pem" ] ||
        make "$mch_id" "$mch_id" merchant -cert merchants_ca_cert.pem -keyfile merchants_ca_key.pem
done

# SDKs look at a platform certificate's serial and validity, not at who issued it.
for name in platform_1 platform_2; do
    [ -e "${name}_cert.pem" ] ||
        make "$name" "wxpay-sandbox platform" merchant -selfsign -keyfile "${name}_key.pem"
done
[ -e wechatpay_key.pem ] || {
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out wechatpay_key.pem 2>/dev/null
    label wechatpay_key.pem
}
