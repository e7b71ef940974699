// An amount in yuan where fen belong.
#include <cstdint>

#include <fmt/format.h>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule money_yuan_as_fen();

namespace {

constexpr std::int64_t kFenOfYuan = 100;

/// Whether one is the other in yuan.
bool is_off_by_hundred(std::int64_t one, std::int64_t other) {
    return one > 0 && other > 0 && (one / kFenOfYuan == other && one % kFenOfYuan == 0);
}

void judge(const Case& subject, Found& found) {
    for (const Step& step : subject.trace.steps) {
        if (!step.is_refusal()) continue;
        if (!step.details->fraction.empty()) {
            found.add(subject, {&step},
                      fmt::format("{} has {}: amounts are whole fen", step.details->call,
                                  step.details->fraction));
            continue;
        }
        if (!step.details->total || subject.ending == nullptr || !subject.ending->order) continue;
        const std::int64_t asked = *step.details->total;
        const std::int64_t cost = subject.ending->order->total.count();
        if (is_off_by_hundred(asked, cost) || is_off_by_hundred(cost, asked)) {
            found.add(subject, {&step},
                      fmt::format("{} says that the order costs {}, and it costs {} fen: exactly a "
                                  "hundred times off",
                                  step.details->call, asked, cost));
        }
    }
}

}  // namespace

Rule money_yuan_as_fen() {
    return {
        .id = "money/yuan-as-fen",
        .severity = Severity::error,
        .meaning = "an amount was sent in yuan where fen belong",
        .source = "A: wechatpay-skills, 接入质量检查清单, 铁律二: 金额计算必须使用整数（单位：分）",
        .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
