#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wxpay {

/// Whether the bytes are UTF-8: shortest forms only, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes);

/// The number of characters (code points) in UTF-8 text.
std::size_t utf8_length(std::string_view text);

/// The longest prefix of at most `bytes_max` bytes that does not cut a character.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

/// Writes a code point's 1 to 4 bytes to `out` and returns how many. For anything but a surrogate
/// up to U+10FFFF.
std::size_t encode_utf8(std::uint32_t code_point, char* out);

}  // namespace wxpay
