// A callback that is not answered in five seconds.
#include <fmt/format.h>

#include "sandbox/verdict/rules/callbacks.hpp"

namespace wxpay::sandbox::verdict {

Rule notify_timeout();

namespace {

/// Timers are not exact.
constexpr Millis kTolerance{100};

void judge(const Case& subject, Found& found) {
    for (const Step& step : subject.trace.steps) {
        if (!step.is_genuine() || !step.details) continue;
        const Details& details = *step.details;
        const bool is_late = details.verdict == Verdict::timeout
                                 ? step.latency >= kAnswerLimit - kTolerance
                                 : step.latency > kAnswerLimit;
        if (!is_late) continue;
        found.add(
            subject, {&step},
            fmt::format("no answer within 5 s at {}: answer first, work later", details.call));
    }
}

}  // namespace

Rule notify_timeout() {
    return {.id = "notify/timeout",
            .severity = Severity::error,
            .meaning = "a callback was not answered within five seconds",
            .source = "A: wechatpay-skills, 回调通知处理: 5秒内返回应答",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
