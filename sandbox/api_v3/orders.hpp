#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sandbox/api_v3/pipeline.hpp"
#include "sandbox/ledger/order.hpp"

namespace wxpay::sandbox::api_v3 {

/// The order that the path names by out_trade_no or transaction_id, as far as the caller may see
/// it: its own, or in provider mode the sub_mchid's that the call names. A part of a combined order
/// is not to be seen here (spec V3 4.7).
Result<Order, Refusal> find_order(const Call& call, Work& work);

/// Why this caller may not see an order that exists: the number that support has for it, and a
/// hint; nothing when it may.
std::optional<std::pair<int, std::string_view>> why_not_seen(const Call& call, const Order& order);

/// The order that a call describes, as far as all ways to pay describe it alike. A provider that
/// names no app uses its first.
Order order_from(const Call& call, TradeType type, Work& work);

/// Which members of the body a repeated call has changed.
std::string differences(const Order& stored, const Order& sent);

/// time_expire, the last moment to pay, moved into what WeChat allows.
std::optional<Instant> expiry_of(const Call& call, Instant now);

/// "no_credit", when the list limit_pay has it; what else stands there is noted.
std::string limit_pay_of(const Call& call);

/// Refuses an openid that was issued to another app than this one.
std::optional<Refusal> check_owner(std::string_view appid, const std::string& openid, Work& work);

/// Whether the user's openid fits the app that orders; what is odd about it is noted.
std::optional<Refusal> check_openid(const Call& call, const AppId& appid, const std::string& openid,
                                    Work& work);

/// Text for the merchant's eyes only, encrypted by its certificate, in base64.
std::string encrypted_for(const Merchant& merchant, std::string_view plain);

/// An order as queries answer it.
Reply order_reply(const Order& order);

}  // namespace wxpay::sandbox::api_v3
