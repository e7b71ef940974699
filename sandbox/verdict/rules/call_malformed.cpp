// A call that cannot be read at all.
#include <algorithm>
#include <array>
#include <string_view>

#include "sandbox/api_v2/refusals.hpp"
#include "sandbox/api_v3/refusals.hpp"
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule call_malformed();

namespace {

bool is_it(const Details& details) {
    constexpr std::array<std::string_view, 6> kWords{
        api_v2::kMethodNotPost.text, api_v2::kPostDataEmpty.text,  api_v2::kNotUtf8.text,
        api_v2::kXmlMalformed.text,  api_v3::kBodyNotJson.message, api_v3::kNoUserAgent.message};
    return std::any_of(kWords.begin(), kWords.end(),
                       [&](std::string_view words) { return says(details, words); });
}

void judge(const Case& subject, Found& found) { add_refusals(subject, found, is_it); }

}  // namespace

Rule call_malformed() {
    return {.id = "call/malformed",
            .severity = Severity::error,
            .meaning = "a call could not be read: no XML or JSON, wrong method, missing headers",
            .source = "A: the error tables of the order pages; wechatpay-skills, 排障手册",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
