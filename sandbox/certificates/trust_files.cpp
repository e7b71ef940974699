#include "sandbox/certificates/trust_files.hpp"

#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <openssl/pem.h>
#include <spdlog/spdlog.h>

#include "core/codec/hex.hpp"
#include "core/crypto/digest.hpp"
#include "core/crypto/openssl.hpp"

#include "embedded/kNodeConnect.hpp"
#include "sandbox/certificates/listener.hpp"
#include "sandbox/certificates/private_files.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox {
namespace {

using namespace openssl;

// Raised when what is written of the same roots changes.
constexpr std::string_view kFormat = "3";
constexpr std::string_view kMark = "# wxpay-sandbox: roots ";
constexpr std::size_t kTagDigits = 8;

/// All of the file; nothing when it cannot be read or is too long.
std::optional<std::string> read_roots(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    const auto size = in ? static_cast<std::streamoff>(in.tellg()) : -1;
    if (size < 0 || size > static_cast<std::streamoff>(kRootsBytesMax)) return std::nullopt;
    std::string text(static_cast<std::size_t>(size), '\0');
    in.seekg(0);
    in.read(text.data(), size);
    return in ? std::optional(std::move(text)) : std::nullopt;
}

std::string pem_of(X509* certificate) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(out.get(), certificate) != 1) throw std::runtime_error("OpenSSL: PEM");
    return std::string(written(out.get()));
}

/// Certificates, each once, in the order in which they came.
class Collection {
  public:
    /// Those in the PEM text but authorities of a sandbox: the one that is meant is there already.
    void add(std::string_view pem) {
        const BioPtr text = reading(pem);
        while (const CertificatePtr each{
            PEM_read_bio_X509_AUX(text.get(), nullptr, nullptr, nullptr)}) {
            if (!is_listener_authority(common_name(*each))) add(each.get());
        }
        ERR_clear_error();  // the end of the text is an error, too
    }
    void add_authority(std::string_view pem) {
        const BioPtr text = reading(pem);
        const CertificatePtr authority(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
        if (!authority) throw std::runtime_error("OpenSSL: authority");
        add(authority.get());
    }
    const std::vector<std::string>& all() const { return all_; }

  private:
    void add(X509* certificate) {
        if (seen_.insert(fingerprint(*certificate)).second) all_.push_back(pem_of(certificate));
    }

    std::set<std::string> seen_;
    std::vector<std::string> all_;
};

std::string digest(std::string_view text) {
    std::string out;
    append_hex(out, sha256(text), HexCase::lower);
    return out;
}

/// A PHP ini file's string.
std::string ini_quoted(const std::string& text) {
    if (text.find('\'') == std::string::npos) return "'" + text + "'";
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string php_ini(const std::filesystem::path& bundle) {
    const std::string quoted = ini_quoted(bundle.string());
    return fmt::format("curl.cainfo={}\nopenssl.cafile={}\n", quoted, quoted);
}

std::string node_connect() {
    std::string out(kNodeConnect);
    constexpr std::string_view kPlace = "/* hosts */";
    const std::string hosts = fmt::format("'{}'", fmt::join(played_names(), "', '"));
    return out.replace(out.find(kPlace), kPlace.size(), hosts);
}

/// Servers that were started with other roots of the user's keep theirs.
std::string directory_name(const std::vector<std::filesystem::path>& own) {
    if (own.empty()) return "trust";
    std::string all;
    for (const auto& path : own) all.append(path.string()).push_back('\0');
    return "trust-" + digest(all).substr(0, kTagDigits);
}

bool is_written(const TrustFiles& files, const std::string& first_line) {
    std::ifstream in(files.bundle);
    std::string line;
    return std::getline(in, line) && line == first_line &&
           std::filesystem::exists(files.java_store) && std::filesystem::exists(files.node) &&
           !std::filesystem::is_empty(files.php);
}

using SafeBagPtr = std::unique_ptr<PKCS12_SAFEBAG, Freeing<PKCS12_SAFEBAG_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, Freeing<ASN1_OBJECT_free>>;
void free_bags(STACK_OF(PKCS12_SAFEBAG) * all) {
    sk_PKCS12_SAFEBAG_pop_free(all, PKCS12_SAFEBAG_free);
}
using SafeBagsPtr = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), Freeing<free_bags>>;
void free_safes(STACK_OF(PKCS7) * all) { sk_PKCS7_pop_free(all, PKCS7_free); }
using SafesPtr = std::unique_ptr<STACK_OF(PKCS7), Freeing<free_safes>>;

void want(bool done) {
    if (!done) throw std::runtime_error("OpenSSL: trust store");
}

/// source  [C] OpenJDK sun.security.pkcs12.PKCS12KeyStore: a certificate without a key is trusted
/// by this attribute, ORACLE_TrustedKeyUsage, whose value says for what: anyExtendedKeyUsage
SafeBagPtr trusted_bag(const std::string& pem, const std::string& alias,
                       const ASN1_OBJECT& any_usage) {
    const BioPtr text = reading(pem);
    const CertificatePtr certificate(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    want(certificate != nullptr);
    SafeBagPtr bag(PKCS12_SAFEBAG_create_cert(certificate.get()));
    constexpr int kAnObjectItself = -1;
    want(bag &&
         PKCS12_add_friendlyname_utf8(bag.get(), alias.data(), static_cast<int>(alias.size())) ==
             1 &&
         PKCS12_add1_attr_by_txt(bag.get(), "2.16.840.1.113894.746875.1.1", V_ASN1_OBJECT,
                                 reinterpret_cast<const unsigned char*>(&any_usage),
                                 kAnObjectItself) == 1);
    return bag;
}

}  // namespace

std::filesystem::path system_roots() {
    // The list of Go's crypto/x509 for Linux and the BSDs; the first one is Debian's and Alpine's.
    for (const char* const path :
         {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
          "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
          "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"}) {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(path, ignored)) return path;
    }
    return {};
}

