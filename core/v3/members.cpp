#include "core/v3/members.hpp"

#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

namespace wxpay::v3 {
namespace {

Failure<Error> missing(const char* what, const char* name) {
    return Failure{Error{Errc::missing_field, std::string("no ") + what + " " + name, name}};
}
Failure<Error> invalid(const char* name, const char* what) {
    return Failure{Error{Errc::invalid_value, std::string(name) + " " + what, name}};
}

/// Null for what counts as absent.
const nlohmann::json* find(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

Result<std::string> text_member(const nlohmann::json& object, const char* name) {
    const nlohmann::json* const found = find(object, name);
    if (found == nullptr) return std::string();
    if (!found->is_string()) return missing("text", name);
    return found->get<std::string>();
}

Result<std::string> needed_text(const nlohmann::json& object, const char* name) {
    WXPAY_TRY(std::string out, text_member(object, name));
    if (out.empty()) return missing("text", name);
    return out;
}

Result<std::optional<Fen>> fen_member(const nlohmann::json& object, const char* name) {
    const nlohmann::json* const found = find(object, name);
    if (found == nullptr) return std::optional<Fen>();
    if (!found->is_number_unsigned() || *found > std::uint64_t{INT64_MAX})
        return invalid(name, "is not an amount in fen");
    return std::optional(Fen{found->get<std::int64_t>()});
}

Result<Fen> needed_fen(const nlohmann::json& object, const char* name) {
    WXPAY_TRY(const std::optional<Fen> out, fen_member(object, name));
    if (!out) return missing("amount", name);
    return *out;
}

Result<std::optional<Instant>> time_member(const nlohmann::json& object, const char* name) {
    WXPAY_TRY(const std::string text, text_member(object, name));
    if (text.empty()) return std::optional<Instant>();
    const auto at = parse_rfc3339(text);
    if (!at) return invalid(name, "is not an RFC 3339 time");
    return at;
}

const nlohmann::json& object_member(const nlohmann::json& object, const char* name) {
    static const nlohmann::json kNone = nlohmann::json::object();
    const nlohmann::json* const found = find(object, name);
    return found != nullptr && found->is_object() ? *found : kNone;
}

Result<nlohmann::json> parse_object(std::string_view text) {
    WXPAY_TRY(nlohmann::json json, parse_json(text));
    if (!json.is_object()) return Failure{Error{Errc::malformed, "not a JSON object"}};
    return json;
}

}  // namespace wxpay::v3
