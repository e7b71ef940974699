// A payment that the merchant cannot know of.
#include <algorithm>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_payment_not_noticed();

namespace {

bool has_noticed(const Step& step, const Order& order) {
    if (step.operation == Operation::callback)
        return step.outcome == Outcome::ok && !step.is_about_refund;
    if (step.at < *order.paid_at) return false;
    if (step.operation == Operation::query) return step.outcome == Outcome::ok;
    // Who closes is answered that it is paid.
    return step.operation == Operation::refund || step.operation == Operation::close;
}

/// A callback that is still on its way may tell it yet.
bool is_under_way(const Notification& notification) {
    return notification.kind == NotificationKind::payment &&
           notification.state == NotificationState::pending && notification.attempts.empty();
}

bool is_delivered(const Notification& notification) {
    return notification.kind == NotificationKind::payment &&
           notification.state == NotificationState::delivered;
}

void judge(const Case& subject, Found& found) {
    if (subject.ending == nullptr || !subject.ending->order || !subject.is_whole) return;
    const Order& order = *subject.ending->order;
    // The parts of a combined order are told of under its number; a code payment's answer tells.
    if (!order.is_paid() || !order.paid_at || order.created_at < subject.since ||
        !order.combine_out_trade_no.empty() || order.trade_type == TradeType::micropay)
        return;
    const auto& notifications = subject.ending->notifications;
    const auto& steps = subject.trace.steps;
    if (std::any_of(notifications.begin(), notifications.end(), is_under_way) ||
        std::any_of(notifications.begin(), notifications.end(), is_delivered) ||
        std::any_of(steps.begin(), steps.end(),
                    [&](const Step& step) { return has_noticed(step, order); }))
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
