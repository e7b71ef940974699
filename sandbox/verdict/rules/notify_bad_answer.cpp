// A callback that is answered in words which WeChat does not take for a yes.
#include <fmt/format.h>

#include "sandbox/verdict/rules/callbacks.hpp"

namespace wxpay::sandbox::verdict {

Rule notify_bad_answer();

namespace {

void judge(const Case& subject, Found& found) {
    for (const Step& step : subject.trace.steps) {
        if (!step.is_genuine() || !step.details) continue;
        const Details& details = *step.details;
        if (details.verdict != Verdict::bad_answer || says_no(details.status)) continue;
        found.add(subject, {&step}, details.error);
    }
}

}  // namespace

Rule notify_bad_answer() {
    return {
        .id = "notify/bad-answer",
        .severity = Severity::error,
        .meaning = "a callback was answered, but not with what WeChat takes for a success",
        .source = "A: wechatpay-skills, 回调通知处理; pay.weixin.qq.com/doc/v2/merchant/4011935221",
        .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
