// POST /secapi/pay/refund: the merchant gives a paid order's money back, or a part of it.
#include "sandbox/ledger/refund.hpp"

#include <array>

#include "core/domain/fen.hpp"

#include "sandbox/api_v2/judged_refusals.hpp"
#include "sandbox/api_v2/lookup.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint refund();
Endpoint refund_v2();

namespace {

// source  [B] replies quoted in public for those with a reason below; [A] the error table of
// pay.weixin.qq.com/wiki/doc/api/micropay.php?chapter=9_4 for the rest
constexpr Words kNoSuchOrder{"ORDERNOTEXIST", "订单不存在"};
constexpr Words kRefundOfClosed{"ERROR", "订单已关闭"};
constexpr Words kOverdue{"TRADE_OVERDUE", "订单已经超过退款期限"};
constexpr Words kNotEnough{"NOTENOUGH", "基本账户余额不足，请充值后重新发起"};

constexpr std::array kOnDemand{
    kInterfaceError,
    Words{"BIZERR_NEED_RETRY", "退款业务流程错误，需要商户触发重试来解决"},
    Words{"USER_ACCOUNT_ABNORMAL", "退款请求失败"},
    Words{"INVALID_REQ_TOO_MUCH", "无效请求过多"},
    Words{"FREQUENCY_LIMITED", "频率限制"},
    Words{"ORDER_NOT_READY", "订单处理中，暂时无法退款，请稍后再试"},
    Words{"NOAUTH", "异常IP请求不予受理"},
    // Forms of the same refusals that other servers send: older, or newer.
    Words{"REFUND_FEE_MISMATCH", kRefundDiffers.text},
    Words{"ERROR", kFullyRefunded.text},
};
constexpr std::array kRephrased{Rephrased{kSystemError, kInterfaceError}};

bool is_account(std::string_view value) {
    return value == "REFUND_SOURCE_UNSETTLED_FUNDS" || value == "REFUND_SOURCE_RECHARGE_FUNDS";
}

constexpr std::array kFields{
    FieldRule{"transaction_id", Need::optional, 32, "digits", is_transaction_id,
              kInvalidTransactionId},
    FieldRule{"out_trade_no", Need::optional, 32, "1 to 32 of letters, digits and _-|*@",
              is_out_trade_no},
    FieldRule{"out_refund_no", Need::required, 64, "1 to 64 of letters, digits and _-|*@",
              is_out_refund_no},
    FieldRule{"total_fee", Need::required, 10, "the order's total in fen (0.88 yuan is 88)",
              is_total_fee, kTotalFeeInvalid},
    FieldRule{"refund_fee", Need::required, 10, "a whole number of fen, 1 or more", is_total_fee},
    FieldRule{"refund_fee_type", Need::optional, 8, "CNY",
              [](std::string_view value) { return value == "CNY"; }, kParamError},
    FieldRule{"refund_desc", Need::optional, 80},
    FieldRule{"refund_account", Need::optional, 30,
              "REFUND_SOURCE_UNSETTLED_FUNDS or REFUND_SOURCE_RECHARGE_FUNDS", is_account,
              kParamError},
    FieldRule{"notify_url", Need::optional, 256, "http(s)://host[:port]/path", is_notify_url},
    FieldRule{"op_user_id", Need::optional, 32},
    FieldRule{"device_info", Need::optional, 32},
    FieldRule{"detail", Need::optional, 6000},
};

Refusal refusal_for(RefundProblem problem) {
    switch (problem) {
        case RefundProblem::not_paid:
            return {kNoSuchOrder, "out_trade_no",
                    "the order is not paid; there is nothing to refund"};
        case RefundProblem::closed:
            return {kRefundOfClosed, "out_trade_no", "the order was closed or reversed"};
        case RefundProblem::differs:
            return {
                kRefundDiffers, "out_refund_no",
                "total_fee is not the order's, or this out_refund_no stands for another refund"};
        case RefundProblem::overdue:
            return {kOverdue, "out_trade_no", "the order was paid more than 365 days ago"};
        case RefundProblem::too_many:
            return {kParamError, "out_refund_no", std::string(kTooManyRefunds)};
        case RefundProblem::nothing_left:
            return {kFullyRefunded, "refund_fee", "all of the order was refunded before"};
        case RefundProblem::more_than_left:
            return {kRefundAboveRest, "refund_fee", "more than what earlier refunds have left"};
        case RefundProblem::balance_too_low:
            break;
    }
    return {kNotEnough, "refund_fee", "the merchant's account holds less than refund_fee"};
}

void add_coupons(v2::Message& reply, const std::vector<v2::Coupon>& coupons) {
    const bool typed = v2::names_coupon_types(coupons);
    for (std::size_t n = 0; n < coupons.size(); ++n) {
        const v2::Coupon& coupon = coupons[n];
        const std::string index = std::to_string(n);
        if (typed) reply.text("coupon_type_" + index, coupon.type);
        reply.number("coupon_refund_fee_" + index, coupon.fee.count());
        reply.text("coupon_refund_id_" + index, coupon.id);
    }
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const auto order = find_order(call, work);
    if (!order) {
        return Failure{Refusal{kNoSuchOrder, "out_trade_no",
                               "this merchant has no order of that number; wrong mch_id?"}};
    }
    RefundRequest request;
    request.out_refund_no = call.text("out_refund_no");
    request.total = parse_total_fee(call.get("total_fee")).value();
    request.fee = parse_total_fee(call.get("refund_fee")).value();
    request.reason = call.text("refund_desc");
    request.account = call.get("refund_account").empty() ? "REFUND_SOURCE_UNSETTLED_FUNDS"
                                                         : call.text("refund_account");
    request.notify_url = call.text("notify_url");
    const auto refund = request_refund(work, *order, request);
    if (!refund) return Failure{refusal_for(refund.error())};

    Reply reply;
    reply.business.text("transaction_id", order->transaction_id.str())
        .text("out_trade_no", order->out_trade_no.str())
        .text("out_refund_no", refund->out_refund_no)
        .text("refund_id", refund->refund_id)
        .text("refund_channel", "")  // seen as an empty element
        .number("refund_fee", refund->fee.count());
    const auto settlement = order->settlement_total();
    if (settlement)
        reply.business.number("settlement_refund_fee", refund->settlement_fee().count());
    reply.business.number("coupon_refund_fee", refund->coupon_total().count())
        .number("total_fee", order->total.count());
    if (settlement) reply.business.number("settlement_total_fee", settlement->count());
    const auto coupons = refund->coupons_returned();
    reply.business.number("cash_fee", order->cash().count())
        .number("coupon_refund_count", static_cast<std::int64_t>(coupons.size()))
        .number("cash_refund_fee", refund->cash.count());
    add_coupons(reply.business, coupons);
    return reply;
}

}  // namespace

Endpoint refund() {
    return {.path = "/secapi/pay/refund",
            .fields = kFields,
            .handle = handle,
            .find_missing = find_missing_number,
            .needs_certificate = true,
            .rephrased = kRephrased,
            .on_demand = kOnDemand};
}

/// The twin for orders with single items; its `detail` is accepted and has no effect.
Endpoint refund_v2() {
    Endpoint twin = refund();
    twin.path = "/secapi/pay/refundv2";
    return twin;
}

}  // namespace wxpay::sandbox::api_v2
