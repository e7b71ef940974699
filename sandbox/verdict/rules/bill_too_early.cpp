// A bill that is asked for before it is made.
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule bill_too_early();

namespace {

bool is_it(const Details& details) {
    return details.error == "Bill Creating" || details.error.starts_with("STATEMENT_CREATING");
}

void judge(const Case& subject, Found& found) { add_refusals(subject, found, is_it); }

}  // namespace

Rule bill_too_early() {
    return {.id = "bill/too-early",
            .severity = Severity::warning,
            .meaning = "a bill was asked for while it was being made",
            .source = "A: wechatpay-skills, 接入质量检查清单: 次日 10:00 后拉取",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
