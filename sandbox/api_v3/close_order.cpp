// POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close and its partner form: the merchant
// gives up an unpaid order.
#include <array>

#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/orders.hpp"
#include "sandbox/ledger/payment.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint close_order();
Endpoint partner_close_order();

namespace {

constexpr Words kOnlyReverse{403, "TRADE_ERROR", "付款码支付的订单只能撤销，不能关闭", 268449641};

constexpr std::array kNumber{in_path(kOutTradeNo)};
constexpr std::array kDirect{required("mchid", 32)};
constexpr std::array kPartner{required("sp_mchid", 32), required("sub_mchid", 32)};
constexpr auto kDirectFields = kNumber + kDirect;
constexpr auto kPartnerFields = kNumber + kPartner;

/// source  spec V3 4.4: the table says 404, a measured run of 2026 got 204 and a burnt number
Result<Reply, Refusal> close_unknown(const Call& call, const OutTradeNo& number, Work& work) {
    if (work.context().settings.strict)
        return Failure{Refusal{kOrderNotExist, "this number was never ordered"}};
    work.store().burn_number(call.merchant.mch_id, number);
    call.notes.emplace_back(
        "closed a number that was never ordered: that succeeds, and the number is burnt; close "
        "only what was ordered");
    return Reply{};
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const auto order = find_order(call, work);
    if (!order) {
        const auto number = OutTradeNo::parse(call.path("out_trade_no"));
        if (number && !work.store().find_order(call.merchant.mch_id, *number))
            return close_unknown(call, *number, work);
        return Failure{order.error()};
    }
    switch (order->state) {
        case TradeState::success:
        case TradeState::refund:
            return Failure{Refusal{kOrderPaid, "the order is paid; refund it instead"}};
        case TradeState::closed:
        case TradeState::revoked:
            call.notes.emplace_back("the order was closed before; closing it again succeeds");
            return Reply{};
        case TradeState::not_paid:
        case TradeState::user_paying:
        case TradeState::pay_error:
            break;
    }
    if (order->trade_type == TradeType::micropay) {
        return Failure{Refusal{order->state == TradeState::user_paying ? kUserPaying : kOnlyReverse,
                               "a code payment is reversed, not closed"}};
    }
    close_unpaid(work, *order);
    return Reply{};
}

Endpoint close(std::string_view path, std::span<const FieldRule> fields, std::string_view caller) {
    return {.method = "POST", .path = path, .fields = fields, .handle = handle, .caller = caller};
}

}  // namespace

Endpoint close_order() {
    return close("/v3/pay/transactions/out-trade-no/{out_trade_no}/close", kDirectFields, "mchid");
}
Endpoint partner_close_order() {
    return close("/v3/pay/partner/transactions/out-trade-no/{out_trade_no}/close", kPartnerFields,
                 "sp_mchid");
}

}  // namespace wxpay::sandbox::api_v3
