// A combined order that is asked for like a plain one, or the other way round.
#include <fmt/format.h>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_combine_calls_mixed();

namespace {

bool is_about_order(const Step& step) {
    return step.operation == Operation::query || step.operation == Operation::close;
}

/// A part of a combined order is refunded like any order; everything else is done to the whole.
void judge(const Case& subject, Found& found) {
    if (subject.ending == nullptr || !subject.ending->order) return;
    const Order& order = *subject.ending->order;
    const bool is_part = !order.combine_out_trade_no.empty();
    // Combined orders have numbers of their own: the same one may name both.
    if (!is_part && !subject.ending->parts.empty()) return;
    for (const Step& step : subject.trace.steps) {
        if (!is_about_order(step) || step.outcome == Outcome::unknown ||
            step.is_combined == is_part)
            continue;
        const char* const what = step.operation == Operation::query ? "queried" : "closed";
        found.add(subject, {&step},
                  is_part ? fmt::format("a part of the combined order {} was {} like a plain order",
                                        order.combine_out_trade_no, what)
                          : fmt::format("a plain order was {} like a combined one", what));
    }
}

}  // namespace

Rule flow_combine_calls_mixed() {
    return {.id = "flow/combine-calls-mixed",
            .severity = Severity::error,
            .meaning =
                "a part of a combined order was queried or closed like a plain order, or the "
                "other way round",
            .source = "A: wechatpay-skills, 接入质量检查清单: 合单支付, 接口不能混用, 必须",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
