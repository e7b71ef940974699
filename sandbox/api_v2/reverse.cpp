// POST /secapi/pay/reverse: the cashier gives up a code payment, paid or not.
#include <array>
#include <string>
#include <utility>

#include "sandbox/api_v2/lookup.hpp"
#include "sandbox/ledger/code_payment.hpp"

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

Words words_of(ReverseProblem problem) {
    switch (problem) {
        case ReverseProblem::overdue:
            return kReverseExpire;
        case ReverseProblem::refunded:
        case ReverseProblem::closed:
            return kInvalidRequest;
        case ReverseProblem::not_by_code:
        case ReverseProblem::balance_too_low:
            break;
    }
    return kTradeError;
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    auto order = find_order(call, work);
    if (!order) {
        call.notes.emplace_back("nothing was paid under this number, so there is nothing to undo");
        return done();
    }
    if (order->state == TradeState::revoked)
        call.notes.emplace_back("the order was reversed before");
    if (const auto reversed = give_up_code_payment(work, std::move(*order)); !reversed) {
        return Failure{Refusal{words_of(reversed.error()), "out_trade_no",
                               std::string(hint_of(reversed.error()))}};
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
