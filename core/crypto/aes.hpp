#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wxpay {

/// AES-256-ECB with PKCS#7 padding: what V2 encrypts refund notifications by. `key` has 32 bytes.
std::string aes256_ecb_encrypt(std::string_view key, std::string_view plain);
/// Nothing when it is no such cipher text, or one under another key. That something comes out is no
/// proof of the key: one wrong key in 256 gives a padding by chance.
std::optional<std::string> aes256_ecb_decrypt(std::string_view key, std::string_view cipher);

}  // namespace wxpay
