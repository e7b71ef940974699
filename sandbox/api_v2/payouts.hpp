#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {

// What the calls for transfers and red packets share.

/// What one payout may come to; above it and below it the texts speak of limits.
inline constexpr std::int64_t kPayoutMin = 30;
inline constexpr std::int64_t kPayoutMax = 500'000;

/// For `accepts`: digits, as many as fit into an int64.
bool is_amount(std::string_view value);
/// Of a value that is_amount() accepts.
std::int64_t amount_of(std::string_view value);

/// For `accepts`: letters and digits.
bool is_payout_number(std::string_view value);
bool is_openid(std::string_view value);

/// The body of a refusal whose return_msg repeats the reason.
std::string refuse_twice(const Refusal& refusal, const XmlMessage* message);

/// return_code FAIL and the reason.
std::string refuse_protocol(const Refusal& refusal);

/// The hint for a number that stands for another payout.
std::string hint_for_difference(std::string_view what);

}  // namespace wxpay::sandbox::api_v2
