// A field that breaks its rule.
#include <algorithm>
#include <array>
#include <string_view>

#include "sandbox/api_v2/refusals.hpp"
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule call_wrong_parameter();

namespace {

bool is_it(const Details& details) {
    // Yuan where fen belong, too many refunds, and who calls, have rules of their own.
    if (!details.fraction.empty() || is_past_last_refund(details)) return false;
    constexpr std::array<std::string_view, 5> kParts{"参数格式错误", api_v2::kParamMissing.text,
                                                     "不识别的参数", api_v2::kTotalFeeInvalid.text,
                                                     "JSAPI支付必须传openid"};
    if (details.error.starts_with("PARAM_ERROR")) return !names_other_mchid(details);
    return std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) {
        return details.error.find(part) != std::string::npos;
    });
}

void judge(const Case& subject, Found& found) { add_refusals(subject, found, is_it); }

}  // namespace

Rule call_wrong_parameter() {
    return {.id = "call/wrong-parameter",
            .severity = Severity::warning,
            .meaning = "a field was missing, unknown or malformed",
            .source = "A: the error tables of the pages; a test may mean to send it",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
