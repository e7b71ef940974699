#include "merchant/settle.hpp"

#include <fmt/format.h>

#include "merchant/journal.hpp"

namespace wxpay::merchant {
namespace {

Settled refuse(Journal& journal, const Order& order, std::string reason, bool alarm) {
    journal.add(order.id, alarm ? event::kAlarm : event::kRefused,
                fmt::format("out_trade_no {}: {}", order.out_trade_no.str(), reason));
    return {.reason = std::move(reason)};
}

Settled credit(Transaction& books, Journal& journal, const Order& order,
               const PaymentReport& report, Instant now) {
    // The database has the last word: its unique keys hold even where our reasoning had a hole.
    if (!books.credit(order.id, report, now))
        return refuse(journal, order, "transaction_id is booked for another order", true);
    journal.add(order.id, event::kPaid,
                fmt::format("{} fen for out_trade_no {}, transaction_id {}", report.total.count(),
                            order.out_trade_no.str(), report.transaction_id));
    // A JSAPI order is paid by the user it was made for. Whoever paid, the money is ours to book.
    if (report.openid != order.openid.str()) {
        journal.add(order.id, event::kWarning,
                    fmt::format("paid by another openid: {}", report.openid));
    }
    return {.accepted = true, .credited = true};
}

Settled settle_order(Transaction& books, Journal& journal, const Order& order,
                     const PaymentReport& report, Instant now) {
    const Decision decision = decide(order, report);
    switch (decision.ruling) {
        case Ruling::credit:
            return credit(books, journal, order, report, now);
        case Ruling::credit_late: {
            Settled settled = credit(books, journal, order, report, now);
            if (settled.credited)
                journal.add(order.id, event::kRefundDue, "the order was closed when money came");
            return settled;
        }
        case Ruling::already_credited:
            // No error: WeChat repeats itself until it has our SUCCESS, and may have missed the
            // last one.
            journal.add(order.id, event::kDuplicate, "already credited");
            return {.accepted = true};
        case Ruling::refuse:
            break;
    }
    return refuse(journal, order, decision.reason, decision.alarm);
}

}  // namespace

Settled settle(const PaymentReport& report, std::string_view source, const Context& context) {
    if (const auto ours = check_addressee(report.appid, report.mch_id, context.wechat.us());
        !ours) {
        note_refused(source, ours.error().detail, context);
        return {.reason = ours.error().detail};
    }

    const Instant now = context.clock.now();
    const auto books = context.store.begin();
    Journal journal(*books, source, now);
    Settled settled;
    if (const auto order = books->find_order_by_number(report.out_trade_no)) {
        settled = settle_order(*books, journal, *order, report, now);
    } else {
        // Orders are made by customers. One made up from a callback would sell what nobody chose.
        journal.add({}, event::kAlarm,
                    fmt::format("payment for out_trade_no {}, which we never gave out",
                                report.out_trade_no));
        settled.reason = "no such order";
    }
    books->commit();
    journal.publish(context.report);
    return settled;
}

void note_refused(std::string_view source, std::string_view reason, const Context& context) {
    const auto books = context.store.begin();
    Journal journal(*books, source, context.clock.now());
    journal.add({}, event::kRefused, reason);
    books->commit();
    journal.publish(context.report);
}

}  // namespace wxpay::merchant
