#include "merchant/reconcile/refunds.hpp"

#include <vector>

#include <fmt/format.h>

#include "merchant/limits.hpp"
#include "merchant/settle_refund.hpp"
#include "merchant/shop/log_text.hpp"

namespace wxpay::merchant {
namespace {

std::vector<Refund> overdue(const Context& context) {
    const Instant now = context.clock.now();
    const auto books = context.store.begin();
    auto refunds =
        books->refunds_under_way(now - context.settings.reconcile_after, kReconcileBatch);
    for (const Refund& refund : refunds) books->mark_refund_queried(refund.out_refund_no, now);
    books->commit();
    return refunds;
}

}  // namespace

void reconcile_refunds(const Context& context, const std::stop_token& stop) {
    for (const Refund& refund : overdue(context)) {
        if (stop.stop_requested()) break;
        const auto asked = ask_about_refund(refund.out_refund_no, context);
        // Unknown there: our request never got there, or is only just getting there. Whoever made
        // it was told to make it again.
        if (asked || context.wechat.meaning(asked.error()) == Refusal::no_such_refund) continue;
        context.report(Severity::warning,
                       fmt::format("refundquery: out_refund_no {}: {}", refund.out_refund_no,
                                   log_text(asked.error().detail)));
        const Errc code = asked.error().code;
        if (code == Errc::unreachable || code == Errc::timed_out) break;
    }
}

}  // namespace wxpay::merchant
