#include "merchant/gateway/v3_gateway.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"

namespace wxpay::merchant {
namespace {

RefundState state_of(v3::RefundStatus status) {
    switch (status) {
        case v3::RefundStatus::processing:
            return RefundState::accepted;
        case v3::RefundStatus::success:
            return RefundState::succeeded;
        case v3::RefundStatus::abnormal:
            return RefundState::abnormal;
        case v3::RefundStatus::closed:
            break;
    }
    return RefundState::closed;
}

/// WeChat reads the status; the words are for people.
int status_of(Doubt doubt) {
    switch (doubt) {
        case Doubt::sender:
            return 401;
        case Doubt::content:
            return 400;
        case Doubt::ourselves:
            break;
    }
    return 500;
}

http::Response json_answer(int status, std::string_view code, std::string_view message) {
    http::Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json; charset=utf-8");
    response.body = dump_json(nlohmann::ordered_json{{"code", code}, {"message", message}});
    return response;
}

bool is_any(const std::string& code, std::initializer_list<std::string_view> codes) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

V3Gateway::V3Gateway(v3::Account account, v3::PlatformKeys keys, Secret app_secret,
                     http::Transport& transport, Random& random, const Clock& clock)
    : client_(std::move(account), std::move(keys), transport, random, clock),
      login_({client_.account().appid, client_.account().mchid, Secret(), v2::SignType::md5,
              std::move(app_secret)},
             transport, random),
      us_{client_.account().appid, client_.account().mchid},
      clock_(clock) {}

Result<std::string> V3Gateway::openid_of(const std::string& js_code) {
    WXPAY_TRY(v2::Session session, login_.code_to_session(js_code));
    return std::move(session.openid);
}

Result<std::string> V3Gateway::prepay(const Order& order, const std::string& /*payer_address*/) {
    WXPAY_TRY(v3::PrepayReply reply, client_.prepay({.trade_type = TradeType::jsapi,
                                                     .description = order.body,
                                                     .out_trade_no = order.out_trade_no.str(),
                                                     .total = order.total,
                                                     .notify_url = order.notify_url,
                                                     .openid = order.openid.str()}));
    return std::move(reply.prepay_id);
}

PaymentArguments V3Gateway::payment_arguments(const std::string& prepay_id) {
    v3::JsapiPayment payment = client_.jsapi_payment(prepay_id);
    return {std::move(payment.app_id),  std::move(payment.time_stamp), std::move(payment.nonce_str),
            std::move(payment.package), std::move(payment.sign_type),  std::move(payment.pay_sign)};
}

PaymentReport V3Gateway::report_of(v3::PaymentResult payment) const {
    return {std::move(payment.appid),        std::move(payment.mchid),
            std::move(payment.out_trade_no), std::move(payment.transaction_id),
            std::move(payment.openid),       std::move(payment.currency),
            payment.total.value_or(Fen{}),   payment.success_time.value_or(clock_.now())};
}

/// A refund has no appid in V3: it is that of its order, which the shop compares by its numbers.
RefundReport V3Gateway::report_of(v3::RefundResult refund, std::string mchid) const {
    return {us_.appid,
            std::move(mchid),
            std::move(refund.out_trade_no),
            std::move(refund.transaction_id),
            std::move(refund.out_refund_no),
            std::move(refund.refund_id),
            refund.total,
            refund.refund,
            state_of(refund.status),
            refund.success_time};
}

Result<OrderStanding> V3Gateway::order_query(const std::string& out_trade_no) {
    WXPAY_TRY(v3::PaymentResult result, client_.order_query(out_trade_no));
    OrderStanding standing{result.trade_state, result.out_trade_no, std::nullopt};
    if (result.trade_state == TradeState::success && result.total)
        standing.payment = report_of(std::move(result));
    return standing;
}

/// An answer names no merchant: whose refund it is, our question said.
Result<RefundReport> V3Gateway::refund(const Order& order, const Refund& refund) {
    WXPAY_TRY(v3::RefundResult result, client_.refund({.out_trade_no = order.out_trade_no.str(),
                                                       .out_refund_no = refund.out_refund_no,
                                                       .total = order.total,
                                                       .refund = refund.fee,
                                                       .notify_url = refund.notify_url}));
    return report_of(std::move(result), us_.mch_id);
}

Result<RefundReport> V3Gateway::refund_query(const std::string& out_refund_no) {
    WXPAY_TRY(v3::RefundResult result, client_.refund_query(out_refund_no));
    return report_of(std::move(result), us_.mch_id);
}

Result<std::string> V3Gateway::trade_bill(const std::string& day) {
    return client_.trade_bill(day.substr(0, 4) + '-' + day.substr(4, 2) + '-' + day.substr(6));
}

Result<PaymentReport> V3Gateway::payment_callback(const http::Request& request) {
    WXPAY_TRY(v3::PaymentResult result, client_.payment_callback(request.headers, request.body));
    return report_of(std::move(result));
}

Result<RefundReport> V3Gateway::refund_callback(const http::Request& request) {
    WXPAY_TRY(v3::RefundResult result, client_.refund_callback(request.headers, request.body));
    std::string mchid = result.mchid;
    return report_of(std::move(result), std::move(mchid));
}

http::Response V3Gateway::accepted() const { return json_answer(200, "SUCCESS", "成功"); }

http::Response V3Gateway::refused(Doubt doubt, std::string_view why) const {
    return json_answer(status_of(doubt), "FAIL", why);
}

/// Official texts have old and new spellings. source  [A] spec V3 1.7
Refusal V3Gateway::meaning(const Error& error) const {
    if (error.code != Errc::refused) return Refusal::other;
    if (is_any(error.field, {"ORDERPAID", "ORDER_PAID"})) return Refusal::order_paid;
    if (is_any(error.field, {"ORDER_CLOSED", "ORDERCLOSED"})) return Refusal::order_closed;
    if (is_any(error.field, {"ORDER_NOT_EXIST", "ORDERNOTEXIST"})) return Refusal::no_such_order;
    if (error.field == "RESOURCE_NOT_EXISTS") return Refusal::no_such_refund;
    if (error.field == "NO_STATEMENT_EXIST") return Refusal::no_bill;
    return Refusal::other;
}

bool V3Gateway::is_final_for_refund(const Error& error) const {
    return error.code == Errc::refused &&
           is_any(error.field, {"PARAM_ERROR", "INVALID_REQUEST", "NO_AUTH", "NOT_ENOUGH",
                                "NOTENOUGH", "REQUEST_BLOCKED", "USER_ACCOUNT_ABNORMAL",
                                "MCH_NOT_EXISTS", "RESOURCE_NOT_EXISTS"});
}

}  // namespace wxpay::merchant
