#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/secret.hpp"

namespace wxpay {

/// AEAD_AES_256_GCM as V3 uses it. key: 32 bytes; nonce: 12 bytes; associated: may be empty.
/// Returns the cipher text with its tag of 16 bytes behind it (not base64). A context is kept per
/// thread, so that the next call with the same key is cheap.
/// source  [A] V3: how certificates and callbacks are decrypted (gitbook of wechatpay-api-v3)
std::string aes256_gcm_encrypt(const Secret& key, std::string_view nonce,
                               std::string_view associated, std::string_view plain);
/// Nothing when anything is wrong: key, nonce, associated data, or a single bit; also for a key
/// that has not 32 bytes or a nonce that has not 12.
std::optional<std::string> aes256_gcm_decrypt(const Secret& key, std::string_view nonce,
                                              std::string_view associated, std::string_view cipher);

}  // namespace wxpay
