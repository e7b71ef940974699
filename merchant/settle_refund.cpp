#include "merchant/settle_refund.hpp"

#include <fmt/format.h>

#include "merchant/journal.hpp"
#include "merchant/settle.hpp"

namespace wxpay::merchant {
namespace {

SettledRefund refuse(Journal& journal, const Refund& refund, std::string reason) {
    journal.add(refund.order_id, event::kAlarm,
                fmt::format("out_refund_no {}: {}", refund.out_refund_no, reason));
    return {.reason = std::move(reason)};
}

void tell(Journal& journal, const Refund& refund) {
    const std::string about =
        fmt::format("{} fen, out_refund_no {}, refund_id {}", refund.fee.count(),
                    refund.out_refund_no, refund.refund_id);
    switch (refund.state) {
        case RefundState::accepted:
            return journal.add(refund.order_id, event::kRefundAccepted, about);
        case RefundState::succeeded:
            return journal.add(refund.order_id, event::kRefunded, about);
        case RefundState::abnormal:
            return journal.add(refund.order_id, event::kAlarm,
                               about + ": WeChat cannot give it back, it must be done by hand");
        case RefundState::closed:
            return journal.add(refund.order_id, event::kAlarm,
                               about + ": WeChat has closed it, nothing was given back");
        case RefundState::asked:
        case RefundState::refused:
            break;
    }
}

SettledRefund settle_found(Transaction& books, Journal& journal, Refund refund,
                           const RefundReport& report) {
    const Order order = books.find_order(refund.order_id).value();
    const RefundDecision decision = decide(order, refund, report);
    switch (decision.ruling) {
        case RefundRuling::already_recorded:
            // No error: WeChat repeats itself until it has our SUCCESS, and may have missed the
            // last one.
            if (report.state != RefundState::accepted)
                journal.add(
                    order.id, event::kDuplicate,
                    fmt::format("out_refund_no {}: already recorded", refund.out_refund_no));
            return {.accepted = true};
        case RefundRuling::refuse:
            return refuse(journal, refund, decision.reason);
        case RefundRuling::record:
            break;
    }
    refund.state = report.state;
    refund.refund_id = report.refund_id;
    refund.ended_at = report.ended_at;
    if (!books.save_refund(refund))
        return refuse(journal, refund, "refund_id is booked for another refund");
    tell(journal, refund);
    return {.accepted = true, .recorded = true};
}

}  // namespace

SettledRefund settle_refund(const RefundReport& report, std::string_view source,
                            const Context& context) {
    if (const auto ours = check_addressee(report.appid, report.mch_id, context.wechat.us());
        !ours) {
        note_refused(source, ours.error().detail, context);
        return {.reason = ours.error().detail};
    }
    const auto books = context.store.begin();
    Journal journal(*books, source, context.clock.now());
    SettledRefund settled;
    if (auto refund = books->find_refund(report.out_refund_no)) {
        settled = settle_found(*books, journal, *std::move(refund), report);
    } else {
        // Somebody at the merchant's console, or with its key. Whether the order is still ours to
        // deliver, a person must say.
        journal.add({}, event::kAlarm,
                    fmt::format("refund with out_refund_no {}, which we never asked for",
                                report.out_refund_no));
        settled.reason = "no such refund";
    }
    books->commit();
    journal.publish(context.report);
    return settled;
}

Result<void> ask_about_refund(const std::string& out_refund_no, const Context& context) {
    WXPAY_TRY(const RefundReport report, context.wechat.refund_query(out_refund_no));
    // An answer about another refund, however well signed, is no answer to our question.
    if (report.out_refund_no != out_refund_no) {
        return Failure{
            Error{Errc::mismatch, "the answer is about another refund", "out_refund_no"}};
    }
    const SettledRefund settled = settle_refund(report, "refundquery", context);
    if (!settled.accepted) return Failure{Error{Errc::mismatch, settled.reason}};
    return {};
}

}  // namespace wxpay::merchant
