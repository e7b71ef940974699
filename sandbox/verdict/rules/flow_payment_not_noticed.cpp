// A payment that the merchant cannot know of.
#include <algorithm>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_payment_not_noticed();

namespace {

bool has_noticed(const Step& step, const Order& order) {
    if (step.operation == Operation::callback)
        return step.outcome == Outcome::ok && !step.is_about_refund;
    if (step.operation == Operation::query) return step.told == Told::paid;
    if (step.at < *order.paid_at) return false;
    // Who closes is answered that it is paid.
    return step.operation == Operation::refund || step.operation == Operation::close;
}

bool is_refunded(const Order& order) { return order.refunded != Fen{}; }

void judge(const Case& subject, Found& found) {
    const Ending* const ending = subject.ending;
    const Order* const order = ending == nullptr ? nullptr : ending->payable();
    // A code payment's answer tells.
    if (order == nullptr || !order->is_paid() || !order->paid_at || !subject.is_whole ||
        order->created_at < subject.since || order->trade_type == TradeType::micropay)
        return;
    const auto& parts = ending->parts;
    const auto& steps = subject.trace.steps;
    if (ending->has_told(NotificationKind::payment) ||
        ending->may_tell(NotificationKind::payment) ||
        std::any_of(parts.begin(), parts.end(), is_refunded) ||
        std::any_of(steps.begin(), steps.end(),
                    [&](const Step& step) { return has_noticed(step, *order); }))
        return;
    found.add(subject, {}, "paid, but no callback was received and nobody queried it");
}

}  // namespace

Rule flow_payment_not_noticed() {
    return {
        .id = "flow/payment-not-noticed",
        .severity = Severity::warning,
        .meaning = "an order was paid, and the merchant neither received the callback nor queried",
        .source = "A: wechatpay-skills, 订单状态流转: 收到回调处理 + 定时/延迟查单兜底, 建议",
        .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
