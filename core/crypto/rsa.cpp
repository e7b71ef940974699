#include "core/crypto/rsa.hpp"

#include <chrono>
#include <ctime>
#include <span>
#include <stdexcept>

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/codec/base64.hpp"
#include "core/crypto/digest.hpp"
#include "core/crypto/openssl.hpp"

namespace wxpay {
namespace {

using openssl::bytes;
using openssl::Freeing;
using openssl::KeyPtr;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freeing<EVP_PKEY_CTX_free>>;

constexpr int kKeyBitsMin = 1024;
constexpr std::size_t kOaepOverhead = 2 * std::tuple_size_v<Sha1> + 2;

[[noreturn]] void fail(const char* what) {
    ERR_clear_error();
    throw std::runtime_error(std::string("OpenSSL: ") + what);
}

Failure<Error> invalid(const char* what) {
    ERR_clear_error();  // a wrong text is the sender's fault, not the next caller's
    return Failure{Error{Errc::invalid_value, what}};
}

/// Encrypted keys are refused; without this, OpenSSL would ask the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

bool is_fit(const EVP_PKEY& key) {
    return EVP_PKEY_get_base_id(&key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(&key) >= kKeyBitsMin;
}

KeyPtr read_private_key(std::string_view pem) {
    const auto text = openssl::reading(pem);
    return KeyPtr(text ? PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr)
                       : nullptr);
}

KeyPtr read_public_key(std::string_view pem) {
    if (const auto text = openssl::reading(pem)) {
        if (const openssl::CertificatePtr certificate{
                PEM_read_bio_X509(text.get(), nullptr, no_passphrase, nullptr)})
            return KeyPtr(X509_get_pubkey(certificate.get()));
    }
    if (const auto text = openssl::reading(pem)) {
        if (KeyPtr key{PEM_read_bio_PUBKEY(text.get(), nullptr, no_passphrase, nullptr)})
            return key;
    }
    return read_private_key(pem);
}

using Init = int (*)(EVP_PKEY_CTX*);

KeyContext context_of(EVP_PKEY* key, Init init, int padding, const EVP_MD* digest) {
    KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    if (!context || init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) != 1 ||
        (digest != nullptr && EVP_PKEY_CTX_set_signature_md(context.get(), digest) != 1))
        fail("no context for an RSA key");
    return context;
}

KeyContext oaep_context(EVP_PKEY* key, Init init) {
    KeyContext context = context_of(key, init, RSA_PKCS1_OAEP_PADDING, nullptr);
    if (EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha1()) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha1()) != 1)
        fail("no OAEP");
    return context;
}

bool verify_digest(EVP_PKEY_CTX* context, std::span<const unsigned char> digest,
                   std::string_view signature) {
    if (EVP_PKEY_verify(context, bytes(signature), signature.size(), digest.data(),
                        digest.size()) == 1)
        return true;
    ERR_clear_error();
    return false;
}

std::optional<Instant> instant(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
    const auto day = std::chrono::year(parts.tm_year + 1900) /
                     std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)) /
                     std::chrono::day(static_cast<unsigned>(parts.tm_mday));
    return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) +
           std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

}  // namespace

/// The contexts are prepared once and never used themselves: each call works on a copy, which costs
/// less than preparing one and needs no lock.
struct RsaPublicKey::Key {
    explicit Key(KeyPtr parsed, bool is_private)
        : key(std::move(parsed)),
          verifying(context_of(key.get(), EVP_PKEY_verify_init, RSA_PKCS1_PADDING, EVP_sha256())) {
        if (is_private)
            signing = context_of(key.get(), EVP_PKEY_sign_init, RSA_PKCS1_PADDING, EVP_sha256());
    }
    KeyPtr key;
    KeyContext verifying;
    KeyContext signing = {};
};

Result<RsaPublicKey> RsaPublicKey::from_pem(std::string_view pem) {
    KeyPtr key = read_public_key(pem);
    if (!key) return invalid("neither a certificate nor a key in PEM");
    if (!is_fit(*key)) return invalid("no RSA key of 1024 bits or more");
    ERR_clear_error();  // what it was not, on the way to what it is
    return RsaPublicKey(std::make_shared<const Key>(std::move(key), false));
}

