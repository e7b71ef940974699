// POST /pay/micropay: the cashier scans the code on the user's phone, and the money is there.
#include "sandbox/api_v2/micropay.hpp"

#include <array>
#include <optional>

#include "core/codec/beijing_time.hpp"

#include "sandbox/api_v2/new_order.hpp"
#include "sandbox/ledger/code_payment.hpp"
#include "sandbox/ledger/creation.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint micropay();

namespace {

// source  [B] replies quoted in public; [A] pay.weixin.qq.com/doc/v2/merchant/4011937125
constexpr Words kUserPaying{"USERPAYING", "需要用户输入支付密码"};
constexpr Words kBankError{"BANKERROR", "银行系统异常"};
constexpr Words kCodeMalformed{"AUTH_CODE_INVALID",
                               "请扫描微信支付授权码(以10/11/12/13/14/15为前缀的18位数字)"};
constexpr Words kCodeUnknown{"AUTH_CODE_INVALID", "101 付款码无效，请重新扫码"};
constexpr Words kCodeExpired{"AUTH_CODE_INVALID", "101 付款码已过期，请退出重试"};
constexpr Words kNotEnough{"NOTENOUGH", "余额不足"};
constexpr Words kCardNotSupported{"NOTSUPORTCARD", "不支持卡类型"};
constexpr Words kTradeError{"TRADE_ERROR", "用户没有输入支付密码"};
constexpr Words kOrderPaid{"ORDERPAID", "订单已支付"};
constexpr Words kOrderReversed{"ORDERREVERSED", "订单已撤销"};
constexpr Words kBuyerMismatch{"BUYER_MISMATCH", "支付帐号错误"};
constexpr Words kNoAuth{"NOAUTH", "商户无权限"};

constexpr std::array kOnDemand{
    kSystemError,
    kBankError,
    // Forms of the same refusals that other servers send: older, or documented and not seen.
    Words{"AUTHCODEEXPIRE", "二维码已过期，请用户在微信上刷新后再试"},
    Words{"AUTH_CODE_ERROR", "授权码参数错误"},
    Words{"OUT_TRADE_NO_USED", "商户订单号重复"},
    Words{"INVALID_REQUEST", "无效请求"},
};

constexpr std::array kFields{
    FieldRule{"device_info", Need::optional, 32},
    FieldRule{"version", Need::optional, 32},
    FieldRule{"body", Need::required, 128, "any text", nullptr, kParamFormat, Length::characters},
    FieldRule{"detail", Need::optional, 6000},
    FieldRule{"attach", Need::optional, 127},
    FieldRule{"out_trade_no", Need::required, 32, "1 to 32 of letters, digits and _-|*@",
              is_out_trade_no},
    FieldRule{"total_fee", Need::required, 10,
              "a whole number of fen, 1 to 1000000000 (0.88 yuan is 88)", is_total_fee,
              kTotalFeeInvalid},
    FieldRule{"fee_type", Need::optional, 16, "CNY",
              [](std::string_view value) { return value == "CNY"; }},
    FieldRule{"spbill_create_ip", Need::required, 64, "an IPv4 or IPv6 address", is_ip_address},
    FieldRule{"goods_tag", Need::optional, 32},
    FieldRule{"limit_pay", Need::optional, 32, "no_credit",
              [](std::string_view value) { return value == "no_credit"; }, kParamError},
    FieldRule{"time_start", Need::optional, 14, "yyyyMMddHHmmss", is_compact_time},
    FieldRule{"time_expire", Need::optional, 14, "yyyyMMddHHmmss", is_compact_time},
    FieldRule{"receipt", Need::optional, 8, "Y or N", is_yes_or_no},
    FieldRule{"auth_code", Need::required, 128, "18 digits that begin with 10 to 15", is_auth_code,
              kCodeMalformed},
    FieldRule{"scene_info", Need::optional, 256, "JSON", is_json},
    FieldRule{"profit_sharing", Need::optional, 16, "Y or N", is_yes_or_no},
    FieldRule{"deposit", Need::optional, 1, "Y or N", is_yes_or_no},
};

Reply paid(const Order& order, const Call& call) {
    Reply reply;
    reply.device_info = call.text("device_info");
    reply.shows_device_info = !reply.device_info.empty();
    reply.business = paid_by_code(order);
    return reply;
}

Failure<Refusal> refuse(const Words& words, std::string hint) {
    return Failure{Refusal{words, "auth_code", std::move(hint)}};
}

Words words_of(CodeProblem problem) {
    switch (problem) {
        case CodeProblem::user_paying:
        case CodeProblem::still_paying:
            return kUserPaying;
        case CodeProblem::not_enough:
            return kNotEnough;
        case CodeProblem::card_not_supported:
            return kCardNotSupported;
        case CodeProblem::error_but_paid:
            return kSystemError;
        case CodeProblem::bank_error:
            return kBankError;
        case CodeProblem::code_expired:
        case CodeProblem::code_used:
            return kCodeExpired;
        case CodeProblem::code_unknown:
            return kCodeUnknown;
        case CodeProblem::order_expired:
        case CodeProblem::number_burnt:
        case CodeProblem::closed:
            return kOrderClosed;
        case CodeProblem::already_paid:
            return kOrderPaid;
        case CodeProblem::reversed:
            return kOrderReversed;
        case CodeProblem::given_up:
            return kTradeError;
        case CodeProblem::another_payer:
            return kBuyerMismatch;
    }
    return kSystemError;
}

/// The number is known: whether this is the same call again.
std::optional<Refusal> check_same(const Order& stored, const Order& sent) {
    if (stored.trade_type != TradeType::micropay || stored.api != ApiVersion::v2) {
        return Refusal{kOrderNumberRepeated, "auth_code", "this number was ordered in another way"};
    }
    Order ordered = stored;
    ordered.openid = sent.openid;  // the payer's by now; the calls name none
    if (const std::string changed = differences(ordered, sent); !changed.empty())
        return Refusal{kOrderNumberRepeated, "auth_code", "ordered before with another " + changed};
    return std::nullopt;
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    Order sent = order_from(call, work.context().clock.now());
    sent.trade_type = TradeType::micropay;
    if (!call.merchant.products.contains(TradeType::micropay))
        return refuse(kNoAuth, "code payment is not switched on for this merchant");
    if (auto refusal = check_times(call, sent.created_at)) {
        if (!work.store().find_order(sent.mch_id, sent.out_trade_no))
            return Failure{std::move(*refusal)};
    }
    auto stored = work.store().find_order(sent.mch_id, sent.out_trade_no);
    std::string last_code;
    if (stored) {
        if (auto refusal = check_same(*stored, sent)) return Failure{std::move(*refusal)};
        last_code = created_with(*stored, "auth_code");
        stored->creation = sent.creation;
    }
    const std::string_view code = call.get("auth_code");
    const auto result = stored ? pay_by_code_again(work, *stored, last_code, code)
                               : pay_by_code(work, std::move(sent), code);
    if (!result) {
        if (keeps_order(result.error())) work.commit();
        return refuse(words_of(result.error()), std::string(hint_of(result.error())));
    }
    if (!result->never_arrives) return paid(result->order, call);
    Reply reply;
    reply.never_arrives = true;
    return reply;
}

}  // namespace

v2::Message paid_by_code(const Order& order) {
    v2::Message message;
    message.text("openid", order.openid).text("is_subscribe", "N");
    if (const std::string sub_openid = order.payers_sub_openid(); !sub_openid.empty())
        message.text("sub_openid", sub_openid).text("sub_is_subscribe", "N");
    message.text("trade_type", wire_name(order.trade_type))
        .text("bank_type", order.bank_type)
        .number("total_fee", order.total.count());
    if (const auto settlement = order.settlement_total())
        message.number("settlement_total_fee", settlement->count());
    if (!order.coupons.empty()) message.number("coupon_fee", order.coupon_total().count());
    message.text("fee_type", "CNY")
        .text("transaction_id", order.transaction_id.str())
        .text("out_trade_no", order.out_trade_no.str())
        .text("attach", order.attach)
        .text("time_end", format_compact_time(*order.paid_at))
        .number("cash_fee", order.cash().count())
        .text("cash_fee_type", "CNY");
    return message;
}

Endpoint micropay() {
    return {.path = "/pay/micropay",
            .fields = kFields,
            .handle = handle,
            .refuses_unknown_fields = true,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v2
