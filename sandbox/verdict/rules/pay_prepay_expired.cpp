// A prepay_id that has run out, and nobody orders anew.
#include "sandbox/verdict/rules/invocations.hpp"

namespace wxpay::sandbox::verdict {

Rule pay_prepay_expired();

namespace {

/// A page may find out by the phone's refusal; what counts is that it gets another one then.
void judge(const Case& subject, Found& found) {
    const Step* expired = nullptr;
    for (const Step& step : subject.trace.steps) {
        if (step.operation == Operation::invoke && step.details->slip == Slip::prepay_expired)
            expired = &step;
        if (step.operation == Operation::order && step.outcome == Outcome::ok) expired = nullptr;
    }
    if (expired == nullptr) return;
    found.add(subject, {expired}, text_of_slip(*expired) + ", and it was not ordered again");
}

}  // namespace

Rule pay_prepay_expired() {
    return {.id = "pay/prepay-expired",
            .severity = Severity::error,
            .meaning = "a prepay_id was used after its two hours, and no new one was ordered",
            .source = "A: wechatpay-skills, 接入质量检查清单: prepay_id / h5_url 过期处理, 必须",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
