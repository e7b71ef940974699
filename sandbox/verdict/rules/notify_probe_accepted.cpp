// A signature probe that the merchant falls for.
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule notify_probe_accepted();

namespace {

void judge(const Case& subject, Found& found) {
    for (const Step& step : subject.trace.steps) {
        // With these WeChat takes a callback for received.
        if (step.operation != Operation::callback || !step.details || !step.details->is_probe ||
            (step.details->status != 200 && step.details->status != 204))
            continue;
        found.add(subject, {&step}, "a probe with a wrong signature was answered with success");
    }
}

}  // namespace

Rule notify_probe_accepted() {
    return {.id = "notify/probe-accepted",
            .severity = Severity::error,
            .meaning = "a signature probe was accepted: the handler does not verify",
            .source = "A: wechatpay-skills, 回调通知处理: 正确处理签名探测",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
