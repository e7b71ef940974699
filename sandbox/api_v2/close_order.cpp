// POST /pay/closeorder: the merchant gives up an unpaid order.
#include <array>

#include "sandbox/api_v2/pipeline.hpp"
#include "sandbox/ledger/payment.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint close_order();

namespace {

constexpr Words kCloseOrderPaid{"ORDERPAID", "order paid"};
constexpr Words kCloseNotAllowed{"TRADE_STATE_ERROR", "订单状态错误"};

// A second close is documented as ORDERCLOSED, and observed as SUCCESS.
constexpr std::array kOnDemand{kSystemError, kOrderClosed};

constexpr std::array kFields{
    FieldRule{"out_trade_no", Need::required, 32, "1 to 32 of letters, digits and _-|*@",
              is_out_trade_no},
};

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    auto order = work.store().find_order(call.mch_id(), call.out_trade_no());
    const bool is_anothers = order && order->sub_mch_id != call.get("sub_mch_id");
    if (is_anothers) {
        return Failure{Refusal{kOrderNotExist, "sub_mch_id", "the order is not this sub_mch_id's"}};
    }
    if (!order) {
        if (work.context().settings.strict) {
            return Failure{
                Refusal{kOrderNotExist, "out_trade_no", "this number was never ordered"}};
        }
        // Observed: WeChat says SUCCESS and the number cannot be ordered any more.
        work.store().burn_number(call.mch_id(), call.out_trade_no());
        call.notes.emplace_back(
            "closeorder of a number that was never ordered succeeds and burns the number");
        return Reply{};
    }
    switch (order->state) {
        case TradeState::success:
        case TradeState::refund:
            return Failure{
                Refusal{kCloseOrderPaid, "out_trade_no", "the order is paid; refund it instead"}};
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
        return Failure{
            Refusal{kCloseNotAllowed, "out_trade_no", "a code payment is reversed, not closed"}};
    }
    close_unpaid(work, *order);
    return Reply{};
}

}  // namespace

Endpoint close_order() {
    return {.path = "/pay/closeorder", .fields = kFields, .handle = handle, .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v2