bool RsaPublicKey::verify_sha256(std::string_view message, std::string_view signature) const {
    const KeyContext context(EVP_PKEY_CTX_dup(key_->verifying.get()));
    if (!context) fail("no copy of a context");
    return verify_digest(context.get(), sha256(message), signature);
}

bool RsaPublicKey::verify(Scheme scheme, std::string_view message,
                          std::string_view signature) const {
    switch (scheme) {
        case Scheme::pkcs1_sha256:
            return verify_sha256(message, signature);
        case Scheme::pkcs1_sha1: {
            const KeyContext context =
                context_of(key_->key.get(), EVP_PKEY_verify_init, RSA_PKCS1_PADDING, EVP_sha1());
            return verify_digest(context.get(), sha1(message), signature);
        }
        case Scheme::pss_sha256: {  // any salt: clients differ
            const KeyContext context = context_of(key_->key.get(), EVP_PKEY_verify_init,
                                                  RSA_PKCS1_PSS_PADDING, EVP_sha256());
            if (EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_AUTO) != 1)
                fail("no PSS");
            return verify_digest(context.get(), sha256(message), signature);
        }
    }
    return false;
}

std::optional<std::string> RsaPublicKey::encrypt_oaep(std::string_view plain) const {
    std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key_->key.get())), '\0');
    if (plain.size() + kOaepOverhead > out.size()) return std::nullopt;
    const KeyContext context = oaep_context(key_->key.get(), EVP_PKEY_encrypt_init);
    std::size_t size = out.size();
    // An empty view's data may be null, which OpenSSL takes for no input at all.
    if (EVP_PKEY_encrypt(context.get(), bytes(out), &size, bytes(plain.empty() ? "" : plain),
                         plain.size()) != 1)
        fail("RSA-OAEP does not encrypt");
    out.resize(size);
    return out;
}

std::string RsaPublicKey::pem() const {
    const openssl::BioPtr out(BIO_new(BIO_s_mem()));
    if (!out || PEM_write_bio_PUBKEY(out.get(), key_->key.get()) != 1)
        fail("a public key is not written");
    return std::string(openssl::written(out.get()));
}

Result<RsaPrivateKey> RsaPrivateKey::from_pem(const Secret& pem) {
    KeyPtr key = read_private_key(pem.reveal());
    if (!key) return invalid("no private key in PEM (PKCS#8 or PKCS#1, not encrypted)");
    if (!is_fit(*key)) return invalid("no RSA key of 1024 bits or more");
    ERR_clear_error();
    return RsaPrivateKey(std::make_shared<const RsaPublicKey::Key>(std::move(key), true));
}

std::string RsaPrivateKey::sign_sha256(std::string_view message) const {
    const KeyContext context(EVP_PKEY_CTX_dup(key_->signing.get()));
    const Sha256 digest = sha256(message);
    std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_->key.get())), '\0');
    std::size_t size = signature.size();
    if (!context ||
        EVP_PKEY_sign(context.get(), bytes(signature), &size, digest.data(), digest.size()) != 1)
        fail("RSA does not sign");
    return base64_encode({bytes(signature), size});
}

std::optional<std::string> RsaPrivateKey::decrypt_oaep(std::string_view cipher) const {
    const KeyContext context = oaep_context(key_->key.get(), EVP_PKEY_decrypt_init);
    std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key_->key.get())), '\0');
    std::size_t size = out.size();
    if (EVP_PKEY_decrypt(context.get(), bytes(out), &size, bytes(cipher), cipher.size()) != 1) {
        ERR_clear_error();
        return std::nullopt;
    }
    out.resize(size);
    return out;
}

RsaPublicKey RsaPrivateKey::public_key() const { return RsaPublicKey(key_); }

Result<CertificateFacts> read_certificate(std::string_view pem) {
    const auto text = openssl::reading(pem);
    const openssl::CertificatePtr certificate(
        text ? PEM_read_bio_X509(text.get(), nullptr, no_passphrase, nullptr) : nullptr);
    if (!certificate) return invalid("no certificate in PEM");
    const auto from = instant(X509_get0_notBefore(certificate.get()));
    const auto until = instant(X509_get0_notAfter(certificate.get()));
    if (!from || !until) return invalid("a certificate without its times");
    return CertificateFacts{openssl::serial(*certificate), openssl::common_name(*certificate),
                            *from, *until};
}

}  // namespace wxpay
