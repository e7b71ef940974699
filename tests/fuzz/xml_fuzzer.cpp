// Any bytes to the XML reader. What it refuses must carry one of its own errors; what it takes must
// be a flat message in which another parser, pugixml, reads the same, and which survives being
// written, read and signed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pugixml.hpp>

#include "core/base/assert.hpp"
#include "core/codec/utf8.hpp"
#include "core/codec/xml.hpp"
#include "core/v2/message.hpp"
#include "core/v2/notification.hpp"
#include "core/v2/sign.hpp"

namespace {

using wxpay::Errc;
using wxpay::FieldView;
using wxpay::XmlMessage;
namespace v2 = wxpay::v2;

bool refused_with(std::string_view bytes, wxpay::XmlLimits limits, Errc code) {
    const auto message = XmlMessage::parse(bytes, limits);
    return !message && message.error().code == code;
}

void check_refusal(const wxpay::Error& error) {
    WXPAY_ASSERT(error.code == Errc::malformed || error.code == Errc::not_utf8 ||
                 error.code == Errc::too_large);
    WXPAY_ASSERT(!error.detail.empty() && wxpay::is_utf8(error.detail));
    WXPAY_ASSERT(error.detail.size() <
                 300);  // it goes to people; a peer must not choose its length
}

void check_fields(const XmlMessage& message) {
    std::set<std::string_view> names;
    for (const FieldView& field : message.fields()) {
        WXPAY_ASSERT(!field.name.empty() && names.insert(field.name).second);
        WXPAY_ASSERT(wxpay::is_utf8(field.name) && wxpay::is_utf8(field.value));
        WXPAY_ASSERT(std::all_of(field.value.begin(), field.value.end(), [](char c) {
            return static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r';
        }));
        WXPAY_ASSERT(message.find(field.name) == field.value);
    }
    WXPAY_ASSERT(!message.find("no such element"));
}

std::string text_of(const pugi::xml_node& element) {
    std::string out;
    for (const pugi::xml_node& piece : element.children()) {
        WXPAY_ASSERT(piece.type() == pugi::node_pcdata || piece.type() == pugi::node_cdata);
        out += piece.value();
    }
    return out;
}

void check_against_pugixml(std::string_view bytes, const XmlMessage& message) {
    pugi::xml_document document;
    constexpr unsigned kFlags = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol |
                                pugi::parse_ws_pcdata | pugi::parse_doctype;
    WXPAY_ASSERT(document.load_buffer(bytes.data(), bytes.size(), kFlags, pugi::encoding_utf8));
    std::size_t at = 0;
    for (const pugi::xml_node& element : document.document_element().children()) {
        if (element.type() != pugi::node_element) {
            WXPAY_ASSERT(std::string_view(element.value()).find_first_not_of(" \t\r\n") ==
                         std::string_view::npos);
            continue;
        }
        WXPAY_ASSERT(at < message.fields().size());
        const FieldView& field = message.fields()[at++];
        WXPAY_ASSERT(field.name == element.name() && field.value == text_of(element));
    }
    WXPAY_ASSERT(at == message.fields().size());
}

void check_written_again(const XmlMessage& message) {
    v2::Message copy;
    for (const FieldView& field : message.fields()) copy.text(field.name, field.value);
    const std::vector<FieldView> written = copy.fields();
    const auto again = XmlMessage::parse(copy.render(), {.bytes_max = 64 * 1024});
    WXPAY_ASSERT(again.has_value());
    WXPAY_ASSERT(std::ranges::equal(again->fields(), written));
}

void check_signature(const XmlMessage& message) {
    const wxpay::Secret key("192006250b4c09247ec02edce69f6a2d");
    std::vector<FieldView> backwards(message.fields().begin(), message.fields().end());
    std::ranges::reverse(backwards);
    for (const auto type : {v2::SignType::md5, v2::SignType::hmac_sha256}) {
        const std::string signature = v2::sign(message.fields(), key, type);
        WXPAY_ASSERT(v2::verify(backwards, signature, key, type));
        WXPAY_ASSERT(!v2::verify(backwards, signature.substr(1), key, type));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    auto parsed = XmlMessage::parse(bytes);
    const wxpay::Secret key("k");
    static_cast<void>(v2::parse_payment_notification(bytes, key, v2::SignType::md5));
    if (!parsed) {
        check_refusal(parsed.error());
        return 0;
    }
    const XmlMessage message = std::move(*parsed);
    const std::size_t count = message.fields().size();
    check_fields(message);
    check_against_pugixml(bytes, message);
    check_written_again(message);
    check_signature(message);
    WXPAY_ASSERT(refused_with(bytes, {.bytes_max = size - 1}, Errc::too_large));
    WXPAY_ASSERT(count == 0 || refused_with(bytes, {.elements_max = count - 1}, Errc::too_large));
    return 0;
}
