// A number that stands for something else already.
#include <algorithm>
#include <array>
#include <string_view>

#include "sandbox/api_v2/judged_refusals.hpp"
#include "sandbox/api_v3/judged_refusals.hpp"
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_number_reused();

namespace {

bool is_it(const Details& details) {
    constexpr std::array<std::string_view, 9> kWords{
        api_v2::kOrderNumberRepeated.text, api_v2::kRefundDiffers.text,
        api_v2::kTransferDiffers.text,     api_v2::kRedPackDiffers.text,
        api_v3::kReentryDiffers.message,   api_v3::kNumberUsed.message,
        api_v3::kRefundDiffers.message,    api_v3::kOtherSettlement.message,
        api_v3::kOtherReceivers.message};
    return std::any_of(kWords.begin(), kWords.end(),
                       [&](std::string_view words) { return says(details, words); });
}

/// A refund is refused in the same words when it has the order's total wrong.
bool has_wrong_total(const Case& subject, const Details& details) {
    return !details.out_refund_no.empty() && details.total && subject.ending != nullptr &&
           subject.ending->order && subject.ending->order->total.count() != *details.total;
}

void judge(const Case& subject, Found& found) {
    add_refusals(subject, found, [&](const Details& details) {
        return is_it(details) && !has_wrong_total(subject, details);
    });
}

}  // namespace

Rule flow_number_reused() {
    return {.id = "flow/number-reused",
            .severity = Severity::error,
            .meaning = "a number was sent again with other content",
            .source =
                "A: wechatpay-skills, 排障手册, 268498688: 同一 out_trade_no "
                "必须用完全相同的参数重新请求",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
