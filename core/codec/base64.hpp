#pragma once

#include <span>
#include <string>

namespace wxpay {

/// Standard base64 with padding, no line breaks.
std::string base64_encode(std::span<const unsigned char> bytes);
/// The url-safe alphabet ('-', '_'), without padding.
std::string base64url_encode(std::span<const unsigned char> bytes);

}  // namespace wxpay
