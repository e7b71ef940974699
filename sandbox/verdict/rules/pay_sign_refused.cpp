// A page that calls the cashier with a wrong paySign.
#include "sandbox/verdict/rules/invocations.hpp"

namespace wxpay::sandbox::verdict {

Rule pay_sign_refused();

namespace {

void judge(const Case& subject, Found& found) { add_slips(subject, Slip::signature, found); }

}  // namespace

Rule pay_sign_refused() {
    return {.id = "pay/sign-refused",
            .severity = Severity::error,
            .meaning = "a page called wx.requestPayment with a wrong paySign",
            .source = "A: wechatpay-skills, 接入质量检查清单: 下单和调起是否使用同一私钥, 致命",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
