#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/domain/fen.hpp"

#include "merchant/shop/order.hpp"

namespace wxpay::merchant {

/// Where a refund stands.
enum class RefundState {
    asked,      ///< WeChat was asked, or soon will be; it may or may not know of it
    refused,    ///< WeChat said no; the same request may be made again
    accepted,   ///< WeChat took it on; the money is not back yet
    succeeded,  ///< the money is back
    abnormal,   ///< it could not be given back, the card is gone: a person must act
    closed,     ///< it came to nothing
};

/// "asked", "refused", …
std::string_view name(RefundState state);
/// Nothing for any other word.
std::optional<RefundState> parse_refund_state(std::string_view word);

/// Part of an order's money on its way back. All but `state`, `refund_id` and `ended_at` is fixed
/// when it is made.
struct Refund {
    std::string out_refund_no;  ///< ours; kept for every retry, so that no retry pays back twice
    std::string order_id;
    std::string request;  ///< what makes two requests about one order the same
    Fen fee;
    std::string notify_url;
    Instant asked_at;
    RefundState state = RefundState::asked;
    std::string refund_id = {};                      ///< WeChat's, once accepted
    std::optional<Instant> ended_at = std::nullopt;  ///< of a success

    /// Whether its fee counts against what can still be paid back.
    bool holds_money() const {
        return state != RefundState::refused && state != RefundState::closed;
    }
};

/// What WeChat says became of a refund, in a callback or in the answer to a query. Whether it is
/// about us and right is still open.
struct RefundReport {
    std::string appid;
    std::string mch_id;
    std::string out_trade_no;
    std::string transaction_id;
    std::string out_refund_no;
    std::string refund_id;
    Fen total;
    Fen fee;
    RefundState state;  ///< accepted, succeeded, abnormal or closed
    std::optional<Instant> ended_at;
};

/// What a report does to its refund.
enum class RefundRuling {
    record,            ///< it is news
    already_recorded,  ///< we knew
    refuse,            ///< not what we asked for
};

struct RefundDecision {
    RefundRuling ruling;
    std::string reason = {};  ///< why it is refused; fit for WeChat's log
};

/// Decides about a report for this refund of this order; reads and changes nothing else.
RefundDecision decide(const Order& order, const Refund& refund, const RefundReport& report);

}  // namespace wxpay::merchant
