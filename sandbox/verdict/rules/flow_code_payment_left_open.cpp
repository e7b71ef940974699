// A code payment of which nobody knows how it ended.
#include <fmt/format.h>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_code_payment_left_open();

namespace {

void judge(const Case& subject, Found& found) {
    const Step* open = nullptr;
    for (const Step& step : subject.trace.steps) {
        if (step.operation == Operation::code_payment) {
            open = step.outcome == Outcome::unknown ? &step : nullptr;
        } else if (step.operation == Operation::query || step.operation == Operation::reverse ||
                   step.operation == Operation::refund) {
            open = nullptr;
        }
    }
    if (open == nullptr) return;
    found.add(subject, {open},
              fmt::format("{} ended with {}, and it was neither queried nor reversed",
                          open->details->call,
                          open->details->error.empty() ? "no answer" : open->details->error));
}

}  // namespace

Rule flow_code_payment_left_open() {
    return {.id = "flow/code-payment-left-open",
            .severity = Severity::error,
            .meaning = "a code payment whose result was unknown was neither queried nor reversed",
            .source = "A: wechatpay-skills, 接入质量检查清单: 必须轮询 USERPAYING 状态至终态",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
