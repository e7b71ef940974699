#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace wxpay::sandbox {

/// PEM files with the authorities that clients trust besides the TLS listener's: the variables and
/// stores that make a client trust ours mostly replace its list.
struct OtherRoots {
    std::filesystem::path system;            ///< empty: none
    std::vector<std::filesystem::path> own;  ///< those that the user has named by variables
};

/// Makes clients of every kind reach the TLS listener, and trust it as well as whom they trusted
/// before. Absolute paths.
struct TrustFiles {
    std::filesystem::path bundle;      ///< ca-bundle.pem
    std::filesystem::path java_store;  ///< truststore.p12; opens with kTrustStorePassword
    std::filesystem::path php;         ///< a directory with an ini file, for PHP_INI_SCAN_DIR
    /// node-connect.cjs, for Node's --require: most of its clients know no proxy, so it leads their
    /// connections to WeChat's hosts to WXPAY_SANDBOX_HTTPS_URL.
    std::filesystem::path node;
    std::vector<std::filesystem::path> own_roots;  ///< of the user's files, those that are in them
};

/// There is nothing to keep secret: a trust store without a password is one that Java cannot check.
inline constexpr const char* kTrustStorePassword = "changeit";

/// Where this system keeps its list of authorities; empty when it has none.
std::filesystem::path system_roots();

/// Writes them below `directory`, a private one; what is there already and made of the same roots
/// stays. A file that cannot be read is left out with a warning in the log. Safe when several
/// processes do it at once. Throws std::runtime_error when they cannot be written.
TrustFiles write_trust_files(const std::filesystem::path& directory, const std::string& authority,
                             const OtherRoots& others);

/// As many certificates as Java's own list has, with the attribute by which it trusts them: a
/// PKCS #12 store in the clear, for none of it is secret. `certificates` are PEM.
std::string make_java_store(const std::vector<std::string>& certificates);

}  // namespace wxpay::sandbox
