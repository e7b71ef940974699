// A refund of more than the order has left.
#include "sandbox/api_v2/judged_refusals.hpp"
#include "sandbox/api_v3/judged_refusals.hpp"
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule money_refund_above_total();

namespace {

bool is_it(const Details& details) {
    return says(details, api_v2::kRefundAboveRest.text) ||
           says(details, api_v2::kFullyRefunded.text) ||
           says(details, api_v3::kRefundAboveRest.message) ||
           says(details, api_v3::kFullyRefunded.message);
}

void judge(const Case& subject, Found& found) { add_refusals(subject, found, is_it); }

}  // namespace

Rule money_refund_above_total() {
    return {.id = "money/refund-above-total",
            .severity = Severity::warning,
            .meaning = "refunds of an order were to come to more than it cost",
            .source =
                "A: wechatpay-skills, 接入质量检查清单, 铁律二: 累加历史退款金额并校验; a test may "
                "mean to try it",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
