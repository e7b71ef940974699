#include "merchant/shop/refund.hpp"

#include <fmt/format.h>

namespace wxpay::merchant {
namespace {

constexpr std::size_t kRefundIdBytesMax = 32;  // source  [A] refund page: String(32)

RefundDecision refuse(std::string reason) { return {RefundRuling::refuse, std::move(reason)}; }

/// Success and closing are final. From abnormal a person at WeChat's console leads to either.
bool may_follow(RefundState before, RefundState after) {
    switch (before) {
        case RefundState::asked:
        case RefundState::refused:
            return true;
        case RefundState::accepted:
        case RefundState::abnormal:
            return after != RefundState::accepted;
        case RefundState::succeeded:
        case RefundState::closed:
            break;
    }
    return false;
}

}  // namespace

std::string_view name(RefundState state) {
    switch (state) {
        case RefundState::asked:
            return "asked";
        case RefundState::refused:
            return "refused";
        case RefundState::accepted:
            return "accepted";
        case RefundState::succeeded:
            return "succeeded";
        case RefundState::abnormal:
            return "abnormal";
        case RefundState::closed:
            return "closed";
    }
    return {};
}

std::optional<RefundState> parse_refund_state(std::string_view word) {
    for (const RefundState state :
         {RefundState::asked, RefundState::refused, RefundState::accepted, RefundState::succeeded,
          RefundState::abnormal, RefundState::closed}) {
        if (word == name(state)) return state;
    }
    return std::nullopt;
}

RefundDecision decide(const Order& order, const Refund& refund, const RefundReport& report) {
    if (report.out_refund_no != refund.out_refund_no)
        return refuse("out_refund_no is not that of the refund");
    if (report.out_trade_no != order.out_trade_no.str())
        return refuse("out_trade_no is not that of the refund's order");
    if (report.transaction_id != order.transaction_id)
        return refuse("transaction_id is not that of the refund's order");
    if (report.refund_id.empty() || report.refund_id.size() > kRefundIdBytesMax)
        return refuse("refund_id is missing or too long");
    if (!refund.refund_id.empty() && report.refund_id != refund.refund_id)
        return refuse("refund_id is not that of the refund");
    if (report.total != order.total) {
        return refuse(fmt::format("total_fee is {}, the order's is {}", report.total.count(),
                                  order.total.count()));
    }
    if (report.fee != refund.fee) {
        return refuse(fmt::format("refund_fee is {}, we asked for {}", report.fee.count(),
                                  refund.fee.count()));
    }
    if (report.state == refund.state) return {RefundRuling::already_recorded};
    // News of how far it had come may arrive behind the news of its end.
    if (report.state == RefundState::accepted && refund.state != RefundState::asked &&
        refund.state != RefundState::refused)
        return {RefundRuling::already_recorded};
    if (!may_follow(refund.state, report.state)) {
        return refuse(fmt::format("{} after {}", name(report.state), name(refund.state)));
    }
    return {RefundRuling::record};
}

}  // namespace wxpay::merchant
