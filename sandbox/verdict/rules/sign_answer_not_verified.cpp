// An order that was paid although the answer to it was signed by nobody.
#include "sandbox/verdict/rule.hpp"
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule sign_answer_not_verified();

namespace {

bool asks_again(const Step& step) {
    return step.operation == Operation::order || step.operation == Operation::query ||
           step.operation == Operation::close;
}

/// Whoever verifies knows nothing of an order after such an answer, and so must ask again before a
/// user can pay it.
void judge(const Case& subject, Found& found) {
    const Order* const order = subject.ending == nullptr ? nullptr : subject.ending->payable();
    if (order == nullptr || !order->is_paid()) return;
    const Step* open = nullptr;
    for (const Step& step : subject.trace.steps) {
        if (asks_again(step)) open = nullptr;
        if (step.operation == Operation::order && step.details &&
            step.details->is_answer_wrongly_signed)
            open = &step;
    }
    if (open == nullptr) return;
    found.add(subject, {open},
              "its answer had a wrong signature, and it was paid without being asked for again");
}

}  // namespace

Rule sign_answer_not_verified() {
    return {.id = "sign/answer-not-verified",
            .severity = Severity::warning,
            .meaning = "an order was paid on an answer whose signature is wrong",
            .source = "A: wechatpay-skills, 接入质量检查清单, 铁律三",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
