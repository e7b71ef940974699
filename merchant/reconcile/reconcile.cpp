#include "merchant/reconcile/reconcile.hpp"

#include <fmt/format.h>

#include "merchant/limits.hpp"
#include "merchant/settle.hpp"
#include "merchant/shop/log_text.hpp"

namespace wxpay::merchant {
namespace {

std::vector<Order> overdue(const Context& context) {
    const Instant now = context.clock.now();
    const auto books = context.store.begin();
    auto orders = books->unpaid_since(now - context.settings.reconcile_after, kReconcileBatch);
    for (const Order& order : orders) books->mark_queried(order.id, now);
    books->commit();
    return orders;
}

void raise_alarm(const Order& order, std::string_view what, const Context& context) {
    const std::string detail =
        fmt::format("orderquery: out_trade_no {}: {}", order.out_trade_no.str(), what);
    const auto books = context.store.begin();
    books->log(order.id, context.clock.now(), event::kAlarm, detail);
    books->commit();
    context.report(Severity::error, detail);
}

/// The answer as a report, which then passes the very checks of a callback.
void credit(const Order& order, const OrderStanding& standing, const Context& context,
            Round& round) {
    // An answer about another order, however well signed, is no answer to our question.
    if (standing.out_trade_no != order.out_trade_no.str() || !standing.payment) {
        raise_alarm(order, "paid, but the answer names another order or no amount", context);
        ++round.failed;
        return;
    }
    const Settled settled = settle(*standing.payment, "orderquery", context);
    if (settled.credited) ++round.credited;
    if (!settled.accepted) ++round.failed;
}

void close(const Order& order, const Context& context, Round& round) {
    const auto books = context.store.begin();
    if (!books->close_order(order.id)) return;  // a callback was faster
    books->log(order.id, context.clock.now(), event::kClosed, "orderquery: closed at WeChat");
    books->commit();
    ++round.closed;
}

void forget(const Order& order, Instant asked_at, const Context& context) {
    const auto books = context.store.begin();
    books->forget_prepay(order.id, asked_at);
    books->commit();
}

void apply(const Order& order, const OrderStanding& standing, const Context& context,
           Round& round) {
    switch (standing.state) {
        case TradeState::success:
            credit(order, standing, context, round);
            break;
        case TradeState::closed:
        case TradeState::revoked:
            close(order, context, round);
            break;
        case TradeState::refund:
            // Paid and paid back without us: what to book, a person must say.
            raise_alarm(order, "refunded, but never credited here", context);
            ++round.failed;
            break;
        case TradeState::not_paid:
        case TradeState::user_paying:
        case TradeState::pay_error:
            break;
    }
}

}  // namespace

Round reconcile(const Context& context, const std::stop_token& stop) {
    Round round;
    for (const Order& order : overdue(context)) {
        if (stop.stop_requested()) break;
        ++round.checked;
        const Instant asked_at = context.clock.now();
        const auto standing = context.wechat.order_query(order.out_trade_no.str());
        if (standing) {
            apply(order, *standing, context, round);
        } else if (context.wechat.meaning(standing.error()) == Refusal::no_such_order) {
            forget(order, asked_at, context);  // it never got there: nobody can have paid
        } else {
            ++round.failed;
            context.report(Severity::warning,
                           fmt::format("orderquery: out_trade_no {}: {}", order.out_trade_no.str(),
                                       log_text(standing.error().detail)));
            const Errc code = standing.error().code;
            if (code == Errc::unreachable || code == Errc::timed_out) break;
        }
    }
    return round;
}

}  // namespace wxpay::merchant
