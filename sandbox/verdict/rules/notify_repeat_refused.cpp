// A callback that was received before and is refused when it comes again.
#include <fmt/format.h>

#include "sandbox/verdict/rules/callbacks.hpp"

namespace wxpay::sandbox::verdict {

Rule notify_repeat_refused();

namespace {

void judge(const Case& subject, Found& found) {
    for (const Step& step : subject.trace.steps) {
        if (!step.is_genuine() || step.outcome != Outcome::refused ||
            !was_received_before(subject.trace, step))
            continue;
        found.add(subject, {&step},
                  fmt::format("received before, but now: {}", step.details->error));
    }
}

}  // namespace

Rule notify_repeat_refused() {
    return {
        .id = "notify/repeat-refused",
        .severity = Severity::warning,
        .meaning = "a callback that came again was not answered with success again",
        .source =
            "A: wechatpay-skills, 回调通知处理: 幂等处理, 持续应答 200; R for two at the same time",
        .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
