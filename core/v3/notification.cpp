#include "core/v3/notification.hpp"

#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"
#include "core/v3/members.hpp"

namespace wxpay::v3 {
namespace {

constexpr std::string_view kResourceType = "encrypt-resource";

Result<void> demand(const nlohmann::json& object, const char* name, std::string_view wanted) {
    WXPAY_TRY(const std::string said, needed_text(object, name));
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
    WXPAY_TRY(const nlohmann::json json, parse_object(body));
    Notification out;
    WXPAY_TRY(out.id, needed_text(json, "id"));
    WXPAY_TRY(out.create_time, needed_text(json, "create_time"));
    WXPAY_TRY(out.event_type, needed_text(json, "event_type"));
    WXPAY_TRY(out.summary, text_member(json, "summary"));
    WXPAY_CHECK(demand(json, "resource_type", kResourceType));
    const nlohmann::json& resource = object_member(json, "resource");
    if (resource.empty())
        return Failure{Error{Errc::missing_field, "no object resource", "resource"}};
    WXPAY_CHECK(demand(resource, "algorithm", kResourceAlgorithm));
    WXPAY_TRY(out.resource.original_type, text_member(resource, "original_type"));
    WXPAY_TRY(out.resource.ciphertext, needed_text(resource, "ciphertext"));
    WXPAY_TRY(out.resource.associated_data, text_member(resource, "associated_data"));
    WXPAY_TRY(out.resource.nonce, needed_text(resource, "nonce"));
    return out;
}

}  // namespace wxpay::v3
