// Callbacks and their attempts; one more attempt on demand.
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "sandbox/control/both_ledgers.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/notify/notifier.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

Result<http::Answer, Problem> list(const Call& call) {
    NotificationFilter filter;
    filter.mch_id = call.query("mch_id").value_or("");
    filter.out_trade_no = call.query("out_trade_no").value_or("");
    if (const auto word = call.query("state")) {
        filter.state = parse_notification_state(*word);
        if (!filter.state)
            return Failure{bad_request("state is pending, delivered or exhausted", "state")};
    }
    WXPAY_TRY(const std::size_t limit, call.limit());
    WXPAY_TRY(filter.before_id, call.cursor());
    filter.limit = limit + 1;
    const auto transaction = call.context.store.begin();
    std::vector<Notification> found = from_both_ledgers(
        filter, [&](const NotificationFilter& each) { return transaction->notifications(each); });
    Json out{{"notifications", Json::array()}};
    const bool more = found.size() > limit;
    if (more) found.pop_back();
    for (const Notification& notification : found)
        out["notifications"].push_back(to_json(notification));
    if (more) out["next_cursor"] = std::to_string(found.back().id);
    return json_response(dump(out));
}

Result<Notification, Problem> named(const Call& call) {
    const std::string& text = call.arguments[0];
    std::int64_t id = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (problem == std::errc{} && end == text.data() + text.size()) {
        if (auto found = call.context.store.begin()->find_notification(id))
            return std::move(*found);
    }
    return Failure{not_found("no notification '" + text + "'")};
}

Result<http::Answer, Problem> show(const Call& call) {
    WXPAY_TRY(const Notification notification, named(call));
    return json_response(dump(to_json(notification)));
}

Result<http::Answer, Problem> resend(const Call& call) {
    WXPAY_TRY(const Notification notification, named(call));
    return attempt_now(call.context, notification.id);
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/notifications",
     .handle = list,
     .summary = "Callbacks and their attempts, newest first",
     .answer = "NotificationList",
     .query = "mch_id out_trade_no state limit cursor"},
    {.method = "GET",
     .pattern = "/_sandbox/v1/notifications/{id}",
     .handle = show,
     .summary = "One of them",
     .answer = "Notification"},
    {.method = "POST",
     .pattern = "/_sandbox/v1/notifications/{id}/resend",
     .handle = resend,
     .summary = "Delivers once more, now",
     .answer = "Notification"},
};

}  // namespace

std::span<const Route> notification_routes() { return kRoutes; }

http::Answer attempt_now(Context& context, std::int64_t notification_id) {
    return http::Later([&context, id = notification_id](const http::Reply& reply) {
        context.notifier.resend(id, [&context, id, reply](Notifier::Delivery) {
            reply_with(reply, [&context, id] {
                const auto after = context.store.begin()->find_notification(id);
                return after ? json_response(dump(to_json(*after)))
                             : problem_response(
                                   not_found("the notification is gone: the sandbox was reset"));
            });
        });
    });
}

}  // namespace wxpay::sandbox::control
