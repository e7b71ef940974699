// The rest of a shared order, which nobody sets free.
#include <algorithm>
#include <chrono>

#include "sandbox/products/profit_sharing.hpp"
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_sharing_rest_frozen();

namespace {

bool sets_free(const Step& step) {
    if (step.outcome != Outcome::ok) return false;
    return step.operation == Operation::unfreeze ||
           (step.operation == Operation::share && step.details->sets_rest_free);
}

/// An order that was not shared yet may be shared on any of its thirty days.
bool has_waited_in_vain(const Case& subject) {
    if (subject.ending == nullptr || !subject.ending->order || !subject.is_whole) return false;
    const Order& order = *subject.ending->order;
    return order.state == TradeState::success && order.paid_at &&
           order.created_at >= subject.since && subject.now - *order.paid_at >= kSharingEnds &&
           is_for_sharing(order);
}

void judge(const Case& subject, Found& found) {
    const auto& steps = subject.trace.steps;
    if (std::any_of(steps.begin(), steps.end(), sets_free)) return;
    const auto last = std::find_if(steps.rbegin(), steps.rend(), [](const Step& step) {
        return step.operation == Operation::share && step.outcome == Outcome::ok;
    });
    if (last != steps.rend()) {
        found.add(subject, {&*last},
                  "shared, and the rest was not set free, by unfreeze_unsplit or by a call");
    } else if (has_waited_in_vain(subject)) {
        found.add(subject, {}, "made for sharing, never shared, and set free only by WeChat");
    }
}

}  // namespace

Rule flow_sharing_rest_frozen() {
    return {
        .id = "flow/sharing-rest-frozen",
        .severity = Severity::warning,
        .meaning = "what was left of an order made for sharing was not set free",
        .source =
            "A: wechatpay-skills, 接入质量检查清单: 分账, 解冻剩余资金; a later request may yet "
            "do it",
        .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
