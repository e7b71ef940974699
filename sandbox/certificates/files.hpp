#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "sandbox/certificates/trust_files.hpp"
#include "sandbox/directory.hpp"

namespace wxpay::sandbox {

/// What a merchant's client is configured with. Names as WeChat's own download has them.
struct MerchantFiles {
    std::filesystem::path certificate;  ///< apiclient_cert.pem
    std::filesystem::path key;          ///< apiclient_key.pem
    std::filesystem::path p12;          ///< apiclient_cert.p12; opens with the mch_id
    std::string serial;                 ///< of the certificate, upper-case hex
};

/// Where the files lie that clients need. Absolute paths.
struct CertificateFiles {
    std::filesystem::path ca;                        ///< ca.pem: whom to trust; with a TLS listener
    std::map<std::string, MerchantFiles> merchants;  ///< by mch_id
    std::optional<TrustFiles> trust = {};            ///< with a TLS listener
};

/// Writes them: those of the first merchant into `directory`, which becomes a private one, those of
/// each further one with a certificate into a directory below it that is named like its mch_id.
/// No authority: no TLS listener, and no trust files. Throws std::runtime_error when they cannot be
/// written.
CertificateFiles write_certificate_files(const std::filesystem::path& directory,
                                         const std::string& authority, const Directory& merchants);

/// $XDG_CACHE_HOME/wxpay-sandbox, or ~/.cache/wxpay-sandbox. Throws std::runtime_error when the
/// environment names neither.
std::filesystem::path user_cache_directory();

}  // namespace wxpay::sandbox
