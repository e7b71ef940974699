// A refund that is tried again under a new number. As query-before-retry, the rule is named for the
// habit that it wants.
#include <cstdint>
#include <map>

#include <fmt/format.h>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_refund_number_reused();

namespace {

using Open = std::map<std::uint64_t, const Step*>;

/// The one that was asked after, or, when the question names none, all.
void forget(Open& open, std::uint64_t mark) {
    if (mark == 0) {
        open.clear();
    } else {
        open.erase(mark);
    }
}

/// A new number is a new refund: whoever tries again so pays back twice. The same sum under another
/// number counts, while nobody has asked what became of the first.
void judge(const Case& subject, Found& found) {
    Open open;
    for (const Step& step : subject.trace.steps) {
        if (step.operation == Operation::callback && step.is_about_refund &&
            step.outcome == Outcome::ok)
            open.clear();
        if (step.operation == Operation::refund_query && step.outcome != Outcome::unknown)
            forget(open, step.mark);
        if (step.operation != Operation::refund || step.mark == 0) continue;
        if (step.outcome != Outcome::unknown) open.erase(step.mark);
        for (const auto& [mark, first] : open) {
            if (mark == step.mark || !step.details || step.details->fee != first->details->fee)
                continue;
            found.add(subject, {first, &step},
                      fmt::format("the result of {} {} was unknown, and the refund was sent again "
                                  "under another number",
                                  first->details->call, first->details->out_refund_no));
            open.erase(mark);
            break;
        }
        if (step.outcome == Outcome::unknown) open.emplace(step.mark, &step);
    }
}

}  // namespace

Rule flow_refund_number_reused() {
    return {
        .id = "flow/refund-number-reused",
        .severity = Severity::error,
        .meaning = "a refund whose result was unknown was tried again under another out_refund_no",
        .source =
            "A: wechatpay-skills, 接入质量检查清单: 退款失败重试时复用原 out_refund_no（换新单号 = "
            "退两次）",
        .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
