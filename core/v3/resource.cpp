#include "core/v3/resource.hpp"

#include <span>

#include "core/codec/base64.hpp"
#include "core/crypto/gcm.hpp"

namespace wxpay::v3 {
namespace {

constexpr std::size_t kKeySize = 32;

}  // namespace

Resource seal(const Secret& key, std::string_view original_type, std::string_view associated_data,
              std::string_view nonce, std::string_view plain) {
    const std::string cipher = aes256_gcm_encrypt(key, nonce, associated_data, plain);
    return {std::string(original_type),
            base64_encode(
                std::span(reinterpret_cast<const unsigned char*>(cipher.data()), cipher.size())),
            std::string(associated_data), std::string(nonce)};
}

Result<std::string> unseal(const Secret& key, const Resource& resource) {
    if (key.reveal().size() != kKeySize)
        return Failure{Error{Errc::invalid_value, "the APIv3 key has not 32 bytes"}};
    const auto cipher = base64_decode(resource.ciphertext);
    if (!cipher)
        return Failure{Error{Errc::malformed, "the ciphertext is not base64", "ciphertext"}};
    auto plain = aes256_gcm_decrypt(key, resource.nonce, resource.associated_data, *cipher);
    if (!plain) {
        return Failure{Error{Errc::signature_mismatch,
                             "the ciphertext was not made with this APIv3 key, nonce and "
                             "associated_data, or was changed",
                             "ciphertext"}};
    }
    return *std::move(plain);
}

}  // namespace wxpay::v3
