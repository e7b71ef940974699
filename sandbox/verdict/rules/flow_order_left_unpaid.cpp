// An order that nobody paid and nobody closed.
#include <algorithm>

#include "sandbox/limits.hpp"
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_order_left_unpaid();

namespace {

/// One with a time_expire ends by itself.
void judge(const Case& subject, Found& found) {
    const Order* const payable = subject.ending == nullptr ? nullptr : subject.ending->payable();
    if (payable == nullptr) return;
    const Order& order = *payable;
    if (order.trade_type == TradeType::micropay || order.expires_at) return;
    if (order.state == TradeState::not_paid && subject.now - order.prepaid_at >= kPrepayLife) {
        found.add(subject, {}, "unpaid, its prepay_id has run out, and it was not closed");
        return;
    }
    const auto& steps = subject.trace.steps;
    const bool was_closed = std::any_of(steps.begin(), steps.end(), [](const Step& step) {
        return step.operation == Operation::close;
    });
    if (order.state == TradeState::closed && !was_closed && subject.is_whole &&
        order.created_at >= subject.since && subject.now - order.created_at >= kUnpaidLife)
        found.add(subject, {}, "unpaid, and closed by WeChat after seven days");
}

}  // namespace

Rule flow_order_left_unpaid() {
    return {.id = "flow/order-left-unpaid",
            .severity = Severity::warning,
            .meaning = "an unpaid order was neither closed nor given an end",
            .source = "A: wechatpay-skills, 接入质量检查清单: 未支付订单关单, 推荐",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
