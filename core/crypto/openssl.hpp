#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/// OpenSSL's objects with owners. For .cpp files only.
namespace wxpay::openssl {

template <auto Free>
struct Freeing {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};

inline void free_certificates(STACK_OF(X509) * all) { sk_X509_pop_free(all, X509_free); }

using BioPtr = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using CertificatePtr = std::unique_ptr<X509, Freeing<X509_free>>;
using CertificatesPtr = std::unique_ptr<STACK_OF(X509), Freeing<free_certificates>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freeing<BN_free>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, Freeing<PKCS12_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Freeing<X509_STORE_CTX_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;
using TlsContextPtr = std::unique_ptr<SSL_CTX, Freeing<SSL_CTX_free>>;
using TlsPtr = std::unique_ptr<SSL, Freeing<SSL_free>>;

/// Bytes as OpenSSL wants them.
inline const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// Reads `text` where it lies, so it must live as long.
inline BioPtr reading(std::string_view text) {
    return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
/// What was written into a memory BIO and not read yet. Valid until the next write.
inline std::string_view written(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string_view(data, static_cast<std::size_t>(size)) : std::string_view();
}

/// The subject's CN; empty when it has none.
std::string common_name(const X509& certificate);
/// SHA-256 of the certificate as lower-case hex.
std::string fingerprint(const X509& certificate);
/// The issuer's name as RFC 2253 has it: "CN=…,O=…".
std::string issuer(const X509& certificate);
/// The serial number as upper-case hex, two digits for each byte.
std::string serial(const X509& certificate);

}  // namespace wxpay::openssl
