#include "sandbox/api_v2/payouts.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace wxpay::sandbox::api_v2 {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_amount(std::string_view value) {
    constexpr std::size_t kFits = 18;
    return value.size() <= kFits && std::all_of(value.begin(), value.end(), is_digit);
}

std::int64_t amount_of(std::string_view value) {
    std::int64_t amount = 0;
    std::from_chars(value.data(), value.data() + value.size(), amount);
    return amount;
}

bool is_payout_number(std::string_view value) {
    return std::all_of(value.begin(), value.end(), [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

bool is_openid(std::string_view value) { return OpenId::parse(value).has_value(); }

std::string refuse_twice(const Refusal& refusal, const XmlMessage* /*message*/) {
    if (refusal.words.is_protocol_failure()) return refuse_protocol(refusal);
    return v2::Message()
        .text("return_code", "SUCCESS")
        .text("return_msg", text_of(refusal))
        .text("result_code", "FAIL")
        .text("err_code", refusal.words.err_code)
        .text("err_code_des", text_of(refusal))
        .render();
}

std::string refuse_protocol(const Refusal& refusal) {
    return v2::Message().text("return_code", "FAIL").text("return_msg", text_of(refusal)).render();
}

std::string hint_for_difference(std::string_view what) {
    return fmt::format("this number was sent before with another {}; a new payout needs a new one",
                       what);
}

}  // namespace wxpay::sandbox::api_v2
