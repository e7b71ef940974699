// A request for profit sharing of which the merchant does not know how it ended.
#include <cstdint>
#include <map>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_sharing_not_queried();

namespace {

/// That it was accepted, even that it is finished, does not say that each receiver has got its
/// part.
void judge(const Case& subject, Found& found) {
    std::map<std::uint64_t, const Step*> open;
    for (const Step& step : subject.trace.steps) {
        if (step.operation == Operation::share && step.outcome != Outcome::refused)
            open.insert_or_assign(step.mark, &step);
        if (step.operation == Operation::share_query && step.outcome == Outcome::ok)
            open.erase(step.mark);
    }
    for (const auto& [mark, step] : open)
        found.add(subject, {step}, "shared, and nobody queried what the receivers have got");
}

}  // namespace

Rule flow_sharing_not_queried() {
    return {.id = "flow/sharing-not-queried",
            .severity = Severity::error,
            .meaning = "the outcome of a request for profit sharing was not queried",
            .source = "A: wechatpay-skills, 接入质量检查清单: 分账, 查询分账结果, 必须",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
