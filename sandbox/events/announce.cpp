#include "sandbox/events/announce.hpp"

#include <exception>
#include <set>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/events/event_bus.hpp"
#include "sandbox/exchanges/exchange_line.hpp"
#include "sandbox/metrics/metrics.hpp"
#include "sandbox/verdict/traces.hpp"

namespace wxpay::sandbox {
namespace {

/// What was committed stays so, whether or not we can read it again to tell of it.
template <class Telling>
void attempt(const Context& context, Telling tell) {
    if (!context.events.is_heard()) return;
    try {
        tell();
    } catch (const std::exception& problem) {
        spdlog::warn("an event could not be told: {}", problem.what());
    }
}

}  // namespace

void announce_orders(const Context& context, std::span<const std::int64_t> ids) {
    attempt(context, [&] {
        for (const std::int64_t id : std::set(ids.begin(), ids.end())) {
            const auto transaction = context.store.begin();
            const auto order = transaction->find_order(id);
            if (!order) continue;  // reset meanwhile
            context.events.publish({EventKind::order, std::string(wire_id(order->mch_id.str())),
                                    order->out_trade_no.str(),
                                    control::dump(control::to_json(*order, *transaction))});
        }
    });
}

void announce_notifications(const Context& context, std::span<const std::int64_t> ids) {
    attempt(context, [&] {
        for (const std::int64_t id : std::set(ids.begin(), ids.end())) {
            const auto found = context.store.begin()->find_notification(id);
            if (!found) continue;
            context.events.publish(
                {EventKind::notification, std::string(wire_id(found->mch_id.str())),
                 found->out_trade_no.str(), control::dump(control::to_json(*found))});
        }
    });
}

void announce_exchange(const Context& context, const Exchange& exchange) {
    context.metrics.count(exchange);
    context.traces.see(exchange);
    log_exchange(exchange, context.directory);
    if (!context.events.is_heard()) return;
    context.events.publish(
        {EventKind::exchange, std::string(merchant_of(exchange)), exchange.out_trade_no,
         control::masked(control::dump(control::to_json(exchange, false)), context.directory)});
}

void announce_clock(const Context& context) {
    if (!context.events.is_heard()) return;
    context.events.publish(
        {EventKind::clock, {}, {}, control::dump(control::to_json(context.clock))});
}

}  // namespace wxpay::sandbox
