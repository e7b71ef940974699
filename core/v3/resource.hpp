#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace wxpay::v3 {

/// What is encrypted under the APIv3 key: a callback's resource, a platform certificate.
struct Resource {
    std::string original_type;    ///< "transaction", "refund", …; certificates have none
    std::string ciphertext;       ///< base64 of the cipher text and its tag
    std::string associated_data;  ///< may be empty
    std::string nonce;            ///< 12 characters
};

inline constexpr std::string_view kResourceAlgorithm = "AEAD_AES_256_GCM";

/// key  the APIv3 key, 32 bytes
Resource seal(const Secret& key, std::string_view original_type, std::string_view associated_data,
              std::string_view nonce, std::string_view plain);
/// The plain text. invalid_value: the key has not 32 bytes; malformed: no base64;
/// signature_mismatch: another key, or something was changed.
Result<std::string> unseal(const Secret& key, const Resource& resource);

}  // namespace wxpay::v3
