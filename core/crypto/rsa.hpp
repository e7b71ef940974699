#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace wxpay {

/// The other side's RSA key: verifies what it signs, encrypts what only it may read. Parsed once;
/// copies share it, and any number of threads may use it at once.
class RsaPublicKey {
  public:
    /// PEM of a certificate, of a public key (SPKI), or of a private key, whose public half it is.
    /// invalid_value when it is none of them, or no RSA key of at least 1024 bits.
    static Result<RsaPublicKey> from_pem(std::string_view pem);

    /// Whether `signature` (the bytes, not base64) is the RSASSA-PKCS1-v1_5 signature with SHA-256
    /// of the message.
    bool verify_sha256(std::string_view message, std::string_view signature) const;
    /// RSAES-OAEP with SHA-1 and MGF1-SHA-1, empty label. Nothing when the text is too long for one
    /// block: 214 bytes for a key of 2048 bits.
    std::optional<std::string> encrypt_oaep(std::string_view plain) const;
    /// SPKI, PEM.
    std::string pem() const;

    /// Other ways to sign, for diagnosis: real clients have used them by mistake.
    enum class Scheme { pkcs1_sha256, pkcs1_sha1, pss_sha256 };
    bool verify(Scheme scheme, std::string_view message, std::string_view signature) const;

    struct Key;

  private:
    friend class RsaPrivateKey;
    explicit RsaPublicKey(std::shared_ptr<const Key> key) : key_(std::move(key)) {}
    std::shared_ptr<const Key> key_;
};

/// One's own RSA key. As RsaPublicKey: parsed once, shared by copies and threads.
class RsaPrivateKey {
  public:
    /// PEM, PKCS#8 or PKCS#1, not encrypted. invalid_value as above.
    static Result<RsaPrivateKey> from_pem(const Secret& pem);

    /// The RSASSA-PKCS1-v1_5 signature with SHA-256, as base64 in one line.
    std::string sign_sha256(std::string_view message) const;
    /// Nothing when it was not encrypted for this key, or was changed.
    std::optional<std::string> decrypt_oaep(std::string_view cipher) const;
    RsaPublicKey public_key() const;

  private:
    explicit RsaPrivateKey(std::shared_ptr<const RsaPublicKey::Key> key) : key_(std::move(key)) {}
    std::shared_ptr<const RsaPublicKey::Key> key_;
};

/// What of an X.509 certificate WeChat Pay looks at.
struct CertificateFacts {
    std::string serial_no;  ///< upper-case hex, two digits a byte, as `openssl x509 -serial` has it
    std::string common_name;
    Instant not_before;
    Instant not_after;
};
/// invalid_value when it is no PEM certificate.
Result<CertificateFacts> read_certificate(std::string_view pem);

}  // namespace wxpay
