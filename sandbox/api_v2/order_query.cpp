// POST /pay/orderquery: where an order stands, by either of its numbers.
#include <array>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"

#include "sandbox/api_v2/lookup.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint order_query();

namespace {

constexpr std::array kOnDemand{kSystemError};

constexpr std::array kFields{
    FieldRule{"transaction_id", Need::optional, 32, "digits", is_transaction_id},
    FieldRule{"out_trade_no", Need::optional, 32, "1 to 32 of letters, digits and _-|*@",
              is_out_trade_no},
    FieldRule{"version", Need::optional, 32, "1.0",
              [](std::string_view value) { return value == "1.0"; }},
};

/// source  [B] raw replies of 2018 for SUCCESS, REFUND, NOTPAY, CLOSED; [A] PAYERROR; [C] the
/// others
std::string_view description(TradeState state) {
    switch (state) {
        case TradeState::success:
            return "支付成功";
        case TradeState::refund:
            return "订单发生过退款，退款详情请查询退款单";
        case TradeState::not_paid:
            return "订单未支付";
        case TradeState::closed:
            return "订单已关闭";
        case TradeState::revoked:
            return "订单已撤销";
        case TradeState::user_paying:
            return "需要用户输入支付密码";
        case TradeState::pay_error:
            return "支付失败，请重新下单支付";
    }
    return {};
}

void add_coupons(v2::Message& reply, const Order& order) {
    const bool typed = v2::names_coupon_types(order.coupons);
    for (std::size_t n = 0; n < order.coupons.size(); ++n) {
        const v2::Coupon& coupon = order.coupons[n];
        if (typed) reply.text(fmt::format("coupon_type_{}", n), coupon.type);
        reply.text(fmt::format("coupon_id_{}", n), coupon.id);
        reply.number(fmt::format("coupon_fee_{}", n), coupon.fee.count());
    }
    reply.number("coupon_count", static_cast<std::int64_t>(order.coupons.size()));
}

v2::Message paid(const Order& order) {
    v2::Message reply;
    const std::string sub_openid = order.payers_sub_openid();
    reply.text("openid", order.openid).text("is_subscribe", "N").text_if("sub_openid", sub_openid);
    if (!sub_openid.empty()) reply.text("sub_is_subscribe", "N");
    reply.text("trade_type", wire_name(order.trade_type))
        .text("bank_type", order.bank_type)
        .number("total_fee", order.total.count());
    if (const auto settlement = order.settlement_total())
        reply.number("settlement_total_fee", settlement->count());
    if (!order.coupons.empty()) reply.number("coupon_fee", order.coupon_total().count());
    reply.text("fee_type", "CNY")
        .text("transaction_id", order.transaction_id.str())
        .text("out_trade_no", order.out_trade_no.str())
        .text("attach", order.attach)
        .text("time_end", format_compact_time(*order.paid_at))
        .text("trade_state", wire_name(order.state));
    if (!order.coupons.empty()) add_coupons(reply, order);
    return reply.number("cash_fee", order.cash().count())
        .text("trade_state_desc", description(order.state))
        .text("cash_fee_type", "CNY");
}

v2::Message unpaid(const Order& order) {
    v2::Message reply;
    reply.number("total_fee", order.total.count())
        .text("out_trade_no", order.out_trade_no.str())
        .text_if("attach", order.attach)
        .text("trade_state", wire_name(order.state))
        .text("trade_state_desc", description(order.state));
    return reply;
}

v2::Message ended(const Order& order) {
    v2::Message reply;
    reply.text("out_trade_no", order.out_trade_no.str())
        .text("attach", order.attach)
        .text("trade_state", wire_name(order.state))
        .text("trade_state_desc", description(order.state));
    return reply;
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const auto order = find_order(call, work);
    if (!order) {
        return Failure{
            Refusal{kOrderNotExist, "out_trade_no",
                    "this merchant has no order of that number; ordered with another mch_id?"}};
    }
    if (!order->combine_out_trade_no.empty()) {
        return Failure{Refusal{kOrderNotExist, "out_trade_no",
                               "a part of a combined order: API V3's /v3/combine-transactions/ "
                               "has it"}};
    }
    Reply reply;
    reply.device_info = order->device_info;
    reply.shows_device_info = !order->device_info.empty();
    switch (order->state) {
        case TradeState::success:
        case TradeState::refund:
            reply.business = paid(*order);
            break;
        case TradeState::not_paid:
        case TradeState::user_paying:
        case TradeState::pay_error:
            reply.business = unpaid(*order);
            reply.shows_device_info = true;  // seen as an empty element
            break;
        case TradeState::closed:
        case TradeState::revoked:
            reply.business = ended(*order);
            break;
    }
    return reply;
}

}  // namespace

Endpoint order_query() {
    return {.path = "/pay/orderquery",
            .fields = kFields,
            .handle = handle,
            .find_missing = find_missing_number,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v2
