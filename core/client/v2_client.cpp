#include "core/client/v2_client.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/client/bill_file.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

namespace wxpay::v2 {
namespace {

Failure<Error> refused(std::string_view code, std::string_view words) {
    return Failure{Error{Errc::refused, fmt::format("{}: {}", code, words), std::string(code)}};
}

std::optional<RefundStatus> parse_refund_status(std::string_view word) {
    if (word == "PROCESSING") return RefundStatus::processing;
    if (word == "SUCCESS") return RefundStatus::success;
    if (word == "CHANGE") return RefundStatus::change;
    if (word == "REFUNDCLOSE") return RefundStatus::closed;
    return std::nullopt;
}

/// A moment that an answer may have; invalid_value when it is in another form.
Result<std::optional<Instant>> moment(const XmlMessage& answer, const char* name,
                                      std::optional<Instant> (*parse)(std::string_view)) {
    const std::string_view text = answer.get(name);
    const auto at = parse(text);
    if (!at && !text.empty())
        return Failure{Error{Errc::invalid_value, std::string(name) + " is not a time", name}};
    return at;
}

}  // namespace

Client::Client(Account account, http::Transport& transport, Random& random)
    : account_(std::move(account)), transport_(transport), random_(random) {}

/// The body of the answer.
Result<std::string> Client::post(const std::string& path, Message message) {
    message.text("appid", account_.appid)
        .text("mch_id", account_.mch_id)
        .text("nonce_str", random_.alphanumeric(32));
    // MD5 is the default; naming it is allowed, but old clients never did.
    if (account_.sign_type != SignType::md5)
        message.text("sign_type", wire_name(account_.sign_type));
    message.sign(account_.api_key, account_.sign_type, "");

    http::Request request;
    request.method = "POST";
    request.path = path;
    request.headers.add("Content-Type", "text/xml; charset=utf-8");
    request.body = message.render();
    WXPAY_TRY(http::Response response, transport_.send(request));
    if (response.status != 200) {
        return Failure{Error{Errc::malformed, fmt::format("{} answered with HTTP status {}", path,
                                                          response.status)}};
    }
    return std::move(response.body);
}

Result<XmlMessage> Client::call(const std::string& path, Message message) {
    WXPAY_TRY(const std::string body, post(path, std::move(message)));
    WXPAY_TRY(XmlMessage answer, XmlMessage::parse(body));
    // A protocol failure carries no signature, so it may end the call but nothing in it is
    // believed.
    if (answer.get("return_code") != "SUCCESS")
        return refused(answer.get("return_code"), answer.get("return_msg"));
    if (!verify(answer.fields(), answer.get("sign"), account_.api_key, account_.sign_type)) {
        return Failure{
            Error{Errc::signature_mismatch, path + ": the answer's sign is wrong", "sign"}};
    }
    if (answer.get("result_code") != "SUCCESS")
        return refused(answer.get("err_code"), answer.get("err_code_des"));
    return answer;
}

Result<UnifiedOrderReply> Client::unified_order(const UnifiedOrderRequest& request) {
    Message message;
    message.text("body", request.body)
        .text_if("detail", request.detail)
        .text_if("attach", request.attach)
        .text("out_trade_no", request.out_trade_no)
        .number("total_fee", request.total_fee.count())
        .text("spbill_create_ip", request.spbill_create_ip)
        .text_if("time_start", request.time_start)
        .text_if("time_expire", request.time_expire)
        .text("notify_url", request.notify_url)
        .text("trade_type", wire_name(request.trade_type))
        .text_if("product_id", request.product_id)
        .text_if("openid", request.openid)
        .text_if("scene_info", request.scene_info);
    WXPAY_TRY(const XmlMessage answer, call("/pay/unifiedorder", std::move(message)));
    UnifiedOrderReply reply{std::string(answer.get("prepay_id")),
                            std::string(answer.get("code_url")),
                            std::string(answer.get("mweb_url"))};
    if (reply.prepay_id.empty())
        return Failure{Error{Errc::missing_field, "no prepay_id", "prepay_id"}};
    return reply;
}

Result<OrderQueryReply> Client::order_query(const std::string& out_trade_no) {
    Message message;
    message.text("out_trade_no", out_trade_no);
    WXPAY_TRY(const XmlMessage answer, call("/pay/orderquery", std::move(message)));
    const auto text = [&](const char* name) { return std::string(answer.get(name)); };
    const auto state = parse_trade_state(answer.get("trade_state"));
    if (!state) return Failure{Error{Errc::invalid_value, "unknown trade_state", "trade_state"}};
    if (*state == TradeState::success || *state == TradeState::refund) {
        for (const char* name : {"transaction_id", "total_fee", "time_end"}) {
            if (answer.get(name).empty())
                return Failure{Error{Errc::missing_field, std::string("no ") + name, name}};
        }
    }
    OrderQueryReply reply;
    reply.trade_state = *state;
    reply.trade_state_desc = text("trade_state_desc");
    reply.appid = text("appid");
    reply.mch_id = text("mch_id");
    reply.out_trade_no = text("out_trade_no");
    reply.transaction_id = text("transaction_id");
    reply.openid = text("openid");
    reply.attach = text("attach");
    if (answer.find("total_fee")) {
        WXPAY_TRY(reply.total_fee, parse_total_fee(answer.get("total_fee")));
    }
    if (answer.find("fee_type")) reply.fee_type = text("fee_type");
    WXPAY_TRY(reply.time_end, moment(answer, "time_end", parse_compact_time));
    return reply;
}

Result<void> Client::close_order(const std::string& out_trade_no) {
    Message message;
    message.text("out_trade_no", out_trade_no);
    WXPAY_CHECK(call("/pay/closeorder", std::move(message)));
    return {};
}

Result<RefundReply> Client::refund(const RefundRequest& request) {
    Message message;
    message.text("out_trade_no", request.out_trade_no)
        .text("out_refund_no", request.out_refund_no)
        .number("total_fee", request.total_fee.count())
        .number("refund_fee", request.refund_fee.count())
        .text_if("refund_desc", request.refund_desc)
        .text_if("notify_url", request.notify_url);
    WXPAY_TRY(const XmlMessage answer, call("/secapi/pay/refund", std::move(message)));
    RefundReply reply;
    reply.out_trade_no = answer.get("out_trade_no");
    reply.transaction_id = answer.get("transaction_id");
    reply.out_refund_no = answer.get("out_refund_no");
    reply.refund_id = answer.get("refund_id");
    if (reply.refund_id.empty())
        return Failure{Error{Errc::missing_field, "no refund_id", "refund_id"}};
    WXPAY_TRY(reply.total_fee, parse_total_fee(answer.get("total_fee")));
    WXPAY_TRY(reply.refund_fee, parse_total_fee(answer.get("refund_fee")));
    return reply;
}

Result<RefundQueryReply> Client::refund_query(const std::string& out_refund_no) {
    Message message;
    message.text("out_refund_no", out_refund_no);
    // By this number there is exactly one, and its fields end in _0.
    WXPAY_TRY(const XmlMessage answer, call("/pay/refundquery", std::move(message)));
    RefundQueryReply reply;
    reply.appid = answer.get("appid");
    reply.mch_id = answer.get("mch_id");
    reply.out_trade_no = answer.get("out_trade_no");
    reply.transaction_id = answer.get("transaction_id");
    reply.out_refund_no = answer.get("out_refund_no_0");
    reply.refund_id = answer.get("refund_id_0");
    const auto status = parse_refund_status(answer.get("refund_status_0"));
    if (!status)
        return Failure{Error{Errc::invalid_value, "unknown refund_status_0", "refund_status_0"}};
    reply.status = *status;
    WXPAY_TRY(reply.total_fee, parse_total_fee(answer.get("total_fee")));
    WXPAY_TRY(reply.refund_fee, parse_total_fee(answer.get("refund_fee_0")));
    WXPAY_TRY(reply.success_time, moment(answer, "refund_success_time_0", parse_readable_time));
    return reply;
}

Result<std::string> Client::download_bill(const std::string& day) {
    Message message;
    message.text("bill_date", day).text("bill_type", "ALL").text("tar_type", "GZIP");
    auto body = post("/pay/downloadbill", std::move(message));
    if (!body) return body;
    if (!body->starts_with("<")) return text_of_bill_file(*std::move(body));
    WXPAY_TRY(const XmlMessage answer, XmlMessage::parse(*body));
    return refused(answer.get("return_msg"), answer.get("error_code"));
}

Result<Session> Client::code_to_session(const std::string& js_code) {
    http::Request request;
    request.path = "/sns/jscode2session";
    request.query = fmt::format("appid={}&secret={}&js_code={}&grant_type=authorization_code",
                                http::percent_encode(account_.appid),
                                http::percent_encode(account_.app_secret.reveal()),
                                http::percent_encode(js_code));
    WXPAY_TRY(const http::Response response, transport_.send(request));
    if (response.status != 200) {
        return Failure{
            Error{Errc::malformed,
                  fmt::format("jscode2session answered with HTTP status {}", response.status)}};
    }
    const auto json = parse_json(response.body);
    if (!json || !json->is_object())
        return Failure{Error{Errc::malformed, "jscode2session did not answer in JSON"}};
    // The members may be anything: only texts count as texts.
    const auto text = [&](const char* name) {
        const auto found = json->find(name);
        return found != json->end() && found->is_string() ? found->get<std::string>()
                                                          : std::string();
    };
    if (const auto errcode = json->find("errcode");
        errcode != json->end() && errcode->is_number_integer() && *errcode != 0) {
        return refused(errcode->dump(), text("errmsg"));
    }
    Session session{text("openid"), Secret(text("session_key"))};
    if (session.openid.empty() || session.session_key.empty()) {
        return Failure{Error{Errc::missing_field, "jscode2session gave no openid", "openid"}};
    }
    return session;
}

}  // namespace wxpay::v2
