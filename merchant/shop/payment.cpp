#include "merchant/shop/payment.hpp"

#include <fmt/format.h>

namespace wxpay::merchant {
namespace {

constexpr std::size_t kTransactionIdBytesMax = 32;  // source  [A] notification page: String(32)

Failure<Error> not_ours(const char* field) {
    return Failure{
        Error{Errc::mismatch, fmt::format("{} is not that of this merchant", field), field}};
}

Decision refuse(std::string reason, bool alarm = false) {
    return {Ruling::refuse, std::move(reason), alarm};
}

}  // namespace

Result<void> check_addressee(const std::string& appid, const std::string& mch_id,
                             const Identity& us) {
    // Merchants of one owner often share an API key, so that a right signature alone does not say
    // whose sale this is.
    if (appid != us.appid) return not_ours("appid");
    if (mch_id != us.mch_id) return not_ours("mch_id");
    return {};
}

Decision decide(const Order& order, const PaymentReport& report) {
    if (report.out_trade_no != order.out_trade_no.str())
        return refuse("out_trade_no is not that of the order");
    if (report.transaction_id.empty() || report.transaction_id.size() > kTransactionIdBytesMax)
        return refuse("transaction_id is missing or too long");
    // A signed message with another amount is WeChat's word about some other payment, or a merchant
    // key in wrong hands. total_fee is what counts: with coupons, cash_fee is less, and we are paid
    // in full all the same.
    if (report.total != order.total)
        return refuse(fmt::format("total_fee is {}, the order's is {}", report.total.count(),
                                  order.total.count()),
                      true);
    // 100 in another currency is not 100 fen.
    if (report.fee_type != "CNY") return refuse("fee_type is not CNY", true);

    if (order.credits > 0) {
        if (report.transaction_id == order.transaction_id) return {Ruling::already_credited};
        return refuse("the order is already paid by another transaction_id", true);
    }
    return {order.state == OrderState::closed ? Ruling::credit_late : Ruling::credit};
}

}  // namespace wxpay::merchant
