#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wxpay {

/// Standard base64 with padding, no line breaks.
std::string base64_encode(std::span<const unsigned char> bytes);
/// The bytes of what base64_encode() writes, and of nothing else: no blanks, no missing padding, no
/// second spelling of the same bytes.
std::optional<std::string> base64_decode(std::string_view text);
/// The url-safe alphabet ('-', '_'), without padding.
std::string base64url_encode(std::span<const unsigned char> bytes);

}  // namespace wxpay
