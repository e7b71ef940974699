// POST /v3/pay/transactions/codepay, …/out-trade-no/{out_trade_no}/reverse and their partner forms:
// the cashier scans the code on the user's phone, and can give the payment up again.
// source  spec V3 4.5: [B]
// developers.weixin.qq.com/community/pay/doc/00000ec3eb83e07bff92975046fc00
#include "sandbox/ledger/code_payment.hpp"

#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"

#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/orders.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint codepay();
Endpoint partner_codepay();
Endpoint partner_reverse();
Endpoint reverse();

namespace {

using Json = nlohmann::json;

constexpr Words kCodeMalformed{400, "AUTH_CODE_INVALID",
                               "请扫描微信支付授权码(以10/11/12/13/14/15为前缀的18位数字)"};
constexpr Words kCodeUnknown{400, "AUTH_CODE_INVALID", "付款码无效"};
constexpr Words kCodeExpired{403, "AUTH_CODE_EXPIRE", "付款码已过期，请用户刷新后重试"};
constexpr Words kUserHasTooLittle{403, "NOT_ENOUGH", "余额不足"};
constexpr Words kTradeError{403, "TRADE_ERROR", "交易错误"};
constexpr Words kReversed{400, "ORDER_REVERSED", "订单已撤销"};
constexpr Words kBankError{500, "BANK_ERROR", "银行系统异常"};
constexpr std::array kOnDemand{kUserHasTooLittle};

constexpr const char* kNotForAll =
    "not every merchant has code payment in V3; where it is missing, V2's /pay/micropay is the way";

constexpr std::array kDirect{required("appid", 32, Limit::recalled),
                             required("mchid", 32, Limit::recalled)};
constexpr std::array kPartner{
    optional("sp_appid", 32, Limit::recalled), required("sp_mchid", 32, Limit::recalled),
    optional("sub_appid", 32, Limit::recalled), required("sub_mchid", 32, Limit::recalled)};
constexpr std::array kWhat{required("description", 127, Limit::recalled),
                           [] {
                               FieldRule rule = kOutTradeNo;
                               rule.limit = Limit::recalled;
                               return rule;
                           }(),
                           optional("attach", 128, Limit::recalled),
                           optional("goods_tag", 32, Limit::recalled),
                           flag("support_fapiao"),
                           object("payer", Need::required),
                           required("payer.auth_code", 32, Limit::recalled),
                           object("amount", Need::required),
                           order_total("amount.total"),
                           one_of(optional("amount.currency", 16, Limit::recalled), kCny),
                           object("scene_info", Need::required),
                           optional("scene_info.device_id", 32, Limit::recalled),
                           optional("scene_info.device_ip", 45, Limit::recalled),
                           object("scene_info.store_info", Need::required),
                           optional("scene_info.store_info.id", 32, Limit::recalled),
                           optional("scene_info.store_info.out_id", 256, Limit::recalled),
                           object("settle_info"),
                           flag("settle_info.profit_sharing")};
constexpr std::array kNumber{in_path(kOutTradeNo)};

constexpr auto kDirectPayment = kDirect + kWhat + kGoods;
constexpr auto kPartnerPayment = kPartner + kWhat + kGoods;
constexpr auto kDirectReversal = kNumber + kDirect;
constexpr auto kPartnerReversal = kNumber + kPartner;

Words words_of(CodeProblem problem) {
    switch (problem) {
        case CodeProblem::user_paying:
        case CodeProblem::still_paying:
            return kUserPaying;
        case CodeProblem::not_enough:
            return kUserHasTooLittle;
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
            return kOrderExpired;
        case CodeProblem::number_burnt:
            return kReentryDiffers;
        case CodeProblem::already_paid:
            return kOrderPaid;
        case CodeProblem::closed:
            return kOrderClosed;
        case CodeProblem::reversed:
            return kReversed;
        case CodeProblem::card_not_supported:
        case CodeProblem::given_up:
        case CodeProblem::another_payer:
            break;
    }
    return kTradeError;
}

Words words_of(ReverseProblem problem) {
    switch (problem) {
        case ReverseProblem::balance_too_low:
            return kNotEnough;
        case ReverseProblem::closed:
            return kOrderClosed;
        case ReverseProblem::not_by_code:
        case ReverseProblem::overdue:
        case ReverseProblem::refunded:
            break;
    }
    return kTradeError;
}

std::string code_of(const Order& order) {
    const auto creation = parse_json(order.creation);
    return creation ? (*creation)["payer"].value("auth_code", "") : "";
}

/// The order as if it had been made with this code: each call may bring another one.
Order with_code(Order order, const std::string& auth_code) {
    if (auto creation = parse_json(order.creation)) {
        (*creation)["payer"]["auth_code"] = auth_code;
        order.creation = dump_json(*creation);
    }
    return order;
}

/// The number is known: whether this is the same call again.
Result<void, Refusal> check_same(const Order& stored, const Order& sent,
                                 const std::string& auth_code) {
    if (stored.trade_type != TradeType::micropay || stored.sub_mch_id != sent.sub_mch_id)
        return Failure{Refusal{kNumberUsed, "this number was ordered in another way"}};
    if (stored.api != ApiVersion::v3)
        return Failure{Refusal{kReentryDiffers, "this number was ordered through API V2"}};
    const Order ordered = with_code(stored, auth_code);
    if (ordered.creation != sent.creation) {
        return Failure{Refusal{kReentryDiffers, fmt::format("ordered before with another {}",
                                                            differences(ordered, sent))}};
    }
    return {};
}

/// A provider may leave its own app out when it has one to go by.
Result<void, Refusal> check_app(const Call& call) {
    if (!call.has("sp_mchid") || !call.text("sp_appid").empty() || !call.merchant.appids.empty())
        return {};
    return Failure{missing(required("sp_appid", 32), "/body/sp_appid")};
}

Result<Reply, Refusal> pay(const Call& call, Work& work) {
    call.notes.emplace_back(kNotForAll);
    if (!call.merchant.products.contains(TradeType::micropay))
        return Failure{Refusal{kNoPermission, "code payment is not switched on for this merchant"}};
    WXPAY_CHECK(check_app(call));
    const std::string auth_code = call.text("payer.auth_code");
    if (!is_auth_code(auth_code)) {
        Refusal refusal{kCodeMalformed, "a payment code is 18 digits that begin with 10 to 15"};
        refusal.field = "/body/payer/auth_code";
        return Failure{std::move(refusal)};
    }
    if (call.text("scene_info.store_info.id").empty() &&
        call.text("scene_info.store_info.out_id").empty())
        call.notes.emplace_back("scene_info.store_info names a store by id or by out_id");
    Order sent = order_from(call, TradeType::micropay, work);
    auto stored = work.store().find_order(sent.mch_id, sent.out_trade_no);
    std::string last_code;
    if (stored) {
        WXPAY_CHECK(check_same(*stored, sent, auth_code));
        last_code = code_of(*stored);
        stored->creation = sent.creation;
    }
    const auto result = stored ? pay_by_code_again(work, *stored, last_code, auth_code)
                               : pay_by_code(work, std::move(sent), auth_code);
    if (!result) {
        if (keeps_order(result.error())) work.commit();
        return Failure{Refusal{words_of(result.error()), std::string(hint_of(result.error()))}};
    }
    Reply reply = order_reply(result->order);
    reply.never_arrives = result->never_arrives;
    return reply;
}

Result<Reply, Refusal> give_up(const Call& call, Work& work) {
    call.notes.emplace_back(kNotForAll);
    const auto order = find_order(call, work);
    if (!order) return Failure{order.error()};
    if (order->state == TradeState::revoked)
        call.notes.emplace_back("the order was reversed before");
    const auto reversed = give_up_code_payment(work, *order);
    if (!reversed) {
        return Failure{Refusal{words_of(reversed.error()), std::string(hint_of(reversed.error()))}};
    }
    Json json{{"out_trade_no", order->out_trade_no.str()}};
    if (order->sub_mch_id.empty()) {
        json["appid"] = order->appid.str();
        json["mchid"] = order->mch_id.str();
    } else {
        json["sp_appid"] = order->appid.str();
        json["sp_mchid"] = order->mch_id.str();
        if (!order->sub_appid.empty()) json["sub_appid"] = order->sub_appid;
        json["sub_mchid"] = order->sub_mch_id;
    }
    return Reply{.body = dump_json(json)};
}

}  // namespace

Endpoint codepay() {
    return {.method = "POST",
            .path = "/v3/pay/transactions/codepay",
            .fields = kDirectPayment,
            .handle = pay,
            .caller = "mchid",
            .appid = "appid",
            .on_demand = kOnDemand};
}
Endpoint partner_codepay() {
    return {.method = "POST",
            .path = "/v3/pay/partner/transactions/codepay",
            .fields = kPartnerPayment,
            .handle = pay,
            .caller = "sp_mchid",
            .appid = "sp_appid",
            .on_demand = kOnDemand};
}
Endpoint reverse() {
    return {.method = "POST",
            .path = "/v3/pay/transactions/out-trade-no/{out_trade_no}/reverse",
            .fields = kDirectReversal,
            .handle = give_up,
            .caller = "mchid",
            .appid = "appid"};
}
Endpoint partner_reverse() {
    return {.method = "POST",
            .path = "/v3/pay/partner/transactions/out-trade-no/{out_trade_no}/reverse",
            .fields = kPartnerReversal,
            .handle = give_up,
            .caller = "sp_mchid",
            .appid = "sp_appid"};
}

}  // namespace wxpay::sandbox::api_v3
