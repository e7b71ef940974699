// A refund of which the merchant does not know how it ended.
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_refund_not_confirmed();

namespace {

/// That a refund was accepted does not say that the money came back.
void judge(const Case& subject, Found& found) {
    if (subject.ending == nullptr || !subject.ending->order || !subject.is_whole) return;
    const Order& order = *subject.ending->order;
    if (!order.is_paid() || order.refunded == Fen{}) return;
    const auto& steps = subject.trace.steps;
    const Step* refund = nullptr;
    for (const Step& step : steps) {
        if (step.operation == Operation::refund && step.outcome != Outcome::refused) refund = &step;
        if (step.operation == Operation::refund_query && step.outcome == Outcome::ok) return;
    }
    if (refund == nullptr || subject.ending->has_told(NotificationKind::refund) ||
        subject.ending->may_tell(NotificationKind::refund))
        return;
    found.add(subject, {refund}, "refunded, but nobody queried it and no callback was received");
}

}  // namespace

Rule flow_refund_not_confirmed() {
    return {.id = "flow/refund-not-confirmed",
            .severity = Severity::warning,
            .meaning = "the outcome of a refund was neither queried nor received",
            .source = "A: wechatpay-skills, 订单状态流转: 退款结果需通过查询退款单接口确认",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
