#include "sandbox/certificates/issue.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/pem.h>

#include "core/crypto/openssl.hpp"

namespace wxpay::sandbox {
namespace {

using namespace openssl;

constexpr int kSerialHexDigits = 32;
constexpr int kP12Iterations = 2048;

[[noreturn]] void fail(const char* what) {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    throw std::runtime_error(
        fmt::format("OpenSSL: {}: {}", what, reason == nullptr ? "no reason given" : reason));
}

void want(bool done, const char* what) {
    if (!done) fail(what);
}

CertificatePtr read_certificate(std::string_view pem) {
    const BioPtr text = reading(pem);
    return CertificatePtr(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
}

CertificatePtr need_certificate(std::string_view pem) {
    CertificatePtr certificate = read_certificate(pem);
    want(certificate != nullptr, "certificate");
    return certificate;
}

KeyPtr read_key(const Secret& pem) {
    const BioPtr text = reading(pem.reveal());
    KeyPtr key(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
    want(key != nullptr, "private key");
    return key;
}

std::string list(const HostNames& names, std::string_view before) {
    std::string out;
    const auto add = [&](std::string_view kind, const std::vector<std::string>& all) {
        for (const std::string& name : all) {
            if (!out.empty()) out += ',';
            out += fmt::format("{}{}:{}", before, kind, name);
        }
    };
    add("DNS", names.dns);
    add("IP", names.ip);
    return out;
}

/// A certificate that is being made.
class Draft {
  public:
    Draft(const std::string& common_name, const Validity& validity, Random& random) {
        want(certificate_ && key_, "key");
        X509_set_version(certificate_.get(), X509_VERSION_3);
        BIGNUM* number = nullptr;
        BN_hex2bn(&number, random.hex(kSerialHexDigits).c_str());
        const NumberPtr serial(number);
        constexpr int kTopBit = 4 * kSerialHexDigits - 1;
        BN_clear_bit(serial.get(), kTopBit);    // a number is signed: it would need another byte
        BN_set_bit(serial.get(), kTopBit - 1);  // all are of one length
        BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate_.get()));
        set(X509_getm_notBefore(certificate_.get()), validity.from);
        set(X509_getm_notAfter(certificate_.get()), validity.until);
        X509_set_pubkey(certificate_.get(), key_.get());
        const auto* const text = reinterpret_cast<const unsigned char*>(common_name.c_str());
        want(X509_NAME_add_entry_by_NID(subject(), NID_commonName, MBSTRING_UTF8, text, -1, -1,
                                        0) == 1,
             "subject");
    }

    X509* get() const { return certificate_.get(); }
    EVP_PKEY* key() const { return key_.get(); }
    X509_NAME* subject() const { return X509_get_subject_name(certificate_.get()); }

    void add(X509* issuer, int kind, const std::string& value) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, issuer, certificate_.get(), nullptr, nullptr, 0);
        const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
        want(extension && X509_add_ext(certificate_.get(), extension.get(), -1) == 1,
             value.c_str());
    }

    Identity sign(EVP_PKEY* by) {
        want(X509_sign(certificate_.get(), by, EVP_sha256()) > 0, "signature");
        const BioPtr certificate(BIO_new(BIO_s_mem()));
        const BioPtr key(BIO_new(BIO_s_mem()));
        want(PEM_write_bio_X509(certificate.get(), certificate_.get()) == 1 &&
                 PEM_write_bio_PKCS8PrivateKey(key.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                               nullptr) == 1,
             "PEM");
        return {std::string(written(certificate.get())), Secret(std::string(written(key.get())))};
    }

  private:
    static void set(ASN1_TIME* field, Instant at) {
        ASN1_TIME_set(field, std::chrono::system_clock::to_time_t(
                                 std::chrono::time_point_cast<std::chrono::seconds>(at)));
    }

    CertificatePtr certificate_{X509_new()};
    KeyPtr key_{EVP_EC_gen("P-256")};
};

bool is_for_all(X509* certificate, const HostNames& names) {
    return std::all_of(names.dns.begin(), names.dns.end(),
                       [&](const std::string& name) {
                           return X509_check_host(certificate, name.data(), name.size(), 0,
                                                  nullptr) == 1;
                       }) &&
           std::all_of(names.ip.begin(), names.ip.end(), [&](const std::string& address) {
               return X509_check_ip_asc(certificate, address.c_str(), 0) == 1;
           });
}

}  // namespace

