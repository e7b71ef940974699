#include "merchant/gateway/v2_gateway.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "core/codec/beijing_time.hpp"
#include "core/v2/notification.hpp"
#include "core/v2/pay_sign.hpp"
#include "core/v2/refund_notification.hpp"

namespace wxpay::merchant {
namespace {

RefundState state_of(std::string_view refund_status) {
    if (refund_status == "SUCCESS") return RefundState::succeeded;
    return refund_status == "CHANGE" ? RefundState::abnormal : RefundState::closed;
}

RefundState state_of(v2::RefundStatus status) {
    switch (status) {
        case v2::RefundStatus::processing:
            return RefundState::accepted;
        case v2::RefundStatus::success:
            return RefundState::succeeded;
        case v2::RefundStatus::change:
            return RefundState::abnormal;
        case v2::RefundStatus::closed:
            break;
    }
    return RefundState::closed;
}

http::Response xml_answer(std::string xml) {
    http::Response response;
    response.headers.add("Content-Type", "text/xml; charset=utf-8");
    response.body = std::move(xml);
    return response;
}

}  // namespace

V2Gateway::V2Gateway(v2::Account account, http::Transport& transport, Random& random,
                     const Clock& clock)
    : client_(std::move(account), transport, random),
      us_{client_.account().appid, client_.account().mch_id},
      random_(random),
      clock_(clock) {}

Result<std::string> V2Gateway::openid_of(const std::string& js_code) {
    WXPAY_TRY(v2::Session session, client_.code_to_session(js_code));
    return std::move(session.openid);
}

Result<std::string> V2Gateway::prepay(const Order& order, const std::string& payer_address) {
    v2::UnifiedOrderRequest request;
    request.out_trade_no = order.out_trade_no.str();
    request.body = order.body;
    request.total_fee = order.total;
    request.spbill_create_ip = payer_address;
    request.notify_url = order.notify_url;
    request.trade_type = TradeType::jsapi;
    request.openid = order.openid.str();
    // Not "now", which would break every second tap.
    request.time_start = format_compact_time(order.created_at);
    WXPAY_TRY(v2::UnifiedOrderReply reply, client_.unified_order(request));
    return std::move(reply.prepay_id);
}

PaymentArguments V2Gateway::payment_arguments(const std::string& prepay_id) {
    const v2::Account& account = client_.account();
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
    v2::JsapiPayment payment;
    payment.app_id = account.appid;
    payment.time_stamp = std::to_string(now.time_since_epoch().count());
    payment.nonce_str = random_.alphanumeric(32);
    payment.package = "prepay_id=" + prepay_id;
    payment.sign_type = wire_name(account.sign_type);
    payment.pay_sign = v2::pay_sign(payment, account.api_key, account.sign_type);
    return {payment.app_id,  payment.time_stamp, payment.nonce_str,
            payment.package, payment.sign_type,  payment.pay_sign};
}

Result<OrderStanding> V2Gateway::order_query(const std::string& out_trade_no) {
    WXPAY_TRY(v2::OrderQueryReply reply, client_.order_query(out_trade_no));
    OrderStanding standing{reply.trade_state, reply.out_trade_no, std::nullopt};
    if (reply.trade_state == TradeState::success) {
        PaymentReport report;
        report.appid = std::move(reply.appid);
        report.mch_id = std::move(reply.mch_id);
        report.out_trade_no = std::move(reply.out_trade_no);
        report.transaction_id = std::move(reply.transaction_id);
        report.openid = std::move(reply.openid);
        report.fee_type = std::move(reply.fee_type);
        report.total = *reply.total_fee;
        report.paid_at = *reply.time_end;
        standing.payment = std::move(report);
    }
    return standing;
}

Result<RefundReport> V2Gateway::refund(const Order& order, const Refund& refund) {
    WXPAY_TRY(const v2::RefundReply r, client_.refund({.out_trade_no = order.out_trade_no.str(),
                                                       .out_refund_no = refund.out_refund_no,
                                                       .total_fee = order.total,
                                                       .refund_fee = refund.fee,
                                                       .notify_url = refund.notify_url}));
    return RefundReport{
        us_.appid,   us_.mch_id,  r.out_trade_no, r.transaction_id,      r.out_refund_no,
        r.refund_id, r.total_fee, r.refund_fee,   RefundState::accepted, std::nullopt};
}

Result<RefundReport> V2Gateway::refund_query(const std::string& out_refund_no) {
    WXPAY_TRY(const v2::RefundQueryReply r, client_.refund_query(out_refund_no));
    return RefundReport{
        r.appid,     r.mch_id,    r.out_trade_no, r.transaction_id,   r.out_refund_no,
        r.refund_id, r.total_fee, r.refund_fee,   state_of(r.status), r.success_time};
}

Result<std::string> V2Gateway::trade_bill(const std::string& day) {
    return client_.download_bill(day);
}

/// The type of signature is the one that we sign our own orders with: a sign_type inside the
/// message is the sender's wish, not a fact.
Result<PaymentReport> V2Gateway::payment_callback(const http::Request& request) {
    const v2::Account& account = client_.account();
    WXPAY_TRY(const v2::PaymentNotification n,
              v2::parse_payment_notification(request.body, account.api_key, account.sign_type));
    return PaymentReport{n.appid,  n.mch_id,   n.out_trade_no, n.transaction_id,
                         n.openid, n.fee_type, n.total_fee,    n.time_end};
}

Result<RefundReport> V2Gateway::refund_callback(const http::Request& request) {
    WXPAY_TRY(const v2::RefundNotification n,
              v2::parse_refund_notification(request.body, client_.account().api_key));
    return RefundReport{
        n.appid,     n.mch_id,    n.out_trade_no, n.transaction_id,          n.out_refund_no,
        n.refund_id, n.total_fee, n.refund_fee,   state_of(n.refund_status), n.success_time};
}

http::Response V2Gateway::accepted() const { return xml_answer(v2::notification_accepted()); }

/// WeChat reads the words, not the status: a FAIL is a good answer too.
http::Response V2Gateway::refused(Doubt, std::string_view why) const {
    return xml_answer(v2::notification_refused(why));
}

Refusal V2Gateway::meaning(const Error& error) const {
    if (error.code != Errc::refused) return Refusal::other;
    if (error.field == "ORDERPAID") return Refusal::order_paid;
    if (error.field == "ORDERCLOSED") return Refusal::order_closed;
    if (error.field == "ORDERNOTEXIST") return Refusal::no_such_order;
    if (error.field == "REFUNDNOTEXIST") return Refusal::no_such_refund;
    if (error.field == "No Bill Exist") return Refusal::no_bill;
    return Refusal::other;
}

bool V2Gateway::is_final_for_refund(const Error& error) const {
    constexpr std::array<std::string_view, 9> kFinal{
        "NOTENOUGH",       "ORDERNOTEXIST",         "ERROR",
        "INVALID_REQUEST", "REFUND_FEE_MISMATCH",   "REFUND_FEE_INVALID",
        "TRADE_OVERDUE",   "USER_ACCOUNT_ABNORMAL", "PARAM_ERROR"};
    return error.code == Errc::refused &&
           std::find(kFinal.begin(), kFinal.end(), error.field) != kFinal.end();
}

}  // namespace wxpay::merchant
