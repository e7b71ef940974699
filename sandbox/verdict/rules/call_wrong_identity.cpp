// A call in the name of a merchant or app that is not the caller's.
#include <algorithm>
#include <array>
#include <string_view>

#include "sandbox/api_v2/refusals.hpp"
#include "sandbox/api_v3/refusals.hpp"
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule call_wrong_identity();

namespace {

bool is_it(const Details& details) {
    constexpr std::array<std::string_view, 8> kWords{
        api_v2::kMerchantUnknown.text,  api_v2::kSubMchIdRequired.text,
        api_v2::kAppidUnknown.text,     api_v2::kAppidNotBound.text,
        api_v3::kAppidNotBound.message, api_v3::kMchidDiffers.message,
        api_v3::kNoRelation.message,    "appid and openid not match"};
    return names_nobody(details) ||
           std::any_of(kWords.begin(), kWords.end(),
                       [&](std::string_view words) { return says(details, words); });
}

void judge(const Case& subject, Found& found) { add_refusals(subject, found, is_it); }

}  // namespace

Rule call_wrong_identity() {
    return {
        .id = "call/wrong-identity",
        .severity = Severity::error,
        .meaning =
            "a call named a merchant or an app that does not exist or does not belong together",
        .source = "A: wechatpay-skills, 排障手册, 268445527; the error tables of the order pages",
        .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
