#pragma once

#include "sandbox/api_v3/refusals.hpp"

namespace wxpay::sandbox::api_v3 {

// Refusals of single endpoints that the verdict knows again by their words. Sources and grades:
// where they are used.

inline constexpr Words kRefundDiffers{400, "INVALID_REQUEST",
                                      "订单金额或退款金额与之前请求不一致，请核实后再试"};
inline constexpr Words kFullyRefunded{400, "INVALID_REQUEST", "订单已全额退款"};
inline constexpr Words kRefundAboveRest{400, "INVALID_REQUEST", "申请退款金额大于订单可退金额"};
inline constexpr Words kTooManyRefunds{400, "INVALID_REQUEST", "订单部分退款次数超过上限"};

inline constexpr Words kOtherSettlement{400, "INVALID_REQUEST", "重复下单且结算信息不一致",
                                        268498688};
inline constexpr Words kOtherReceivers{400, "INVALID_REQUEST", "分账接收方与原请求不一致"};

}  // namespace wxpay::sandbox::api_v3
