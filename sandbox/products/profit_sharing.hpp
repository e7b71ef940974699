#pragma once

#include <chrono>
#include <string_view>

#include "sandbox/ledger/work.hpp"
#include "sandbox/store/store.hpp"

// Profit sharing: a merchant passes on parts of what it was paid. Requests, returns, receivers and
// what is left of each order are documents of their own, each the JSON that its query answers.
// source  spec V3 9.3
namespace wxpay::sandbox {

inline constexpr std::string_view kSharingKind = "sharing";  ///< a request, by out_order_no
/// What of an order is shared, by transaction_id.
inline constexpr std::string_view kSharingRestKind = "sharing_rest";

/// From so long after its payment on WeChat sets free by itself what of an order was not shared.
inline constexpr std::chrono::hours kSharingEnds{30 * 24};

/// Whether the order was made to be shared, by either API.
bool is_for_sharing(const Order& order);

/// The receivers get their money: a step of take_step().
void step_profit_sharing(Work& work, const Document& document);

}  // namespace wxpay::sandbox
