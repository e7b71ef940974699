// A callback whose answer came just in time.
#include <chrono>

#include <fmt/format.h>

#include "sandbox/verdict/rules/callbacks.hpp"

namespace wxpay::sandbox::verdict {

Rule notify_slow();

namespace {

constexpr Millis kSlow{4000};

void judge(const Case& subject, Found& found) {
    for (const Step& step : subject.trace.steps) {
        if (!step.is_genuine() || !step.details) continue;
        const Millis latency = step.latency;
        if (step.details->verdict == Verdict::timeout || latency < kSlow || latency > kAnswerLimit)
            continue;
        found.add(subject, {&step},
                  fmt::format("answered after {:.1f} s, and the limit is 5 s",
                              std::chrono::duration<double>(latency).count()));
    }
}

}  // namespace

Rule notify_slow() {
    return {.id = "notify/slow",
            .severity = Severity::warning,
            .meaning = "a callback was answered only after four of the five seconds",
            .source = "R: the limit is official, the margin is ours",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
