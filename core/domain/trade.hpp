#pragma once

#include <optional>
#include <string_view>

namespace wxpay {

/// How the user pays. MWEB is a page in the phone's browser, MICROPAY a code that the cashier
/// scans.
enum class TradeType { jsapi, native, app, mweb, micropay };

/// Where an order stands; the same words in V2 and V3 (pay.weixin.qq.com, trade_state; grade A).
enum class TradeState { not_paid, user_paying, pay_error, success, refund, closed, revoked };

/// The wire word: "JSAPI", "NOTPAY", …
std::string_view wire_name(TradeType type);
std::string_view wire_name(TradeState state);
/// Nothing for an unknown word.
std::optional<TradeType> parse_trade_type(std::string_view word);
std::optional<TradeState> parse_trade_state(std::string_view word);

}  // namespace wxpay
