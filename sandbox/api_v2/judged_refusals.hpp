#pragma once

#include <string_view>

#include "sandbox/api_v2/refusals.hpp"

namespace wxpay::sandbox::api_v2 {

// Refusals of single endpoints that the verdict knows again by their words. Sources and grades:
// where they are used.

inline constexpr std::string_view kCertificateNotSent = "No required SSL certificate was sent";
inline constexpr std::string_view kCertificateWrong = "The SSL certificate error";

inline constexpr Words kRefundDiffers{"INVALID_REQUEST",
                                      "订单金额或退款金额与之前请求不一致，请核实后再试"};
inline constexpr Words kFullyRefunded{"INVALID_REQUEST", "订单已全额退款"};
inline constexpr Words kRefundAboveRest{"REFUND_FEE_INVALID", "累计退款金额大于支付金额"};
/// The hint: the words are those of any wrong parameter.
inline constexpr std::string_view kTooManyRefunds = "an order has at most 50 partial refunds";

inline constexpr Words kTransferDiffers{"FATAL_ERROR", "两次请求参数不一致"};
inline constexpr Words kRedPackDiffers{"FATAL_ERROR", "openid和原始单参数不一致"};

}  // namespace wxpay::sandbox::api_v2
