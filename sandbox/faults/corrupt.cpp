#include "sandbox/faults/corrupt.hpp"

#include "core/codec/xml.hpp"

namespace wxpay::sandbox {

std::string with_wrong_sign(std::string_view message) {
    std::string out(message);
    const auto read = XmlMessage::parse(message);
    if (!read || read->get("sign").empty()) return out;
    // With its value, so that no text of another element passes for it.
    const std::string opening = "<sign><![CDATA[";
    const std::string sign(read->get("sign"));
    const std::size_t at = out.find(opening + sign + "]]></sign>");
    if (at == std::string::npos) return out;
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    for (std::size_t i = at + opening.size(); i < at + opening.size() + sign.size(); ++i) {
        const std::size_t digit = kDigits.find(out[i]);
        if (digit != std::string_view::npos) out[i] = kDigits[(digit + 1) % kDigits.size()];
    }
    return out;
}

std::string with_wrong_letters(std::string_view base64) {
    std::string out(base64);
    for (char& c : out) {
        if (c >= 'a' && c <= 'z') {
            c = c == 'z' ? 'a' : static_cast<char>(c + 1);
        } else if (c >= 'A' && c <= 'Z') {
            c = c == 'Z' ? 'A' : static_cast<char>(c + 1);
        }
    }
    return out;
}

}  // namespace wxpay::sandbox
