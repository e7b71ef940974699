#include "core/v3/notification.hpp"

#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"

namespace wxpay::v3 {
namespace {

constexpr std::string_view kResourceType = "encrypt-resource";

Failure<Error> missing(const char* name) {
    return Failure{Error{Errc::missing_field, std::string("no text ") + name, name}};
}

/// Absent and null are the same, and the same as "".
Result<std::string> text(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return std::string();
    if (!found->is_string()) return missing(name);
    return found->get<std::string>();
}

Result<std::string> needed(const nlohmann::json& object, const char* name) {
    WXPAY_TRY(std::string out, text(object, name));
    if (out.empty()) return missing(name);
    return out;
}

Result<void> demand(const nlohmann::json& object, const char* name, std::string_view wanted) {
    WXPAY_TRY(const std::string said, needed(object, name));
    if (said == wanted) return {};
    return Failure{
        Error{Errc::invalid_value, std::string(name) + " is not " + std::string(wanted), name}};
}

}  // namespace

std::string render_notification(const Notification& notification) {
    const Resource& resource = notification.resource;
    return dump_json(nlohmann::ordered_json{{"id", notification.id},
                                            {"create_time", notification.create_time},
                                            {"resource_type", kResourceType},
                                            {"event_type", notification.event_type},
                                            {"summary", notification.summary},
                                            {"resource",
                                             {{"original_type", resource.original_type},
                                              {"algorithm", kResourceAlgorithm},
                                              {"ciphertext", resource.ciphertext},
                                              {"associated_data", resource.associated_data},
                                              {"nonce", resource.nonce}}}});
}

Result<Notification> parse_notification(std::string_view body) {
    WXPAY_TRY(const nlohmann::json json, parse_json(body));
    if (!json.is_object()) return Failure{Error{Errc::malformed, "not a JSON object"}};
    Notification out;
    WXPAY_TRY(out.id, needed(json, "id"));
    WXPAY_TRY(out.create_time, needed(json, "create_time"));
    WXPAY_TRY(out.event_type, needed(json, "event_type"));
    WXPAY_TRY(out.summary, text(json, "summary"));
    WXPAY_CHECK(demand(json, "resource_type", kResourceType));
    const auto resource = json.find("resource");
    if (resource == json.end() || !resource->is_object()) {
        return Failure{Error{Errc::missing_field, "no object resource", "resource"}};
    }
    WXPAY_CHECK(demand(*resource, "algorithm", kResourceAlgorithm));
    WXPAY_TRY(out.resource.original_type, text(*resource, "original_type"));
    WXPAY_TRY(out.resource.ciphertext, needed(*resource, "ciphertext"));
    WXPAY_TRY(out.resource.associated_data, text(*resource, "associated_data"));
    WXPAY_TRY(out.resource.nonce, needed(*resource, "nonce"));
    return out;
}

}  // namespace wxpay::v3
