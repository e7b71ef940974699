#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

#include "sandbox/ledger/order.hpp"
#include "sandbox/ledger/work.hpp"

namespace wxpay::sandbox {

enum class RefundState { processing, success, closed, abnormal };

/// The control API's words: PROCESSING, SUCCESS, CLOSED, ABNORMAL; API V3's too.
std::string_view wire_name(RefundState state);
std::optional<RefundState> parse_refund_state(std::string_view word);
/// API V2's words: PROCESSING, SUCCESS, REFUNDCLOSE, CHANGE.
std::string_view v2_name(RefundState state);

/// Money on its way back. One namespace of (mch_id, out_refund_no) for both API versions.
struct Refund {
    std::int64_t id = 0;        ///< given by the store; grows with creation
    std::int64_t order_id = 0;  ///< the order that it gives back
    MchId mch_id;
    std::string out_refund_no;  ///< empty: a code payment was reversed
    std::string refund_id;      ///< 29 digits
    ApiVersion api = ApiVersion::v2;
    RefundState state = RefundState::processing;
    Fen total;                        ///< what the order cost
    Fen fee;                          ///< what goes back, coupons included
    Fen cash;                         ///< of it to the user
    std::vector<v2::Coupon> coupons;  ///< of it to coupons: each with what goes back to it
    std::string reason;
    std::string account;     ///< REFUND_SOURCE_UNSETTLED_FUNDS or REFUND_SOURCE_RECHARGE_FUNDS
    std::string notify_url;  ///< empty: nobody is told
    std::string platform_serial = {};  ///< as Order::platform_serial, of the call for the refund
    Instant created_at;
    std::optional<Instant> succeeded_at;

    bool is_reversal() const { return out_refund_no.empty(); }
    /// Whether the money counts against what is left of the order (events.md 2).
    bool holds_money() const { return state != RefundState::closed; }
    /// Those of the order's coupons of which something goes back. (`coupons` has all of them.)
    std::vector<v2::Coupon> coupons_returned() const;
    Fen coupon_total() const { return Fen{fee.count() - cash.count()}; }
    /// The fee less what goes back to NO_CASH coupons.
    Fen settlement_fee() const;
};

/// Where a user's money goes back to; the words of queries and notifications.
std::string recipient(const Order& order);

/// Why a refund is not accepted.
enum class RefundProblem {
    not_paid,
    closed,
    differs,       ///< the total is not the order's, or the number stands for another refund
    overdue,       ///< paid more than a year ago
    too_many,      ///< the order has had its fifty
    nothing_left,  ///< all of it was refunded before
    more_than_left,
    balance_too_low
};

struct RefundRequest {
    std::string out_refund_no;
    Fen total;
    Fen fee;
    std::string reason;
    std::string account;
    std::string notify_url;
    ApiVersion api = ApiVersion::v2;
    std::string platform_serial = {};
};

/// Accepts a refund, or finds the one of that number again. What follows (its end, its callback) is
/// written in the same transaction. The caller commits.
Result<Refund, RefundProblem> request_refund(Work& work, const Order& order,
                                             const RefundRequest& request);

/// Ends a refund that is in process, and tells notify_url. Harmless when it has ended before.
void end_refund(Work& work, const Refund& refund, RefundOutcome outcome);

/// Sends an abnormal refund on its way again, to another account: PROCESSING, and then success,
/// unless the order's refunds are held. The order's next ones go there too.
Refund send_again(Work& work, Refund refund);

/// Gives a paid code payment back at once and for good: REVOKED. The order's state changes here.
/// Nothing happens when the merchant's account holds too little.
std::optional<Order> reverse(Work& work, Order order);

}  // namespace wxpay::sandbox
