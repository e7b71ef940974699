#include "core/crypto/aes.hpp"

#include <memory>
#include <stdexcept>

#include <openssl/evp.h>

#include "core/base/assert.hpp"

namespace wxpay {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kBlock = 16;

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string aes256_ecb_encrypt(std::string_view key, std::string_view plain) {
    WXPAY_ASSERT(key.size() == kKeySize);
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
        EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    std::string out(plain.size() + kBlock, '\0');
    auto* const to = reinterpret_cast<unsigned char*>(out.data());
    int size = 0;
    int rest = 0;
    if (!context ||
        EVP_EncryptInit_ex(context.get(), EVP_aes_256_ecb(), nullptr, bytes(key), nullptr) != 1 ||
        EVP_EncryptUpdate(context.get(), to, &size, bytes(plain), static_cast<int>(plain.size())) !=
            1 ||
        EVP_EncryptFinal_ex(context.get(), to + size, &rest) != 1) {
        throw std::runtime_error("OpenSSL does not encrypt by AES-256-ECB");
    }
    out.resize(static_cast<std::size_t>(size) + static_cast<std::size_t>(rest));
    return out;
}

}  // namespace wxpay
