#include "sandbox/certificates/files.hpp"

#include <cstdlib>
#include <stdexcept>

#include "sandbox/certificates/issue.hpp"
#include "sandbox/certificates/private_files.hpp"

namespace wxpay::sandbox {
namespace {

MerchantFiles write(const std::filesystem::path& directory, const Merchant& merchant) {
    make_private_directory(directory);
    const Identity& identity = *merchant.certificate;
    MerchantFiles files{directory / "apiclient_cert.pem", directory / "apiclient_key.pem",
                        directory / "apiclient_cert.p12", serial_number(identity.certificate)};
    write_private_file(files.certificate, identity.certificate);
    write_private_file(files.key, identity.key.reveal());
    write_private_file(files.p12, make_p12(identity, merchant.mch_id.str()));
    return files;
}

}  // namespace

CertificateFiles write_certificate_files(const std::filesystem::path& directory,
                                         const std::string& authority, const Directory& merchants) {
    const auto absolute = std::filesystem::absolute(directory);
    make_private_directory(absolute);
    CertificateFiles files{absolute / "ca.pem", {}};
    if (!authority.empty()) write_private_file(files.ca, authority);
    const auto all = merchants.merchants();
    for (const Merchant* const each : all) {
        const Merchant& merchant = *each;
        const std::string& mch_id = merchant.mch_id.str();
        if (merchant.certificate)
            files.merchants.emplace(
                mch_id, write(each == all.front() ? absolute : absolute / mch_id, merchant));
    }
    return files;
}

std::filesystem::path user_cache_directory() {
    constexpr const char* kName = "wxpay-sandbox";
    const auto variable = [](const char* name) {
        const char* const value = std::getenv(name);
        return std::filesystem::path(value == nullptr ? "" : value);
    };
    // The XDG rules: a relative path is to be ignored.
    if (const auto cache = variable("XDG_CACHE_HOME"); cache.is_absolute()) return cache / kName;
    if (const auto home = variable("HOME"); home.is_absolute()) return home / ".cache" / kName;
    throw std::runtime_error("neither XDG_CACHE_HOME nor HOME names a directory");
}

}  // namespace wxpay::sandbox
