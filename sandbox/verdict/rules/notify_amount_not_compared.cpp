// A callback about another sum than the order's.
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule notify_amount_not_compared();

namespace {

void judge(const Case& subject, Found& found) {
    for (const Step& step : subject.trace.steps) {
        if (step.operation != Operation::callback || step.outcome != Outcome::ok || !step.details ||
            step.details->effect != Effect::Kind::tamper || !step.details->changes_amount)
            continue;
        found.add(subject, {&step}, "a fault changed the amount, and it was answered with success");
    }
}

}  // namespace

Rule notify_amount_not_compared() {
    return {
        .id = "notify/amount-not-compared",
        .severity = Severity::warning,
        .meaning = "a callback with another amount than the order's was accepted",
        .source = "A: wechatpay-skills, 接入质量检查清单, 铁律三: 金额有没有和本地订单金额做比对",
        .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
