#pragma once

#include <string>
#include <string_view>

namespace wxpay {

/// AES-256-ECB with PKCS#7 padding: what V2 encrypts refund notifications by. `key` has 32 bytes.
std::string aes256_ecb_encrypt(std::string_view key, std::string_view plain);

}  // namespace wxpay
