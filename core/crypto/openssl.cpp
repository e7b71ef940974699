#include "core/crypto/openssl.hpp"

#include <array>
#include <new>
#include <span>

#include <openssl/evp.h>

#include "core/codec/hex.hpp"

namespace wxpay::openssl {

std::string common_name(const X509& certificate) {
    const X509_NAME* const subject = X509_get_subject_name(&certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0) return {};
    unsigned char* utf8 = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size < 0) return {};
    std::string out(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
    return out;
}

std::string fingerprint(const X509& certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) != 1) throw std::bad_alloc();
    std::string out;
    append_hex(out, std::span(digest).first(size), HexCase::lower);
    return out;
}

std::string issuer(const X509& certificate) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    if (!out ||
        X509_NAME_print_ex(out.get(), X509_get_issuer_name(&certificate), 0, XN_FLAG_RFC2253) < 0)
        return {};
    return std::string(written(out.get()));
}

std::string serial(const X509& certificate) {
    const NumberPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr));
    char* const hex = number ? BN_bn2hex(number.get()) : nullptr;
    if (hex == nullptr) return {};
    std::string out = hex;
    OPENSSL_free(hex);
    return out;
}

}  // namespace wxpay::openssl
