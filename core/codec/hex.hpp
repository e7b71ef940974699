#pragma once

#include <span>
#include <string>

namespace wxpay {

enum class HexCase { lower, upper };

/// Appends two hex digits for each byte.
void append_hex(std::string& out, std::span<const unsigned char> bytes, HexCase letters);

}  // namespace wxpay
