#include "core/crypto/aes.hpp"

#include <memory>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/base/assert.hpp"
#include "core/crypto/openssl.hpp"

namespace wxpay {
namespace {

using openssl::bytes;

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kBlock = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

}  // namespace

std::string aes256_ecb_encrypt(std::string_view key, std::string_view plain) {
    WXPAY_ASSERT(key.size() == kKeySize);
    const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
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

std::optional<std::string> aes256_ecb_decrypt(std::string_view key, std::string_view cipher) {
    WXPAY_ASSERT(key.size() == kKeySize);
    if (cipher.empty() || cipher.size() % kBlock != 0) return std::nullopt;
    const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    std::string out(cipher.size() + kBlock, '\0');
    auto* const to = reinterpret_cast<unsigned char*>(out.data());
    int size = 0;
    int rest = 0;
    if (!context ||
        EVP_DecryptInit_ex(context.get(), EVP_aes_256_ecb(), nullptr, bytes(key), nullptr) != 1 ||
        EVP_DecryptUpdate(context.get(), to, &size, bytes(cipher),
                          static_cast<int>(cipher.size())) != 1) {
        throw std::runtime_error("OpenSSL does not decrypt by AES-256-ECB");
    }
    if (EVP_DecryptFinal_ex(context.get(), to + size, &rest) != 1) {
        ERR_clear_error();  // a wrong padding is the sender's fault, not the next caller's
        return std::nullopt;
    }
    out.resize(static_cast<std::size_t>(size) + static_cast<std::size_t>(rest));
    return out;
}

}  // namespace wxpay
