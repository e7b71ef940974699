// A code payment of which nobody knows how it ended.
#include <string_view>

#include <fmt/format.h>

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_code_payment_left_open();

namespace {

/// Cases of the acceptance sandbox are over when a query has told of the failure.
/// Whether a query was answered with how the payment ended. One that has failed is reversed.
bool tells_end(const Step& step, const Case& subject) {
    // Refused: a number that never came to be is an answer, a wrong signature is none.
    if (step.outcome == Outcome::refused)
        return subject.ending == nullptr || !subject.ending->order;
    if (step.told == Told::failed) return is_twin(subject.trace.mch_id);
    return step.told == Told::paid || step.told == Told::ended;
}

/// Whether the merchant knows from now on how it ended. Giving the money back does not say that.
bool settles(const Step& step, const Case& subject) {
    if (step.outcome == Outcome::unknown) return false;
    if (step.operation == Operation::reverse) return true;
    if (step.operation == Operation::query) return tells_end(step, subject);
    return step.operation == Operation::callback && step.outcome == Outcome::ok &&
           !step.is_about_refund;
}

/// Why nobody knows.
std::string_view how_it_is(const Ending* ending) {
    if (ending != nullptr && ending->order) {
        if (ending->order->state == TradeState::user_paying)
            return "it still waits for the user, and was neither polled to its end nor reversed";
        if (ending->order->state == TradeState::pay_error)
            return "the user has not paid, and it was not reversed";
    }
    return "it was neither queried to its end nor reversed";
}

void judge(const Case& subject, Found& found) {
    const Step* open = nullptr;
    for (const Step& step : subject.trace.steps) {
        if (step.operation == Operation::code_payment) {
            open = step.outcome == Outcome::unknown ? &step : nullptr;
        } else if (settles(step, subject)) {
            open = nullptr;
        }
    }
    if (open == nullptr) return;
    found.add(subject, {open},
              fmt::format("{} ended with {}, and {}", open->details->call,
                          open->details->error.empty() ? "no answer" : open->details->error,
                          how_it_is(subject.ending)));
}

}  // namespace

Rule flow_code_payment_left_open() {
    return {.id = "flow/code-payment-left-open",
            .severity = Severity::error,
            .meaning = "a code payment was neither queried until it ended nor reversed",
            .source =
                "A: wechatpay-skills, 接入质量检查清单: 必须轮询 USERPAYING 状态至终态; "
                "支付失败用撤销不用退款",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
