// A merchant that knows of its payments by callbacks alone.
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule flow_never_queried();

namespace {

void judge_run(const Run& run, Found& found) {
    for (const Run::Merchant& merchant : run.merchants) {
        if (merchant.told == 0 || merchant.queries > 0) continue;
        found.add(merchant.mch_id,
                  "payments were told of by callbacks alone, and no order was ever queried");
    }
}

}  // namespace

Rule flow_never_queried() {
    return {.id = "flow/never-queried",
            .severity = Severity::warning,
            .meaning = "a merchant was told of payments by callbacks alone and never queried one",
            .source = "A: wechatpay-skills, 接入质量检查清单: 查单至少实现一个",
            .judge_run = judge_run};
}

}  // namespace wxpay::sandbox::verdict
