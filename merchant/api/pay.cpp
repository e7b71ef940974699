#include <string>

#include <nlohmann/json.hpp>

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

Problem problem_of(const Error& error, const Context& context) {
    const Refusal refusal = context.wechat.meaning(error);
    // WeChat has the money and its callback has not come through yet. The order is not credited on
    // such a word alone: reconciliation will ask how much, and for whom.
    if (refusal == Refusal::order_paid) return order_paid();
    if (refusal == Refusal::order_closed) return order_closed();
    if (error.code == Errc::timed_out || error.code == Errc::unreachable)
        return {504, "wechat_unavailable", "WeChat Pay does not answer; try again"};
    return {502, "payment_refused", "WeChat Pay refused; the order's log says why"};
}

/// The callback may overtake the answer to our order: then there is nothing left to pay.
Result<void, Problem> record(const Call& call, const OpenId& openid,
                             const Result<std::string>& prepay_id, const Context& context) {
    const auto books = context.store.begin();
    WXPAY_TRY(const Order order, unpaid_order(*books, call.id, openid));
    const Instant now = context.clock.now();
    if (prepay_id) {
        books->mark_prepay_asked(order.id, now);
        books->log(order.id, now, event::kPrepay, *prepay_id);
    } else {
        books->log(order.id, now, event::kPrepayFailed, log_text(prepay_id.error().detail));
    }
    books->commit();
    if (!prepay_id) return Failure{problem_of(prepay_id.error(), context)};
    return {};
}

}  // namespace

/// POST /api/orders/{id}/pay: the six arguments of wx.requestPayment. It may be called again and
/// again until the order is paid.
Outcome pay_order(const Call& call, const Context& context) {
    WXPAY_TRY(const OpenId openid, signed_in(call, context));
    WXPAY_TRY(const Order order, announce(call, openid, context));
    // No transaction is open while WeChat works: its callbacks must get through.
    const auto prepay_id = context.wechat.prepay(order, call.request.remote_address);
    WXPAY_CHECK(record(call, openid, prepay_id, context));
    const PaymentArguments payment = context.wechat.payment_arguments(*prepay_id);
    return json_answer(200, {{"appId", payment.app_id},
                             {"timeStamp", payment.time_stamp},
                             {"nonceStr", payment.nonce_str},
                             {"package", payment.package},
                             {"signType", payment.sign_type},
                             {"paySign", payment.pay_sign}});
}

}  // namespace wxpay::merchant::api
