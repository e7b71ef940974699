// A day of payments whose bill nobody has looked at.
#include <chrono>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule bill_never_pulled();

namespace {

/// From when on the bill of the day can be had, counted from the day's beginning: 10:00 of the
/// next.
constexpr std::chrono::hours kBillIsThere{24 + 10};

void judge_run(const Run& run, Found& found) {
    for (const Run::Merchant& merchant : run.merchants) {
        if (!merchant.first_paid || merchant.bills > 0 ||
            run.now < start_of_day(*merchant.first_paid) + kBillIsThere)
            continue;
        found.add(merchant.mch_id, fmt::format("paid first at {}, and by {} no bill was asked for",
                                               format_readable_time(*merchant.first_paid),
                                               format_readable_time(run.now)));
    }
}

}  // namespace

Rule bill_never_pulled() {
    return {.id = "bill/never-pulled",
            .severity = Severity::warning,
            .meaning = "the bill of a day with payments was there, and no bill was ever asked for",
            .source = "A: wechatpay-skills, 接入质量检查清单: 账单对账, 次日 10:00 后拉取",
            .judge_run = judge_run};
}

}  // namespace wxpay::sandbox::verdict
