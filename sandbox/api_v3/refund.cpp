// POST /v3/refund/domestic/refunds: the merchant gives a paid order's money back, or a part of it.
#include <array>

#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

#include "sandbox/api_v3/judged_refusals.hpp"
#include "sandbox/api_v3/orders.hpp"
#include "sandbox/api_v3/refunds.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint refund();

namespace {

// source  spec V3 5.2, 1.9: [B] words of live answers; those of kRefundAboveRest, kOverdue,
// kTooManyRefunds and kTwoOrders are our choice
constexpr Words kNoSuchOrder{404, "RESOURCE_NOT_EXISTS", "原订单不存在", kOrderNotFound};
constexpr Words kOverdue{400, "INVALID_REQUEST", "订单已经超过退款期限"};
constexpr Words kTwoOrders{400, "INVALID_REQUEST", "微信支付订单号与商户订单号不是同一订单"};

constexpr std::array kOnDemand{
    kNoSuchOrder,
    Words{404, "RESOURCE_NOT_EXISTS", "订单不存在",
          kOrderNotFound},  // the other form that was seen
    kRefundsMerchantUnknown,
    kFullyRefunded,
    kRefundDiffers,
    kRefundAboveRest,
    kOverdue,
    kTooManyRefunds,
};

constexpr std::array<std::string_view, 1> kAvailable{"AVAILABLE"};
constexpr std::array<std::string_view, 2> kSources{"AVAILABLE", "UNAVAILABLE"};

constexpr FieldRule kTransactionId = optional("transaction_id", 32);
constexpr FieldRule kNumber = [] {
    FieldRule rule = kOutTradeNo;
    rule.need = Need::optional;
    return rule;
}();

constexpr std::array kFields{
    optional("sub_mchid", 32),
    kTransactionId,
    kNumber,
    kOutRefundNo,
    optional("reason", 80),
    matching(optional("notify_url", 256), kNotifyUrlPattern),
    one_of(optional("funds_account", 32, Limit::recalled), kAvailable),
    object("amount", Need::required),
    money("amount.refund"),
    list("amount.from"),
    one_of(required("amount.from[].account", 32, Limit::recalled), kSources),
    integer("amount.from[].amount", Need::required),
    money("amount.total"),
    one_of(required("amount.currency", 16, Limit::recalled), kCny),
    list("goods_detail"),
    required("goods_detail[].merchant_goods_id", 32, Limit::recalled),
    optional("goods_detail[].wechatpay_goods_id", 32, Limit::recalled),
    optional("goods_detail[].goods_name", 256, Limit::recalled),
    integer("goods_detail[].unit_price", Need::required),
    integer("goods_detail[].refund_amount", Need::required),
    integer("goods_detail[].refund_quantity", Need::required)};

/// The order that the call names by one number or both. A part of a combined order is refunded like
/// any other.
Result<Order, Refusal> find(const Call& call, Work& work) {
    const std::string id = call.text("transaction_id");
    const std::string number = call.text("out_trade_no");
    if (id.empty() && number.empty()) {
        Refusal refusal = missing(kTransactionId, "/body/transaction_id");
        refusal.hint = "neither transaction_id nor out_trade_no was sent";
        return Failure{std::move(refusal)};
    }
    std::optional<Order> order;
    if (const auto transaction_id = TransactionId::parse(id)) {
        order = work.store().find_order(*transaction_id);
    } else if (const auto out_trade_no = OutTradeNo::parse(number); id.empty() && out_trade_no) {
        order = work.store().find_order(call.merchant.mch_id, *out_trade_no);
    }
    if (!order) return Failure{Refusal{kNoSuchOrder, "this merchant has no order of that number"}};
    if (const auto problem = why_not_seen(call, *order)) {
        Refusal refusal{kNoSuchOrder, std::string(problem->second)};
        refusal.words.number = problem->first;
        return Failure{std::move(refusal)};
    }
    if (!number.empty() && order->out_trade_no.str() != number)
        return Failure{Refusal{kTwoOrders, "out_trade_no is not that transaction_id's"}};
    return std::move(*order);
}

Refusal refusal_for(RefundProblem problem) {
    switch (problem) {
        case RefundProblem::not_paid:
            return {kNoSuchOrder, "the order is not paid; there is nothing to refund"};
        case RefundProblem::closed:
            return {kNoSuchOrder, "the order was closed or reversed"};
        case RefundProblem::differs:
            return {kRefundDiffers,
                    "amount.total is not the order's, or this out_refund_no stands for another "
                    "refund"};
        case RefundProblem::overdue:
            return {kOverdue, "the order was paid more than 365 days ago"};
        case RefundProblem::too_many:
            return {kTooManyRefunds, "an order has at most 50 partial refunds"};
        case RefundProblem::nothing_left:
            return {kFullyRefunded, "all of the order was refunded before"};
        case RefundProblem::more_than_left:
            return {kRefundAboveRest, "amount.refund is more than what earlier refunds have left"};
        case RefundProblem::balance_too_low:
            break;
    }
    return {kNotEnough, "the merchant's account holds less than amount.refund"};
}

/// What is accepted but worth knowing.
void add_notes(const Call& call, const Refund& accepted, const std::vector<Refund>& before) {
    constexpr std::chrono::minutes kApart{1};
    const bool is_new = before.empty() || before.back().id < accepted.id;
    if (is_new && !before.empty() && accepted.created_at - before.back().created_at < kApart) {
        call.notes.emplace_back(
            "the order's last refund is less than a minute old: WeChat asks to wait that long");
    }
    if (call.has("amount.from")) {
        call.notes.emplace_back(
            "amount.from has no effect: a merchant has one account here, and all of it is "
            "AVAILABLE");
    }
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    WXPAY_TRY(const Order order, find(call, work));
    RefundRequest request;
    request.out_refund_no = call.text("out_refund_no");
    request.total = Fen{call.number("amount.total")};
    request.fee = Fen{call.number("amount.refund")};
    request.reason = call.text("reason");
    request.account = call.has("funds_account") ? "REFUND_SOURCE_RECHARGE_FUNDS"
                                                : "REFUND_SOURCE_UNSETTLED_FUNDS";
    request.notify_url = call.text("notify_url");
    request.api = ApiVersion::v3;
    request.platform_serial = call.platform_serial;
    const auto before = work.store().refunds_of(order.id);
    const auto accepted = request_refund(work, order, request);
    if (!accepted) return Failure{refusal_for(accepted.error())};
    add_notes(call, *accepted, before);
    return refund_reply(*accepted, order);
}

/// What of it went to coupons.
nlohmann::ordered_json promotions(const Refund& refund, const Order& order) {
    auto out = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < refund.coupons.size(); ++i) {  // one for each of the order's
        const v2::Coupon& back = refund.coupons[i];
        if (back.fee == Fen{}) continue;
        out.push_back({{"promotion_id", back.id},
                       {"scope", "GLOBAL"},
                       {"type", back.type == "NO_CASH" ? "NOCASH" : "CASH"},
                       {"amount", order.coupons[i].fee.count()},
                       {"refund_amount", back.fee.count()}});
    }
    return out;
}

}  // namespace

