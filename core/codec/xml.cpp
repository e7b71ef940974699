#include "core/codec/xml.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "core/codec/utf8.hpp"

namespace wxpay {
namespace {

Failure<Error> malformed(std::string detail) {
    return Failure{Error{Errc::malformed, std::move(detail)}};
}

constexpr bool is_control(char c) {
    return c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r';
}

bool has_control_character(std::string_view text) {
    std::size_t at = 0;
    for (std::uint64_t eight = 0; text.size() - at >= sizeof eight; at += sizeof eight) {
        std::memcpy(&eight, text.data() + at, sizeof eight);
        // Sets the top bit of each byte that is below 0x20; most eights have none.
        const std::uint64_t low = (eight - 0x2020202020202020U) & ~eight & 0x8080808080808080U;
        const std::string_view part = text.substr(at, sizeof eight);
        if (low != 0 && std::any_of(part.begin(), part.end(), is_control)) return true;
    }
    const std::string_view rest = text.substr(at);
    return std::any_of(rest.begin(), rest.end(), is_control);
}

constexpr bool is_xml_character(std::uint32_t c) {
    if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
    return c <= 0xD7FF || (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// `digits` of &#…; or &#x…; as a character that XML allows.
bool is_character_number(std::string_view digits) {
    unsigned base = 10;
    if (!digits.empty() && digits.front() == 'x') {
        base = 16;
        digits.remove_prefix(1);
    }
    if (digits.empty() || digits.size() > 8) return false;
    std::uint32_t value = 0;
    for (const char c : digits) {
        unsigned digit = 16;
        if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
        if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
        if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
        if (digit >= base) return false;
        value = value * base + digit;
        if (value > 0x10FFFF) return false;
    }
    return is_xml_character(value);
}

/// The first reference that is neither one of the five entities nor a number of a character; empty
/// when all are fine. pugixml would leave it in the text as it stands. Only text counts: not CDATA,
/// comments or instructions.
std::string_view bad_reference(std::string_view xml) {
    if (xml.find('&') == std::string_view::npos) return {};  // as in most messages
    std::size_t at = 0;
    while ((at = xml.find_first_of("<&", at)) != std::string_view::npos) {
        const std::string_view rest = xml.substr(at);
        const auto skip_past = [&](std::string_view end) {
            const std::size_t found = xml.find(end, at);
            at = found == std::string_view::npos ? xml.size() : found + end.size();
        };
        if (rest.starts_with("<![CDATA[")) {
            skip_past("]]>");
        } else if (rest.starts_with("<!--")) {
            skip_past("-->");
        } else if (rest.starts_with("<?")) {
            skip_past("?>");
        } else if (rest.front() == '<') {
            ++at;
        } else {
            const std::size_t end = rest.find(';');
            const std::string_view name =
                end == std::string_view::npos ? std::string_view{} : rest.substr(1, end - 1);
            const bool known = name == "amp" || name == "lt" || name == "gt" || name == "quot" ||
                               name == "apos" ||
                               (name.starts_with('#') && is_character_number(name.substr(1)));
            if (!known) return utf8_prefix(rest, 16);
            at += end + 1;
        }
    }
    return {};
}

constexpr bool is_text(pugi::xml_node_type type) {
    return type == pugi::node_pcdata || type == pugi::node_cdata;
}

/// Joins the pieces of an element's text (text, CDATA, text …) to one value. They lie behind one
/// another in the buffer that pugixml decoded in place, so moving each to the end of the one before
/// needs no other memory.
Result<std::string_view> text_of(pugi::xml_node element) {
    char* start = nullptr;
    std::size_t size = 0;
    for (pugi::xml_node piece = element.first_child(); piece; piece = piece.next_sibling()) {
        if (piece.type() == pugi::node_element) {
            return malformed(
                fmt::format("<{}> holds another element, <{}>", element.name(), piece.name()));
        }
        if (!is_text(piece.type())) continue;
        // The characters are ours: pugixml parsed our own writable buffer in place.
        char* const text =
            const_cast<char*>(piece.value());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
        const std::size_t length = std::strlen(text);
        if (start == nullptr) {
            start = text;
        } else {
            std::memmove(start + size, text, length);
        }
        size += length;
    }
    return std::string_view(start == nullptr ? "" : start, size);
}

/// The one element that the document consists of.
Result<pugi::xml_node> root_of(const pugi::xml_document& document) {
    pugi::xml_node root;
    for (const pugi::xml_node& node : document.children()) {
        if (node.type() == pugi::node_doctype) return malformed("a DOCTYPE is never accepted");
        if (is_text(node.type()) && !is_blank(node.value()))
            return malformed("text outside the root element");
        if (node.type() != pugi::node_element) continue;
        if (root) return malformed("more than one root element");
        root = node;
    }
    if (!root) return malformed("no root element");
    return root;
}

}  // namespace

Result<XmlMessage> XmlMessage::parse(std::string_view bytes, const XmlLimits& limits) {
    if (bytes.size() > limits.bytes_max) {
        return Failure{Error{Errc::too_large, fmt::format("more than {} bytes", limits.bytes_max)}};
    }
    if (!is_utf8(bytes)) return Failure{Error{Errc::not_utf8, "the bytes are not UTF-8"}};
    if (has_control_character(bytes)) return malformed("a control character");
    if (const std::string_view bad = bad_reference(bytes); !bad.empty()) {
        return malformed(
            fmt::format("'{}' is neither one of the five entities nor a character reference", bad));
    }

    XmlMessage message;
    message.text_.assign(bytes.begin(), bytes.end());
    pugi::xml_document document;
    constexpr unsigned kFlags = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol |
                                pugi::parse_ws_pcdata_single | pugi::parse_doctype |
                                pugi::parse_fragment;
    const pugi::xml_parse_result parsed = document.load_buffer_inplace(
        message.text_.data(), message.text_.size(), kFlags, pugi::encoding_utf8);
    if (!parsed)
        return malformed(fmt::format("{} at byte {}", parsed.description(), parsed.offset));

    WXPAY_TRY(const pugi::xml_node root, root_of(document));
    message.fields_.reserve(32);
    for (pugi::xml_node node = root.first_child(); node; node = node.next_sibling()) {
        if (is_text(node.type()) && !is_blank(node.value()))
            return malformed("text between the elements");
        if (node.type() != pugi::node_element) continue;
        const std::string_view name = node.name();
        if (message.find(name)) return malformed(fmt::format("<{}> comes twice", name));
        if (message.fields_.size() == limits.elements_max) {
            return Failure{
                Error{Errc::too_large, fmt::format("more than {} elements", limits.elements_max)}};
        }
        WXPAY_TRY(const std::string_view value, text_of(node));
        message.fields_.push_back({name, value});
    }
    return message;
}

std::optional<std::string_view> XmlMessage::find(std::string_view name) const {
    const auto found = std::find_if(fields_.begin(), fields_.end(),
                                    [name](const FieldView& field) { return field.name == name; });
    if (found == fields_.end()) return std::nullopt;
    return found->value;
}

void append_cdata(std::string& out, std::string_view text) {
    out += "<![CDATA[";
    std::size_t from = 0;
    for (std::size_t end = text.find("]]>"); end != std::string_view::npos;
         end = text.find("]]>", from)) {
        out += text.substr(from, end + 2 - from);
        out += "]]><![CDATA[";
        from = end + 2;
    }
    out += text.substr(from);
    out += "]]>";
}

}  // namespace wxpay
