// What is counted, for Prometheus.
#include "sandbox/metrics/metrics.hpp"

#include "sandbox/control/routes.hpp"
#include "sandbox/events/event_bus.hpp"
#include "sandbox/faults/fault_set.hpp"

namespace wxpay::sandbox::control {
namespace {

Metrics::Standing standing(const Context& context) {
    const Tally tally = context.store.begin()->tally();
    const ExchangeLog::Held held = context.exchanges.held();
    return {.now = context.clock.now(),
            .notifications_pending = tally.notifications_pending,
            .notifications_delivered = tally.notifications_delivered,
            .notifications_exhausted = tally.notifications_exhausted,
            .timers = tally.timers,
            .exchanges = held.count,
            .exchange_bytes = held.bytes,
            .exchanges_dropped = held.dropped,
            .event_streams = context.events.listeners(),
            .faults = context.faults.size()};
}

Result<http::Answer, Problem> metrics(const Call& call) {
    http::Response response;
    response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = call.context.metrics.text(standing(call.context));
    return response;
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/metrics",
     .handle = metrics,
     .summary = "Counters, histograms and gauges in Prometheus' text format",
     .answer = "text/plain"},
};

}  // namespace

std::span<const Route> metrics_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