TrustFiles write_trust_files(const std::filesystem::path& directory, const std::string& authority,
                             const OtherRoots& others) {
    std::vector<std::string> texts;
    const auto read = [&](const std::filesystem::path& path) {
        auto text = read_roots(path);
        if (!text) return false;
        texts.push_back(*std::move(text));
        return true;
    };
    if (!others.system.empty() && !read(others.system))
        spdlog::warn("the system's certificates in {} cannot be read", others.system.string());
    std::vector<std::filesystem::path> own;
    for (const auto& path : others.own) {
        if (read(path)) {
            own.push_back(path);
        } else {
            spdlog::warn("{} cannot be read: clients will not trust whom it names", path.string());
        }
    }

    const auto home = std::filesystem::absolute(directory) / directory_name(own);
    TrustFiles files{home / "ca-bundle.pem", home / "truststore.p12", home / "php",
                     home / "node-connect.cjs", std::move(own)};
    std::string inputs(kFormat);
    inputs += files.bundle.string() + authority;
    for (const std::string& text : texts) inputs += digest(text);
    const std::string first_line = std::string(kMark) + digest(inputs);

    make_private_directory(home);
    const DirectoryLock lock(home);
    make_private_directory(files.php);
    if (is_written(files, first_line)) return files;
    Collection roots;
    roots.add_authority(authority);
    for (const std::string& text : texts) roots.add(text);
    write_private_file(files.php / "wxpay-sandbox.ini", php_ini(files.bundle));
    write_private_file(files.node, node_connect());
    write_private_file(files.java_store, make_java_store(roots.all()));
    // The last one: it says that the others are there.
    std::string bundle = first_line + "\n";
    for (const std::string& pem : roots.all()) bundle += pem;
    write_private_file(files.bundle, bundle);
    return files;
}

std::string make_java_store(const std::vector<std::string>& certificates) {
    const ObjectPtr any_usage(OBJ_txt2obj("2.5.29.37.0", 1));
    const SafeBagsPtr bags(sk_PKCS12_SAFEBAG_new_null());
    want(any_usage && bags);
    for (std::size_t i = 0; i < certificates.size(); ++i) {
        // An alias is only a number: names of authorities are not unique.
        SafeBagPtr bag =
            trusted_bag(certificates[i], fmt::format("wxpay-sandbox-{}", i), *any_usage);
        want(sk_PKCS12_SAFEBAG_push(bags.get(), bag.get()) > 0);
        static_cast<void>(bag.release());
    }
    constexpr int kInTheClear = -1;
    STACK_OF(PKCS7)* packed = nullptr;
    const bool done = PKCS12_add_safe(&packed, bags.get(), kInTheClear, 0, nullptr) == 1;
    const SafesPtr safes(packed);
    want(done);
    constexpr int kIterations = 2048;
    const Pkcs12Ptr store(PKCS12_add_safes(safes.get(), 0));
    // SHA-1, for that Java 8 reads; OpenSSL's own choice needs a later one.
    want(store && PKCS12_set_mac(store.get(), kTrustStorePassword, -1, nullptr, 0, kIterations,
                                 EVP_sha1()) == 1);
    const BioPtr out(BIO_new(BIO_s_mem()));
    want(i2d_PKCS12_bio(out.get(), store.get()) == 1);
    return std::string(written(out.get()));
}

}  // namespace wxpay::sandbox
