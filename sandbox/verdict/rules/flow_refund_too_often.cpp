// A refund after the fiftieth.
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_refund_too_often();

namespace {

void judge(const Case& subject, Found& found) { add_refusals(subject, found, is_past_last_refund); }

}  // namespace

Rule flow_refund_too_often() {
    return {.id = "flow/refund-too-often",
            .severity = Severity::error,
            .meaning = "an order was to be refunded more than fifty times",
            .source = "A: wechatpay-skills, 接入质量检查清单: 同一笔订单最多 50 次部分退款, 必须",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
