// Business time: look at it, change how it moves, jump.
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/events/announce.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/timers/scheduler.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

http::Response state(const Context& context) { return json_response(dump(to_json(context.clock))); }

Result<http::Answer, Problem> show(const Call& call) { return state(call.context); }

Result<http::Answer, Problem> set_mode(const Call& call) {
    WXPAY_TRY(const nlohmann::json body, call.body({"mode"}));
    const auto word = body.find("mode");
    const auto mode = word != body.end() && word->is_string()
                          ? ClockMode::parse(word->get_ref<const std::string&>())
                          : std::nullopt;
    if (!mode)
        return Failure{bad_request("mode is real, manual or xN with N from 1 to 1000000", "mode")};
    call.context.clock.set_mode(*mode);
    call.context.store.begin()->commit();  // keeps it for the next start
    call.context.scheduler.wake();
    announce_clock(call.context);
    return state(call.context);
}

/// Where the clock shall be: {"seconds":n} from now, or {"to":time}.
Result<Instant, Problem> target_from(const Call& call) {
    WXPAY_TRY(const nlohmann::json body, call.body({"seconds", "to"}));
    const Instant now = call.context.clock.now();
    const auto seconds = body.find("seconds");
    const auto to = body.find("to");
    if ((seconds == body.end()) == (to == body.end())) {
        return Failure{bad_request(
            R"(one of {"seconds":86640} and {"to":"2024-06-02T12:00:00+08:00"} is wanted)")};
    }
    std::optional<Instant> target;
    if (to != body.end()) {
        if (to->is_string()) target = parse_rfc3339(to->get_ref<const std::string&>());
        if (!target) return Failure{bad_request("'to' is a time in RFC 3339, with offset", "to")};
        if (*target < now)
            return Failure{bad_request("'to' is in the past: the clock never goes back", "to")};
    } else {
        constexpr double kMost = std::chrono::duration<double>(kAdvanceMax).count();
        const double count = seconds->is_number() ? seconds->get<double>() : -1;
        if (!(count >= 0 && count <= kMost)) {
            return Failure{bad_request("'seconds' is a number of at least 0 and at most ten years",
                                       "seconds")};
        }
        target = now + Millis(std::llround(count * 1000));
    }
    if (*target - now > kAdvanceMax)
        return Failure{bad_request("at most ten years in one step", "to")};
    return *target;
}

Result<http::Answer, Problem> advance(const Call& call) {
    WXPAY_TRY(const Instant target, target_from(call));
    Context& context = call.context;
    if (context.clock.mode().kind == ClockMode::Kind::real) {
        return Failure{conflict(
            "clock_is_real",
            R"(the real clock cannot be advanced; POST /_sandbox/v1/clock {"mode":"manual"} first)")};
    }
    return http::Answer(http::Later([&context, target](const http::Reply& reply) {
        context.scheduler.advance(target, [&context, reply](const Scheduler::Advanced& advanced) {
            announce_clock(context);
            if (!advanced.problem.empty()) return reply(problem_response(internal_error()));
            reply(json_response(dump(Json{{"now", format_rfc3339(advanced.now)},
                                          {"fired", advanced.fired},
                                          {"delivered", advanced.delivered},
                                          {"failed", advanced.failed}})));
        });
    }));
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/clock",
     .handle = show,
     .summary = "What time it is for the business, and how it moves",
     .answer = "Clock"},
    {.method = "POST",
     .pattern = "/_sandbox/v1/clock",
     .handle = set_mode,
     .summary = "Changes how time moves",
     .answer = "Clock",
     .body = "ClockRequest"},
    {.method = "POST",
     .pattern = "/_sandbox/v1/clock/advance",
     .handle = advance,
     .summary = "Runs every timer that falls due on the way, deliveries included",
     .answer = "Advanced",
     .body = "AdvanceRequest"},
};

}  // namespace

std::span<const Route> clock_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
