// One signed callback for an order that was made up: no order, no user, no waiting.
#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/http/url.hpp"

#include "sandbox/control/callback_fields.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/notify/made_up.hpp"
#include "sandbox/notify/notifier.hpp"

namespace wxpay::sandbox::control {
namespace {

/// An element's name of V2, a dotted one of V3.
bool is_field_name(std::string_view name, ApiVersion api) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !name.empty() && name.size() <= kWordMax && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return is_letter(c) || (c >= '0' && c <= '9') || (c == '.' && api == ApiVersion::v3);
           });
}

/// {"total_fee":1,"attach":"x","openid":null}: what the message says instead.
Result<Overrides, Problem> overrides_from(const nlohmann::json& body, ApiVersion api) {
    Overrides out;
    const auto given = body.find("override");
    if (given == body.end()) return out;
    if (!given->is_object() || given->size() > kOverridesMax) {
        return Failure{bad_request(
            fmt::format(R"(override is an object of at most {} fields, {{"total_fee":1}})",
                        kOverridesMax),
            "override")};
    }
    for (const auto& [name, value] : given->items()) {
        const bool is_value = value.is_string() || value.is_number_integer() || value.is_null();
        if (!is_field_name(name, api) || !is_value) {
            return Failure{
                bad_request("an override is a field's name and a text, an integer or null", name)};
        }
        if (value.is_null()) {
            out[name] = std::nullopt;
        } else {
            out[name] = value.is_string() ? value.get<std::string>() : value.dump();
        }
    }
    return out;
}

/// A callback to send, and what is odd about what was asked.
struct MadeUp {
    Notification notification;
    std::vector<std::string> notes;
};

std::vector<std::string> notes_on(const Overrides& overrides, NotificationKind kind,
                                  ApiVersion api) {
    std::vector<std::string> out;
    for (const auto& [name, value] : overrides)
        if (std::string note = note_on_field(name, kind, api); !note.empty())
            out.push_back(std::move(note));
    return out;
}

Result<MadeUp, Problem> made_up_from(const Call& call) {
    WXPAY_TRY(const nlohmann::json body,
              call.body({"event", "api", "notify_url", "mch_id", "override"}));
    WXPAY_TRY(const std::string event, text_member(body, "event", kWordMax));
    WXPAY_TRY(const std::string url, text_member(body, "notify_url", kUrlMax));
    WXPAY_TRY(const std::string mch_id, text_member(body, "mch_id", kWordMax));
    WXPAY_TRY(const std::string version, text_member(body, "api", kWordMax));
    if (!version.empty() && version != "v2" && version != "v3")
        return Failure{bad_request("api is v2 or v3", "api")};
    const ApiVersion api = version == "v3" ? ApiVersion::v3 : ApiVersion::v2;
    WXPAY_TRY(const Overrides overrides, overrides_from(body, api));
    if (event != "payment" && event != "refund")
        return Failure{bad_request("event is payment or refund", "event")};
    if (!http::Url::parse(url)) {
        return Failure{
            bad_request("notify_url is the http or https address of the merchant", "notify_url")};
    }
    const Directory& directory = call.context.directory;
    const Merchant* const merchant =
        mch_id.empty() ? directory.merchants().front() : directory.find_merchant(mch_id);
    if (merchant == nullptr) return Failure{bad_request("there is no such merchant", "mch_id")};
    const bool is_v3 = api == ApiVersion::v3;
    if (is_v3 && merchant->api_v3_key.empty())
        return Failure{
            bad_request("this merchant has no api_v3_key: WeChat sends it none", "mch_id")};
    const NotificationKind kind =
        event == "payment" ? NotificationKind::payment : NotificationKind::refund;
    return MadeUp{(is_v3 ? make_up_v3 : make_up)(kind, *merchant, url, overrides,
                                                 call.context.random, call.context.clock.now()),
                  notes_on(overrides, kind, api)};
}

/// The same answer, a Notification, with what is odd about it.
http::Answer with_notes(http::Later attempt, std::vector<std::string> notes) {
    return http::Later(
        [attempt = std::move(attempt), notes = std::move(notes)](const http::Reply& reply) {
            attempt([reply, notes](http::Response response) {
                auto json = nlohmann::ordered_json::parse(response.body, nullptr, false);
                if (response.status == 200 && json.is_object()) {
                    json["notes"] = notes;
                    response.body = dump(json);
                }
                reply(std::move(response));
            });
        });
}

Result<http::Answer, Problem> trigger(const Call& call) {
    WXPAY_TRY(MadeUp made_up, made_up_from(call));
    const auto transaction = call.context.store.begin();
    transaction->insert_notification(made_up.notification);
    transaction->commit();
    http::Answer attempt = attempt_now(call.context, made_up.notification.id);
    if (made_up.notes.empty()) return attempt;
    return with_notes(std::get<http::Later>(std::move(attempt)), std::move(made_up.notes));
}

constexpr Route kRoutes[] = {
    {.method = "POST",
     .pattern = "/_sandbox/v1/trigger",
     .handle = trigger,
     .summary = "One signed callback for a made-up order",
     .answer = "Notification",
     .body = "TriggerRequest"},
};

}  // namespace

std::span<const Route> trigger_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
