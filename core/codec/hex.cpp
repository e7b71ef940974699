#include "core/codec/hex.hpp"

namespace wxpay {

void append_hex(std::string& out, std::span<const unsigned char> bytes, HexCase letters) {
    const char* const digits = letters == HexCase::upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const std::size_t start = out.size();
    out.resize(start + 2 * bytes.size());
    char* to = out.data() + start;
    for (const unsigned char byte : bytes) {
        *to++ = digits[byte >> 4U];
        *to++ = digits[byte & 15U];
    }
}

}  // namespace wxpay
