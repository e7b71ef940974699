#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/ids.hpp"

namespace wxpay::merchant {

/// Where a shop order stands. It is `paid` exactly when a payment is in the books, and `refunded`
/// when all of it is back with the user.
enum class OrderState { unpaid, paid, refunded, closed };

/// "unpaid", "paid", "refunded", "closed".
std::string_view name(OrderState state);
/// Nothing for any other word.
std::optional<OrderState> parse_order_state(std::string_view word);

/// What a user bought. All but `state` and `prepay_asked_at` is fixed when the order is made:
/// WeChat takes a second unifiedorder for the same number only when its fields are those of the
/// first, so nothing of it may depend on when or under which settings the user taps "pay".
struct Order {
    std::string id;           ///< ours, for urls; cannot be guessed
    OutTradeNo out_trade_no;  ///< ours, for WeChat
    OpenId openid;            ///< who ordered
    std::string body;         ///< what the cashier shows
    Fen total;
    std::string notify_url;
    Instant created_at;
    OrderState state = OrderState::unpaid;
    std::optional<Instant> prepay_asked_at = std::nullopt;  ///< since then WeChat may take money
    int credits = 0;                                        ///< payments in the books for it
    std::string transaction_id = {};                        ///< of that payment
    Fen refunded = {};                                      ///< what is back with the user
};

}  // namespace wxpay::merchant
