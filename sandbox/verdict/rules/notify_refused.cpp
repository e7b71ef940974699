// A right callback that the merchant refuses.
#include "sandbox/verdict/rules/callbacks.hpp"

namespace wxpay::sandbox::verdict {

Rule notify_refused();

namespace {

void judge(const Case& subject, Found& found) {
    for (const Step& step : subject.trace.steps) {
        if (!step.is_genuine() || !step.details) continue;
        const Details& details = *step.details;
        const bool has_failed = details.verdict == Verdict::refused ||
                                (details.verdict == Verdict::bad_answer && says_no(details.status));
        if (!has_failed || was_received_before(subject.trace, step)) continue;
        found.add(subject, {&step}, details.error);
    }
}

}  // namespace

Rule notify_refused() {
    return {.id = "notify/refused",
            .severity = Severity::warning,
            .meaning = "the merchant refused a callback that was right",
            .source = "R: a shop that is not ready may say so; WeChat tries again",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
