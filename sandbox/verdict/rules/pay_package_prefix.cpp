// A page that calls the cashier without "prepay_id=".
#include "sandbox/verdict/rules/invocations.hpp"

namespace wxpay::sandbox::verdict {

Rule pay_package_prefix();

namespace {

void judge(const Case& subject, Found& found) { add_slips(subject, Slip::package_prefix, found); }

}  // namespace

Rule pay_package_prefix() {
    return {
        .id = "pay/package-prefix",
        .severity = Severity::error,
        .meaning =
            "a page called wx.requestPayment without prepay_id= in package, or signed it without",
        .source = "A: wechatpay-skills, 接入质量检查清单: JSAPI/APP 调起签名是否正确区分, 致命",
        .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
