// A call whose signature is wrong.
#include "sandbox/api_v2/refusals.hpp"
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule sign_refused();

namespace {

bool is_it(const Details& details) {
    if (details.error.starts_with("SIGN_ERROR") || details.error.starts_with("SIGNERROR"))
        return !names_nobody(details);
    return says(details, api_v2::kSignWrong.text);
}

void judge(const Case& subject, Found& found) { add_refusals(subject, found, is_it); }

}  // namespace

Rule sign_refused() {
    return {.id = "sign/refused",
            .severity = Severity::error,
            .meaning = "a call was refused for its signature",
            .source =
                "A: pay.weixin.qq.com/doc/v2/merchant/4011985891; wechatpay-skills, 签名与验签规则",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
