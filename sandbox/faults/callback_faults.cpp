#include "sandbox/faults/callback_faults.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/codec/xml.hpp"
#include "core/v2/message.hpp"
#include "core/v2/refund_notification.hpp"
#include "core/v2/sign.hpp"

#include "sandbox/faults/corrupt.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::size_t kHmacDigits = 64;

struct Field {
    std::string name;
    std::string value;
    bool bare;  ///< written without CDATA
};

std::vector<Field> fields_of(const XmlMessage& message, std::string_view bytes) {
    std::vector<Field> out;
    for (const FieldView& field : message.fields()) {
        const std::string name(field.name);
        const std::string value(field.value);
        const bool bare = !value.empty() && value.find_first_not_of("0123456789") == value.npos &&
                          bytes.find("<" + name + ">" + value + "</") != bytes.npos;
        out.push_back({name, value, bare});
    }
    return out;
}

void apply(const std::vector<Effect::Change>& changes, std::vector<Field>& fields) {
    for (const Effect::Change& change : changes) {
        const auto named = [&](const Field& field) { return field.name == change.name; };
        if (std::holds_alternative<std::monostate>(change.value)) {
            std::erase_if(fields, named);
            continue;
        }
        auto found = std::find_if(fields.begin(), fields.end(), named);
        if (found == fields.end())
            found = fields.insert(fields.end(), {change.name, {}, change.value.index() == 2});
        if (const auto* const text = std::get_if<std::string>(&change.value)) {
            found->value = *text;
            found->bare = false;
        } else {
            found->value = std::to_string(std::get<std::int64_t>(change.value));
        }
    }
}

v2::Message message_of(const std::vector<Field>& fields) {
    v2::Message out;
    for (const Field& field : fields) {
        if (field.bare) {
            out.number(field.name, std::stoll(field.value));
        } else {
            out.text(field.name, field.value);
        }
    }
    return out;
}

/// A message that carries its sign.
std::string spoiled_signed(const XmlMessage& message, const std::string& body, const Effect& effect,
                           const Secret& key) {
    if (effect.kind == Effect::Kind::corrupt_sign) return with_wrong_sign(body);
    const std::string sign(message.get("sign"));
    std::vector<Field> fields = fields_of(message, body);
    apply(effect.changes, fields);
    if (effect.kind == Effect::Kind::forge) return message_of(fields).sort().render();
    std::erase_if(fields, [](const Field& field) { return field.name == "sign"; });
    const auto type = sign.size() == kHmacDigits ? v2::SignType::hmac_sha256 : v2::SignType::md5;
    return message_of(fields).sign(key, type).sort().render();
}

std::string rendered_inner(const std::vector<Field>& fields) {
    std::string out = "<root>\n";
    for (const Field& field : fields) {
        out.append("<").append(field.name).append(">");
        append_cdata(out, field.value);
        out.append("</").append(field.name).append(">\n");
    }
    return out + "</root>";
}

std::string spoiled_refund(const XmlMessage& message, const std::string& body, const Effect& effect,
                           const Secret& key) {
    const std::string req_info(message.get("req_info"));
    const auto plain = v2::decrypt_req_info(req_info, key);
    const std::size_t at = body.find(req_info);
    if (!plain || at == std::string::npos) return body;
    const auto inner = XmlMessage::parse(*plain);
    if (!inner) return body;
    std::vector<Field> fields = fields_of(*inner, *plain);
    apply(effect.changes, fields);
    const Secret another("00000000000000000000000000000000");
    std::string out = body;
    return out.replace(at, req_info.size(),
                       v2::encrypt_req_info(rendered_inner(fields),
                                            effect.kind == Effect::Kind::tamper ? key : another));
}

}  // namespace

std::string spoiled_callback(const std::string& body, const Effect& effect, const Secret& key) {
    const bool changes_it = effect.kind == Effect::Kind::tamper ||
                            effect.kind == Effect::Kind::forge ||
                            effect.kind == Effect::Kind::corrupt_sign;
    if (!changes_it) return body;
    const auto message = XmlMessage::parse(body);
    if (!message) return body;
    return message->get("req_info").empty() ? spoiled_signed(*message, body, effect, key)
                                            : spoiled_refund(*message, body, effect, key);
}

bool decides_the_attempt(const Effect& effect) {
    return effect.kind == Effect::Kind::lose || effect.kind == Effect::Kind::drop_after ||
           effect.kind == Effect::Kind::http_status || cuts_the_callback(effect);
}

bool cuts_the_callback(const Effect& effect) {
    return effect.kind == Effect::Kind::drop_before || effect.kind == Effect::Kind::truncate;
}

http::Outcome spoiled_answer(http::Outcome outcome, const Effect& effect) {
    if (outcome.kind != http::Outcome::Kind::answered) return outcome;
    if (effect.kind == Effect::Kind::http_status) outcome.response.status = effect.http_status;
    if (effect.kind == Effect::Kind::drop_after) {
        outcome.kind = http::Outcome::Kind::unreachable;
        outcome.response = {};
        outcome.reason = "the connection was cut off before the answer came";
    }
    return outcome;
}

}  // namespace wxpay::sandbox
