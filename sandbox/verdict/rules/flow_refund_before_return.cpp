// A refund of money that a receiver still has.
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_refund_before_return();

namespace {

/// Only merchants give back.
void judge(const Case& subject, Found& found) {
    const Step* shared = nullptr;
    for (const Step& step : subject.trace.steps) {
        if (step.outcome != Outcome::ok) continue;
        if (step.operation == Operation::share && step.details->can_be_returned) shared = &step;
        if (step.operation == Operation::share_return) shared = nullptr;
        if (step.operation != Operation::refund || shared == nullptr) continue;
        found.add(subject, {shared, &step}, "refunded before a receiver had returned its part");
        return;
    }
}

}  // namespace

Rule flow_refund_before_return() {
    return {.id = "flow/refund-before-return",
            .severity = Severity::warning,
            .meaning = "a shared order was refunded before the shared money was returned",
            .source = "A: wechatpay-skills, 接入质量检查清单: 分账回退, 推荐",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