Identity make_authority(const std::string& common_name, const HostNames& permitted,
                        const Validity& validity, Random& random) {
    Draft draft(common_name, validity, random);
    X509_set_issuer_name(draft.get(), draft.subject());
    draft.add(draft.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    draft.add(draft.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    draft.add(draft.get(), NID_subject_key_identifier, "hash");
    if (!permitted.dns.empty() || !permitted.ip.empty())
        draft.add(draft.get(), NID_name_constraints, "critical," + list(permitted, "permitted;"));
    return draft.sign(draft.key());
}

Identity issue(const Identity& authority, const std::string& common_name, const HostNames& names,
               const Validity& validity, Random& random) {
    const CertificatePtr issuer = read_certificate(authority.certificate);
    want(issuer != nullptr, "authority");
    const KeyPtr issuer_key = read_key(authority.key);
    Draft draft(common_name, validity, random);
    X509_set_issuer_name(draft.get(), X509_get_subject_name(issuer.get()));
    draft.add(issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
    draft.add(issuer.get(), NID_key_usage, "critical,digitalSignature");
    draft.add(issuer.get(), NID_subject_key_identifier, "hash");
    draft.add(issuer.get(), NID_authority_key_identifier, "keyid");
    const std::string alternatives = list(names, "");
    draft.add(issuer.get(), NID_ext_key_usage, alternatives.empty() ? "clientAuth" : "serverAuth");
    if (!alternatives.empty()) draft.add(issuer.get(), NID_subject_alt_name, alternatives);
    return draft.sign(issuer_key.get());
}

bool belong_together(const Identity& identity) {
    const CertificatePtr certificate = read_certificate(identity.certificate);
    const BioPtr text = reading(identity.key.reveal());
    const KeyPtr key(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
    return certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
}

bool is_tenpay(std::string_view issuer) {
    return issuer.find("Tenpay.com") != std::string_view::npos;
}

bool is_issued_by_tenpay(const std::string& certificates) {
    const BioPtr text = reading(certificates);
    for (;;) {
        const CertificatePtr each(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
        if (!each) return false;
        if (is_tenpay(issuer(*each))) return true;
    }
}

std::string common_name_of(const std::string& certificate) {
    return common_name(*need_certificate(certificate));
}

std::string fingerprint_of(const std::string& certificate) {
    return fingerprint(*need_certificate(certificate));
}

bool vouches_for(const std::string& authority, const std::string& certificate,
                 const HostNames& names, Instant at) {
    const CertificatePtr root = read_certificate(authority);
    const CertificatePtr leaf = read_certificate(certificate);
    const StorePtr store(X509_STORE_new());
    const StoreContextPtr context(X509_STORE_CTX_new());
    if (!root || !leaf || X509_STORE_add_cert(store.get(), root.get()) != 1 ||
        X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr) != 1)
        return false;
    X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_time(context.get(), 0,
                            std::chrono::system_clock::to_time_t(
                                std::chrono::time_point_cast<std::chrono::seconds>(at)));
    return X509_verify_cert(context.get()) == 1 && is_for_all(leaf.get(), names);
}

std::string serial_number(const std::string& certificate) {
    const CertificatePtr read = read_certificate(certificate);
    want(read != nullptr, "certificate");
    return serial(*read);
}

std::string make_p12(const Identity& identity, const std::string& password) {
    const CertificatePtr certificate = read_certificate(identity.certificate);
    want(certificate != nullptr, "certificate");
    const KeyPtr key = read_key(identity.key);
    constexpr int kNoMacYet = -1;  // it would be SHA-256
    const Pkcs12Ptr p12(
        PKCS12_create(password.c_str(), common_name(*certificate).c_str(), key.get(),
                      certificate.get(), nullptr, NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                      NID_pbe_WithSHA1And3_Key_TripleDES_CBC, kP12Iterations, kNoMacYet, 0));
    want(p12 && PKCS12_set_mac(p12.get(), password.c_str(), -1, nullptr, 0, kP12Iterations,
                               EVP_sha1()) == 1,
         "PKCS #12");
    const BioPtr out(BIO_new(BIO_s_mem()));
    want(i2d_PKCS12_bio(out.get(), p12.get()) == 1, "PKCS #12");
    return std::string(written(out.get()));
}

}  // namespace wxpay::sandbox
