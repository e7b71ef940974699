// The sandbox itself: is it up, and forget everything.
#include <nlohmann/json.hpp>

#include "core/base/assert.hpp"
#include "core/codec/beijing_time.hpp"

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/faults/fault_set.hpp"
#include "sandbox/notify/notifier.hpp"
#include "sandbox/platform/platform.hpp"
#include "sandbox/timers/scheduler.hpp"
#include "sandbox/verdict/traces.hpp"
#include "sandbox/version.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

/// Requests are only served once everything is up, so whoever gets an answer may go on.
Result<http::Answer, Problem> health(const Call& call) {
    return json_response(dump(Json{{"status", "ok"},
                                   {"version", kVersion},
                                   {"now", format_rfc3339(call.context.clock.now())},
                                   {"clock", call.context.clock.mode().str()}}));
}

Result<http::Answer, Problem> reset(const Call& call) {
    WXPAY_TRY(const nlohmann::json body, call.body({"mch_id"}));
    std::string text = call.query("mch_id").value_or("");
    if (const auto member = body.find("mch_id"); member != body.end()) {
        if (!member->is_string())
            return Failure{bad_request("mch_id is a text of digits", "mch_id")};
        text = member->get<std::string>();
    }
    std::optional<MchId> mch_id;
    if (!text.empty()) {
        const auto parsed = MchId::parse(text);
        if (!parsed || is_twin(text))
            return Failure{bad_request("mch_id is 8 to 10 digits", "mch_id")};
        mch_id = *parsed;
    }
    {
        const auto transaction = call.context.store.begin();
        transaction->reset(mch_id);
        if (const auto twin = MchId::parse(twin_id(text)); twin && mch_id)
            transaction->reset(*twin);
        transaction->commit();
    }
    call.context.exchanges.clear(text);
    if (!text.empty()) call.context.exchanges.clear(twin_id(text));
    call.context.traces.clear(text, call.context.clock.now());
    call.context.faults.clear(text);
    call.context.notifier.forget_held(text);
    if (!text.empty()) call.context.notifier.forget_held(twin_id(text));
    if (text.empty()) WXPAY_ASSERT(call.context.platform.rotate({}));
    return json_response(R"({"status":"ok"})");
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/health",
     .handle = health,
     .summary = "Whether it is up",
     .answer = "Health"},
    {.method = "GET",
     .pattern = "/_sandbox/readyz",
     .handle = health,
     .summary = "Whether it is ready",
     .answer = "Health"},
    {.method = "POST",
     .pattern = "/_sandbox/v1/reset",
     .handle = reset,
     .summary = "Forgets orders, notifications, faults, exchanges and what the verdict knows",
     .answer = "Status",
     .query = "mch_id",
     .body = "ResetRequest"},
};

}  // namespace

std::span<const Route> server_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
