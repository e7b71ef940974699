#include "sandbox/certificates/platform_files.hpp"

#include "sandbox/certificates/private_files.hpp"
#include "sandbox/platform/platform.hpp"

namespace wxpay::sandbox {

PlatformFiles platform_files(const CertificateFiles& files) {
    const auto directory = files.ca.parent_path();
    return {directory / "platform_cert.pem", directory / "wechatpay_public_key.pem"};
}

void write_platform_files(const CertificateFiles& files, const Platform& platform) {
    const PlatformFiles paths = platform_files(files);
    write_private_file(paths.certificate, platform.first().certificate);
    write_private_file(paths.public_key, platform.public_key().key.public_key().pem());
}

}  // namespace wxpay::sandbox
