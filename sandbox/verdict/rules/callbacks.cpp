#include "sandbox/verdict/rules/callbacks.hpp"

#include <algorithm>

namespace wxpay::sandbox::verdict {

const Attempt* last_own_failure(const Notification& notification) {
    const auto& all = notification.attempts;
    const auto found = std::find_if(all.rbegin(), all.rend(), [](const Attempt& each) {
        return each.verdict != Verdict::ok && !each.reason.starts_with("fault ") && !each.is_probe;
    });
    return found == all.rend() ? nullptr : &*found;
}

const Step* last_failure(const Trace& trace) {
    const auto found = std::find_if(trace.steps.rbegin(), trace.steps.rend(), [](const Step& step) {
        return step.is_genuine() && step.outcome != Outcome::ok;
    });
    return found == trace.steps.rend() ? nullptr : &*found;
}

bool says_no(int status) {
    constexpr int kFirstRefusal = 400;
    return status >= kFirstRefusal;
}

bool was_received_before(const Trace& trace, const Step& callback) {
    return std::any_of(trace.steps.begin(), trace.steps.end(), [&](const Step& step) {
        return step.operation == Operation::callback && step.n < callback.n &&
               step.outcome == Outcome::ok && step.mark == callback.mark && step.is_genuine();
    });
}

}  // namespace wxpay::sandbox::verdict