Reply refund_reply(const Refund& refund, const Order& order) {
    nlohmann::ordered_json json{
        {"refund_id", refund.refund_id},
        {"out_refund_no", refund.out_refund_no},
        {"transaction_id", order.transaction_id.str()},
        {"out_trade_no", order.out_trade_no.str()},
        {"channel", "ORIGINAL"},
        {"user_received_account", recipient(order)},
        {"create_time", format_rfc3339_seconds(refund.created_at)},
        {"status", wire_name(refund.state)},
        {"funds_account", "AVAILABLE"},
        {"amount",
         {{"total", order.total.count()},
          {"refund", refund.fee.count()},
          {"from", nlohmann::ordered_json::array()},
          {"payer_total", order.cash().count()},
          {"payer_refund", refund.cash.count()},
          {"settlement_refund", refund.settlement_fee().count()},
          {"settlement_total", order.settlement_total().value_or(order.total).count()},
          {"discount_refund", refund.coupon_total().count()},
          {"currency", "CNY"},
          {"refund_fee", 0}}},
        {"promotion_detail", promotions(refund, order)}};
    if (refund.state == RefundState::success && refund.succeeded_at)
        json["success_time"] = format_rfc3339_seconds(*refund.succeeded_at);
    Reply reply;
    reply.body = dump_sorted(json);
    reply.out_trade_no = order.out_trade_no.str();
    return reply;
}

Endpoint refund() {
    return {.method = "POST",
            .path = "/v3/refund/domestic/refunds",
            .fields = kFields,
            .handle = handle,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v3
