#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/trade.hpp"

namespace wxpay::v3 {

/// An order as V3 tells of it, in the answer to a query and, once it is paid, in a callback.
/// source  [A] pay.weixin.qq.com/doc/v3/merchant/4012556352; spec V3 4.3 and 7.3
struct PaymentResult {
    std::string appid;
    std::string mchid;
    std::string out_trade_no;
    std::string transaction_id;  ///< when paid
    std::string trade_type;      ///< when paid
    TradeState trade_state = TradeState::not_paid;
    std::string trade_state_desc;
    std::string openid;        ///< when paid
    std::string attach;        ///< when paid
    std::optional<Fen> total;  ///< of the order; never absent when paid
    std::string currency = "CNY";
    std::optional<Instant> success_time;  ///< when paid
};

/// Reads the text of an answer or what a callback's resource holds, of a direct merchant. Errors:
/// not_utf8, too_large, malformed; missing_field; invalid_value (an unknown trade_state, an amount,
/// a time). What is paid or was (SUCCESS, REFUND) must have a transaction_id and a total.
Result<PaymentResult> parse_payment(std::string_view text);

}  // namespace wxpay::v3
