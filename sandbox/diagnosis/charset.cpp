#include "sandbox/diagnosis/charset.hpp"

#include <cstddef>
#include <iconv.h>

namespace wxpay::sandbox::diagnosis {
namespace {

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::optional<std::string> to_gbk(std::string_view utf8) {
    const iconv_t conversion = iconv_open("GBK", "UTF-8");
    // glibc's way to say that it has no such conversion.
    if (conversion == reinterpret_cast<iconv_t>(-1)) return std::nullopt;  // NOLINT
    std::string in(utf8);
    std::string out(in.size(), '\0');  // never longer than UTF-8
    char* from = in.data();
    char* to = out.data();
    std::size_t left = in.size();
    std::size_t room = out.size();
    const bool failed = iconv(conversion, &from, &left, &to, &room) == static_cast<std::size_t>(-1);
    iconv_close(conversion);
    if (failed) return std::nullopt;
    out.resize(out.size() - room);
    return out;
}

std::string to_question_marks(std::string_view utf8) {
    std::string out;
    for (const char c : utf8) {
        if (is_ascii(c)) {
            out += c;
        } else if (!is_continuation(c)) {
            out += '?';
        }
    }
    return out;
}

std::optional<std::string> to_latin1(std::string_view utf8) {
    std::string out;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        if (is_ascii(utf8[i])) {
            out += utf8[i];
            continue;
        }
        // U+0080 to U+00FF are two bytes that begin with C2 or C3.
        const auto lead = static_cast<unsigned char>(utf8[i]);
        if ((lead != 0xc2 && lead != 0xc3) || i + 1 == utf8.size()) return std::nullopt;
        const auto next = static_cast<unsigned char>(utf8[++i]);
        out += static_cast<char>(((lead & 0x03U) << 6U) | (next & 0x3fU));
    }
    return out;
}

}  // namespace wxpay::sandbox::diagnosis
