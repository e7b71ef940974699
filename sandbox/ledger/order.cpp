#include "sandbox/ledger/order.hpp"

#include <array>
#include <utility>

#include "sandbox/ledger/identifiers.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::array<std::pair<RefundOutcome, std::string_view>, 4> kOutcomes{
    {{RefundOutcome::success, "success"},
     {RefundOutcome::closed, "closed"},
     {RefundOutcome::abnormal, "abnormal"},
     {RefundOutcome::hold, "hold"}}};

}  // namespace

std::string_view wire_name(ApiVersion version) { return version == ApiVersion::v2 ? "v2" : "v3"; }

std::string_view wire_name(RefundOutcome outcome) {
    for (const auto& [each, word] : kOutcomes) {
        if (each == outcome) return word;
    }
    return {};
}

std::optional<RefundOutcome> parse_refund_outcome(std::string_view word) {
    for (const auto& [outcome, each] : kOutcomes) {
        if (each == word) return outcome;
    }
    return std::nullopt;
}

Fen Order::coupon_total() const {
    std::int64_t sum = 0;  // the coupons were checked against the total when they were taken
    for (const v2::Coupon& coupon : coupons) sum += coupon.fee.count();
    return Fen{sum};
}

std::string Order::payers_sub_openid() const {
    if (!sub_openid.empty() || sub_appid.empty()) return sub_openid;
    return openid_from(sub_appid, openid);
}

Fen Order::cash() const { return Fen{total.count() - coupon_total().count()}; }

std::optional<Fen> Order::settlement_total() const {
    if (!v2::names_coupon_types(coupons)) return std::nullopt;
    std::int64_t settled = total.count();
    for (const v2::Coupon& coupon : coupons) {
        if (coupon.type == "NO_CASH") settled -= coupon.fee.count();
    }
    return Fen{settled};
}

std::optional<PayProblem> why_not_payable(const Order& order, Instant now) {
    switch (order.state) {
        case TradeState::success:
        case TradeState::refund:
            return PayProblem::already_paid;
        case TradeState::closed:
        case TradeState::revoked:
            return PayProblem::closed;
        case TradeState::pay_error:
            return PayProblem::failed;
        case TradeState::not_paid:
        case TradeState::user_paying:
            break;
    }
    if (order.expires_at && now >= *order.expires_at) return PayProblem::expired;
    return std::nullopt;
}

Result<Order, PayProblem> pay(Order order, const Payment& payment, Instant now) {
    if (const auto problem = why_not_payable(order, now)) return Failure{*problem};
    if (order.limit_pay == "no_credit" && payment.bank_type.ends_with("_CREDIT")) {
        return Failure{PayProblem::card_not_supported};
    }
    order.state = TradeState::success;
    order.transaction_id = payment.transaction_id;
    order.openid = payment.openid;
    order.bank_type = payment.bank_type;
    order.coupons = payment.coupons;
    order.paid_at = now;
    return order;
}

}  // namespace wxpay::sandbox
