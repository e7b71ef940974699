// A call that wants the merchant's certificate, without it or with another.
#include "sandbox/api_v2/judged_refusals.hpp"
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule call_certificate_missing();

namespace {

bool is_it(const Details& details) {
    return says(details, api_v2::kCertificateNotSent) || says(details, api_v2::kCertificateWrong) ||
           details.error.starts_with(api_v2::kCertificateOfAnother.err_code) ||
           details.error.starts_with("CA_ERROR");
}

void judge(const Case& subject, Found& found) { add_refusals(subject, found, is_it); }

}  // namespace

Rule call_certificate_missing() {
    return {.id = "call/certificate-missing",
            .severity = Severity::error,
            .meaning = "a call that demands the client certificate came without the right one",
            .source = "A: wechatpay-skills, 接入质量检查清单: 需双向证书",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
