#include "core/codec/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace wxpay {
namespace {

constexpr bool continues(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

/// The length of the character that starts at `p`, 0 when there is none.
std::size_t character(const unsigned char* p, std::size_t left) {
    const unsigned char lead = p[0];
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return left >= 2 && continues(p[1]) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (left < 3 || !continues(p[1]) || !continues(p[2])) return 0;
        if (lead == 0xE0 && p[1] < 0xA0) return 0;  // an overlong form
        if (lead == 0xED && p[1] > 0x9F) return 0;  // a surrogate
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (left < 4 || !continues(p[1]) || !continues(p[2]) || !continues(p[3])) return 0;
        if (lead == 0xF0 && p[1] < 0x90) return 0;
        if (lead == 0xF4 && p[1] > 0x8F) return 0;
        return 4;
    }
    return 0;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
    const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
    std::size_t left = bytes.size();
    while (left > 0) {
        std::uint64_t eight = 0;
        if (left >= sizeof eight) {  // most of a message is ASCII: eight bytes at a time
            std::memcpy(&eight, p, sizeof eight);
            if ((eight & 0x8080808080808080U) == 0) {
                p += sizeof eight;
                left -= sizeof eight;
                continue;
            }
        }
        const std::size_t length = character(p, left);
        if (length == 0) return false;
        p += length;
        left -= length;
    }
    return true;
}

std::size_t encode_utf8(std::uint32_t code_point, char* out) {
    const auto low_six = [code_point](unsigned shift) {
        return static_cast<char>(0x80U | ((code_point >> shift) & 0x3FU));
    };
    if (code_point < 0x80) {
        out[0] = static_cast<char>(code_point);
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = static_cast<char>(0xC0U | code_point >> 6U);
        out[1] = low_six(0);
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = static_cast<char>(0xE0U | code_point >> 12U);
        out[1] = low_six(6);
        out[2] = low_six(0);
        return 3;
    }
    out[0] = static_cast<char>(0xF0U | code_point >> 18U);
    out[1] = low_six(12);
    out[2] = low_six(6);
    out[3] = low_six(0);
    return 4;
}

std::size_t utf8_length(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return !continues(static_cast<unsigned char>(c));
    }));
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end > 0 && continues(static_cast<unsigned char>(text[end]))) --end;
    return text.substr(0, end);
}

}  // namespace wxpay
