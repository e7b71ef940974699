// Changes as they happen: server-sent events.
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/codec/pieces.hpp"
#include "core/http/stream.hpp"

#include "sandbox/control/routes.hpp"
#include "sandbox/events/event_bus.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::control {
namespace {

Result<std::vector<EventKind>, Problem> kinds_from(const Call& call) {
    std::vector<EventKind> out;
    const std::string text = call.query("kinds").value_or("");
    for (const std::string_view word : pieces_of(text, ',')) {
        const auto kind = parse_event_kind(word);
        if (!kind) {
            return Failure{bad_request(
                "kinds is a list, with commas, of order, notification, exchange and clock",
                "kinds")};
        }
        out.push_back(*kind);
    }
    return out;
}

Result<http::Answer, Problem> listen(const Call& call) {
    EventFilter filter;
    WXPAY_TRY(filter.kinds, kinds_from(call));
    WXPAY_TRY(std::tie(filter.mch_id, filter.out_trade_no), call.subject());
    http::Streaming answer;
    answer.head.headers.add("Content-Type", "text/event-stream; charset=utf-8");
    answer.head.headers.add("Cache-Control", "no-store");
    answer.body = std::make_shared<http::Stream>(kEventBytesMax);
    answer.body->write(": listening\n\n");  // so that whatever stands between passes the head on
    if (!call.context.events.subscribe(answer.body, std::move(filter))) {
        return Failure{Problem{
            503, "too_many_streams",
            fmt::format("{} event streams are open, and no more are allowed", kEventStreamsMax)}};
    }
    return answer;
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/events",
     .handle = listen,
     .summary = "Changes as they happen: server-sent events",
     .answer = "text/event-stream",
     .query = "kinds mch_id order"},
};

}  // namespace

std::span<const Route> event_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
