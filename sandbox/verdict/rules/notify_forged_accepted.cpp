// A callback that is not WeChat's, and the merchant takes it.
#include <fmt/format.h>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule notify_forged_accepted();

namespace {

void judge(const Case& subject, Found& found) {
    for (const Step& step : subject.trace.steps) {
        if (step.operation != Operation::callback || step.outcome != Outcome::ok || !step.details)
            continue;
        const Effect::Kind kind = step.details->effect;
        if (kind != Effect::Kind::forge && kind != Effect::Kind::corrupt_sign) continue;
        found.add(subject, {&step},
                  fmt::format("a fault ({}) made the signature wrong, and it was answered with "
                              "success",
                              wire_name(kind)));
    }
}

}  // namespace

Rule notify_forged_accepted() {
    return {
        .id = "notify/forged-accepted",
        .severity = Severity::error,
        .meaning = "a callback with a wrong signature was accepted: the handler does not verify",
        .source = "A: wechatpay-skills, 接入质量检查清单, 铁律三: 先验签",
        .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
