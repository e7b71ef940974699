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
void credit(const Order& order, const v2::OrderQueryReply& reply, const Context& context,
            Round& round) {
    // An answer about another order, however well signed, is no answer to our question.
    if (reply.out_trade_no != order.out_trade_no.str() || !reply.total_fee) {
        raise_alarm(order, "paid, but the answer names another order or no total_fee", context);
        ++round.failed;
        return;
    }
    PaymentReport report;
    report.appid = reply.appid;
    report.mch_id = reply.mch_id;
    report.out_trade_no = reply.out_trade_no;
    report.transaction_id = reply.transaction_id;
    report.openid = reply.openid;
    report.fee_type = "CNY";  // what an answer without fee_type means; the client reads none
    report.total = *reply.total_fee;
    report.paid_at = reply.time_end.value_or(context.clock.now());
    const Settled settled = settle(report, "orderquery", context);
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

void forget(const Order& order, const Context& context) {
    const auto books = context.store.begin();
    books->forget_prepay(order.id);
    books->commit();
}

void apply(const Order& order, const v2::OrderQueryReply& reply, const Context& context,
           Round& round) {
    switch (reply.trade_state) {
        case TradeState::success:
            credit(order, reply, context, round);
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
        const auto reply = context.wechat.order_query(order.out_trade_no.str());
        if (reply) {
            apply(order, *reply, context, round);
        } else if (reply.error().field == "ORDERNOTEXIST") {
            forget(order, context);  // our unifiedorder never got there: nobody can have paid
        } else {
            ++round.failed;
            context.report(Severity::warning,
                           fmt::format("orderquery: out_trade_no {}: {}", order.out_trade_no.str(),
                                       log_text(reply.error().detail)));
            const Errc code = reply.error().code;
            if (code == Errc::unreachable || code == Errc::timed_out) break;
        }
    }
    return round;
}

}  // namespace wxpay::merchant
