#include "core/codec/xml_characters.hpp"

#include <charconv>

namespace wxpay {
namespace {

constexpr bool is_control(char c) {
    return c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r';
}

constexpr bool is_xml_character(std::uint32_t c) {
    if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
    return c <= 0xD7FF || (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

}  // namespace

bool has_only_xml_characters(std::string_view utf8) {
    // Counts without a way out of the loop, so that the compiler takes many bytes at a time.
    std::uint32_t controls = 0;
    for (const char c : utf8) controls += is_control(c) ? 1U : 0U;
    if (controls != 0) return false;
    for (std::size_t at = 0; (at = utf8.find("\xEF\xBF", at)) != std::string_view::npos; ++at) {
        if (static_cast<unsigned char>(utf8[at + 2]) > 0xBD) return false;  // U+FFFE, U+FFFF
    }
    return true;
}

std::optional<std::uint32_t> xml_reference(std::string_view name) {
    if (name == "amp") return '&';
    if (name == "lt") return '<';
    if (name == "gt") return '>';
    if (name == "quot") return '"';
    if (name == "apos") return '\'';
    if (!name.starts_with('#')) return std::nullopt;
    const bool hex = name.starts_with("#x");
    const std::string_view digits = name.substr(hex ? 2 : 1);
    const char* const end = digits.data() + digits.size();
    std::uint32_t value = 0;
    const auto [stop, problem] = std::from_chars(digits.data(), end, value, hex ? 16 : 10);
    if (problem != std::errc{} || stop != end || !is_xml_character(value)) return std::nullopt;
    return value;
}

}  // namespace wxpay
