#pragma once

#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"

#include "sandbox/certificates/identity.hpp"

namespace wxpay::sandbox {

struct Validity {
    Instant from;
    Instant until;
};

/// Host names and IP addresses.
struct HostNames {
    std::vector<std::string> dns;
    std::vector<std::string> ip;
};

/// A new ECDSA P-256 authority that may vouch for `permitted` only (a critical name constraint; no
/// names at all: no constraint), and for no other authority. `permitted.ip` are networks as OpenSSL
/// writes them: "127.0.0.0/255.0.0.0". `random` gives the serial number, OpenSSL the key. Throws
/// std::runtime_error when OpenSSL cannot.
Identity make_authority(const std::string& common_name, const HostNames& permitted,
                        const Validity& validity, Random& random);

/// A new ECDSA P-256 key with a certificate from `authority`: a server's when it has names, else a
/// client's.
Identity issue(const Identity& authority, const std::string& common_name, const HostNames& names,
               const Validity& validity, Random& random);

/// Whether both are what they should be, and the key is the certificate's.
bool belong_together(const Identity& identity);

/// Whether a certificate with that issuer is the real WeChat Pay's: nothing that it proves belongs
/// in a test tool. source  [C] github.com/Javen205/IJPay IJPayConstants: ISSUER "Tenpay.com Root
/// CA"
bool is_tenpay(std::string_view issuer);
/// Whether one of these PEM certificates is.
bool is_issued_by_tenpay(const std::string& certificates);

/// The CN of its subject. The text must be the PEM of a certificate.
std::string common_name_of(const std::string& certificate);
/// As http::ClientCertificate has it. The text must be the PEM of a certificate.
std::string fingerprint_of(const std::string& certificate);

/// Whether the server certificate is good for all these names at that time, name constraints
/// included, for one who trusts `authority` alone. False for what is no certificate.
bool vouches_for(const std::string& authority, const std::string& certificate,
                 const HostNames& names, Instant at);

/// The serial number as upper-case hex, of a PEM certificate.
std::string serial_number(const std::string& certificate);

/// The .p12 that merchants get: both PBE-SHA1-3DES, with a SHA-1 MAC, for that opens everywhere;
/// OpenSSL's own default does not. `password` is ASCII.
std::string make_p12(const Identity& identity, const std::string& password);

}  // namespace wxpay::sandbox
