#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace wxpay {

/// Whether UTF-8 text has only characters that XML allows: no controls but tab, LF and CR, no
/// U+FFFE, no U+FFFF.
bool has_only_xml_characters(std::string_view utf8);

/// The character that "&…;" stands for, given what is between the two: one of XML's own five
/// entities, or the number of a character that XML allows. Nothing for anything else.
std::optional<std::uint32_t> xml_reference(std::string_view name);

}  // namespace wxpay
