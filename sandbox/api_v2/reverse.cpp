// POST /secapi/pay/reverse: the cashier gives up a code payment, paid or not.
#include <array>

#include "sandbox/api_v2/lookup.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/ledger/refund.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint reverse();

namespace {

// source  [A] pay.weixin.qq.com/doc/v2/merchant/4011937125 and its reverse page
constexpr Words kReverseExpire{"REVERSE_EXPIRE", "订单无法撤销"};
constexpr Words kTradeError{"TRADE_ERROR", "业务错误"};
constexpr Words kInvalidRequest{"INVALID_REQUEST", "无效请求"};
constexpr std::array kOnDemand{kInterfaceError, Words{"USERPAYING", "用户支付中，需要输入密码"}};
constexpr std::array kRephrased{Rephrased{kSystemError, kInterfaceError}};

constexpr std::array kFields{
    FieldRule{"transaction_id", Need::optional, 32, "digits", is_transaction_id,
              kInvalidTransactionId},
    FieldRule{"out_trade_no", Need::optional, 32, "1 to 32 of letters, digits and _-|*@",
              is_out_trade_no, kParamError},
};

Reply done() {
    Reply reply;
    reply.business.text("recall", "N");
    return reply;
}

/// Whether it is worth calling again.
void add_recall(Refusal& refusal) {
    refusal.business.text("recall", refusal.words == kInterfaceError ? "Y" : "N");
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    auto order = find_order(call, work);
    if (!order) {
        call.notes.emplace_back("nothing was paid under this number, so there is nothing to undo");
        return done();
    }
    if (order->trade_type != TradeType::micropay) {
        return Failure{Refusal{kTradeError, "out_trade_no",
                               "only code payments are reversed; close or refund this order"}};
    }
    switch (order->state) {
        case TradeState::not_paid:
        case TradeState::user_paying:
        case TradeState::pay_error:
            order->state = TradeState::revoked;
            work.store().update_order(*order);
            forget_user(work, *order);
            work.changed(*order);
            break;
        case TradeState::success:
            if (work.context().clock.now() > *order->paid_at + kReverseWindow) {
                return Failure{Refusal{kReverseExpire, "out_trade_no",
                                       "paid more than 7 days ago: refund it instead"}};
            }
            if (!sandbox::reverse(work, *order)) {
                return Failure{Refusal{kTradeError, "out_trade_no",
                                       "the merchant's account holds less than was paid"}};
            }
            break;
        case TradeState::refund:
        case TradeState::closed:
            return Failure{Refusal{kInvalidRequest, "out_trade_no",
                                   "the order was refunded or closed: nothing to reverse"}};
        case TradeState::revoked:
            call.notes.emplace_back("the order was reversed before");
            break;
    }
    return done();
}

}  // namespace

Endpoint reverse() {
    return {.path = "/secapi/pay/reverse",
            .fields = kFields,
            .handle = handle,
            .find_missing = find_missing_number,
            .needs_certificate = true,
            .rephrased = kRephrased,
            .on_demand = kOnDemand,
            .complete = add_recall};
}

}  // namespace wxpay::sandbox::api_v2
