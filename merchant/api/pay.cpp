#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/v2/pay_sign.hpp"

#include "merchant/api/routes.hpp"
#include "merchant/shop/log_text.hpp"

namespace wxpay::merchant::api {
namespace {

Problem order_paid() { return {409, "order_paid", "the order is paid"}; }
Problem order_refunded() {
    return {409, "order_refunded", "the order is paid back; make a new one"};
}
Problem order_closed() { return {409, "order_closed", "the order is closed; make a new one"}; }

/// The user's order, as long as there is something to pay.
Result<Order, Problem> unpaid_order(Transaction& books, std::string_view id, const OpenId& openid) {
    WXPAY_TRY(Order order, own_order(books, id, openid));
    if (order.state == OrderState::paid) return Failure{order_paid()};
    if (order.state == OrderState::refunded) return Failure{order_refunded()};
    if (order.state == OrderState::closed) return Failure{order_closed()};
    return order;
}

/// Before WeChat is asked it is noted that money may come: if we crash now, or the answer is lost,
/// reconciliation still knows.
Result<Order, Problem> announce(const Call& call, const OpenId& openid, const Context& context) {
    const auto books = context.store.begin();
    WXPAY_TRY(Order order, unpaid_order(*books, call.id, openid));
    books->mark_prepay_asked(order.id, context.clock.now());
    books->commit();
    return order;
}

/// Only of what the order has held since it was made: WeChat takes the same number twice only when
/// the second request equals the first, so a time_start of "now" would break every second tap.
v2::UnifiedOrderRequest request_for(const Order& order, const http::Request& tap) {
    v2::UnifiedOrderRequest request;
    request.out_trade_no = order.out_trade_no.str();
    request.body = order.body;
    request.total_fee = order.total;
    request.spbill_create_ip = tap.remote_address;
    request.notify_url = order.notify_url;
    request.trade_type = TradeType::jsapi;
    request.openid = order.openid.str();
    request.time_start = format_compact_time(order.created_at);
    return request;
}

Problem problem_of(const Error& error) {
    // WeChat has the money and its callback has not come through yet. The order is not credited on
    // such a word alone: reconciliation will ask how much, and for whom.
    if (error.field == "ORDERPAID") return order_paid();
    if (error.field == "ORDERCLOSED") return order_closed();
    if (error.code == Errc::timed_out || error.code == Errc::unreachable)
        return {504, "wechat_unavailable", "WeChat Pay does not answer; try again"};
    return {502, "payment_refused", "WeChat Pay refused; the order's log says why"};
}

/// The callback may overtake the answer to unifiedorder: then there is nothing left to pay.
Result<void, Problem> record(const Call& call, const OpenId& openid,
                             const Result<v2::UnifiedOrderReply>& reply, const Context& context) {
    const auto books = context.store.begin();
    WXPAY_TRY(const Order order, unpaid_order(*books, call.id, openid));
    const Instant now = context.clock.now();
    if (reply) {
        books->mark_prepay_asked(order.id, now);
        books->log(order.id, now, event::kPrepay, reply->prepay_id);
    } else {
        books->log(order.id, now, event::kPrepayFailed, log_text(reply.error().detail));
    }
    books->commit();
    if (!reply) return Failure{problem_of(reply.error())};
    return {};
}

/// Signed here, because whoever signs needs the API key, and that never leaves the server.
v2::JsapiPayment arguments(const std::string& prepay_id, const Context& context) {
    const v2::Account& us = context.wechat.account();
    const auto now = std::chrono::floor<std::chrono::seconds>(context.clock.now());
    v2::JsapiPayment payment;
    payment.app_id = us.appid;
    payment.time_stamp = std::to_string(now.time_since_epoch().count());
    payment.nonce_str = context.random.alphanumeric(32);
    payment.package = "prepay_id=" + prepay_id;
    payment.sign_type = wire_name(us.sign_type);
    payment.pay_sign = pay_sign(payment, us.api_key, us.sign_type);
    return payment;
}

}  // namespace

/// POST /api/orders/{id}/pay: the six arguments of wx.requestPayment. It may be called again and
/// again until the order is paid.
Outcome pay_order(const Call& call, const Context& context) {
    WXPAY_TRY(const OpenId openid, signed_in(call, context));
    WXPAY_TRY(const Order order, announce(call, openid, context));
    // No transaction is open while WeChat works: its callbacks must get through.
    const auto reply = context.wechat.unified_order(request_for(order, call.request));
    WXPAY_CHECK(record(call, openid, reply, context));
    const v2::JsapiPayment payment = arguments(reply->prepay_id, context);
    return json_answer(200, {{"appId", payment.app_id},
                             {"timeStamp", payment.time_stamp},
                             {"nonceStr", payment.nonce_str},
                             {"package", payment.package},
                             {"signType", payment.sign_type},
                             {"paySign", payment.pay_sign}});
}

}  // namespace wxpay::merchant::api
