// An order that is sent again without being asked for.
#include <fmt/format.h>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_query_before_retry();

namespace {

bool sends(const Step& step) {
    return step.operation == Operation::order || step.operation == Operation::code_payment;
}

/// A question that was not answered tells as little as the call itself.
bool asks(const Step& step) {
    if (step.operation == Operation::callback) return step.outcome == Outcome::ok;
    return step.outcome != Outcome::unknown &&
           (step.operation == Operation::query || step.operation == Operation::close ||
            step.operation == Operation::reverse);
}

/// The pages themselves say to repeat an order that was answered with SYSTEMERROR; and a code
/// payment that waits for the password is polled by repeating it in Tencent's own Java SDK.
bool may_be_repeated(const Step& step) {
    const std::string& error = step.details->error;
    return step.operation == Operation::order ? error.starts_with("SYSTEM")
                                              : error.starts_with("USERPAYING");
}

void judge(const Case& subject, Found& found) {
    const Step* open = nullptr;
    for (const Step& step : subject.trace.steps) {
        if (asks(step)) open = nullptr;
        if (!sends(step)) continue;
        if (open != nullptr) {
            found.add(subject, {open, &step},
                      fmt::format("{} was sent again after {} without a query", open->details->call,
                                  open->details->error.empty() ? "no answer that can be trusted"
                                                               : open->details->error));
        }
        const bool is_open = step.outcome == Outcome::unknown && !may_be_repeated(step);
        open = is_open ? &step : nullptr;
    }
}

}  // namespace

Rule flow_query_before_retry() {
    return {.id = "flow/query-before-retry",
            .severity = Severity::warning,
            .meaning = "an order whose result was unknown was sent again without a query",
            .source =
                "A: wechatpay-skills, 接入质量检查清单, 铁律一; for code payment "
                "pay.weixin.qq.com/doc/v2/merchant/4011937125",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
