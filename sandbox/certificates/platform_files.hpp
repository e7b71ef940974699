#pragma once

#include <filesystem>

#include "sandbox/certificates/files.hpp"

namespace wxpay::sandbox {

class Platform;

/// What a merchant verifies V3's signatures by, and encrypts with.
struct PlatformFiles {
    std::filesystem::path certificate;  ///< platform_cert.pem: the one that signs at the start
    std::filesystem::path public_key;   ///< wechatpay_public_key.pem, SPKI
};

/// Where they lie: beside the first merchant's.
PlatformFiles platform_files(const CertificateFiles& files);

/// Writes them. Throws std::runtime_error when they cannot be written.
void write_platform_files(const CertificateFiles& files, const Platform& platform);

}  // namespace wxpay::sandbox
