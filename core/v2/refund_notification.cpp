#include "core/v2/refund_notification.hpp"

#include <initializer_list>
#include <span>
#include <string_view>

#include "core/codec/base64.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/hex.hpp"
#include "core/codec/xml.hpp"
#include "core/crypto/aes.hpp"
#include "core/crypto/digest.hpp"

namespace wxpay::v2 {
namespace {

void append(std::string& out, std::string_view name, std::string_view value) {
    out.append("<").append(name).append(">");
    append_cdata(out, value);
    out.append("</").append(name).append(">");
}

/// Sorted by name, each value in CDATA, a line each.
std::string plain_text(const RefundNotification& n) {
    std::string out = "<root>\n";
    const auto text = [&out](std::string_view name, std::string_view value) {
        append(out, name, value);
        out += '\n';
    };
    const auto fee = [&text](std::string_view name, Fen value) {
        text(name, std::to_string(value.count()));
    };
    text("out_refund_no", n.out_refund_no);
    text("out_trade_no", n.out_trade_no);
    text("refund_account", n.refund_account);
    fee("refund_fee", n.refund_fee);
    text("refund_id", n.refund_id);
    text("refund_recv_accout", n.refund_recv_accout);
    text("refund_request_source", n.refund_request_source);
    text("refund_status", n.refund_status);
    fee("settlement_refund_fee", n.settlement_refund_fee);
    fee("settlement_total_fee", n.settlement_total_fee);
    if (n.success_time) text("success_time", format_readable_time(*n.success_time));
    fee("total_fee", n.total_fee);
    text("transaction_id", n.transaction_id);
    return out + "</root>";
}

/// The key of the cipher: the API key's MD5 in lower-case hex, leading zeros and all.
std::string cipher_key(const Secret& key) {
    std::string out;
    append_hex(out, md5(key.reveal()), HexCase::lower);
    return out;
}

Failure<Error> invalid(std::string_view field, std::string_view what) {
    return Failure{Error{Errc::invalid_value, std::string(field).append(" ").append(what),
                         std::string(field)}};
}

Result<void> demand(const XmlMessage& message, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        if (message.get(name).empty())
            return Failure{
                Error{Errc::missing_field, "no " + std::string(name), std::string(name)}};
    }
    return {};
}

Result<Fen> amount(const XmlMessage& message, std::string_view name) {
    const auto fee = parse_total_fee(message.get(name));
    if (!fee) return invalid(name, "is not an amount in fen");
    return *fee;
}

/// What is left of `whole` without NO_CASH coupons: as much when it is not said, perhaps nothing.
Result<Fen> settlement(const XmlMessage& message, std::string_view name, Fen whole) {
    const std::string_view text = message.get(name);
    if (text.empty()) return whole;
    if (text == "0") return Fen{0};
    return amount(message, name);
}

/// One answer to all that can be wrong: the sender does not have our key.
Result<XmlMessage> decrypt(std::string_view req_info, const Secret& key) {
    if (const auto plain = decrypt_req_info(req_info, key)) {
        if (auto inner = XmlMessage::parse(*plain)) return inner;
    }
    return Failure{
        Error{Errc::signature_mismatch, "req_info is not encrypted with our API key", "req_info"}};
}

}  // namespace

std::string encrypt_req_info(std::string_view plain, const Secret& key) {
    const std::string cipher = aes256_ecb_encrypt(cipher_key(key), plain);
    return base64_encode(
        std::span(reinterpret_cast<const unsigned char*>(cipher.data()), cipher.size()));
}

std::optional<std::string> decrypt_req_info(std::string_view req_info, const Secret& key) {
    const auto cipher = base64_decode(req_info);
    return cipher ? aes256_ecb_decrypt(cipher_key(key), *cipher) : std::nullopt;
}

std::string render_refund_notification(const RefundNotification& n, const Secret& key) {
    std::string out = "<xml><return_code>SUCCESS</return_code>";
    append(out, "appid", n.appid);
    append(out, "mch_id", n.mch_id);
    append(out, "nonce_str", n.nonce_str);
    append(out, "req_info", encrypt_req_info(plain_text(n), key));
    if (!n.sub_appid.empty()) append(out, "sub_appid", n.sub_appid);
    if (!n.sub_mch_id.empty()) append(out, "sub_mch_id", n.sub_mch_id);
    return out + "</xml>";
}

Result<RefundNotification> parse_refund_notification(std::string_view body, const Secret& key) {
    WXPAY_TRY(const XmlMessage outer, XmlMessage::parse(body));
    if (outer.get("return_code") != "SUCCESS") {
        return Failure{Error{Errc::refused,
                             "return_code is not SUCCESS: " + std::string(outer.get("return_msg")),
                             "return_code"}};
    }
    WXPAY_CHECK(demand(outer, {"appid", "mch_id", "req_info"}));
    WXPAY_TRY(const XmlMessage inner, decrypt(outer.get("req_info"), key));
    WXPAY_CHECK(demand(inner, {"transaction_id", "out_trade_no", "refund_id", "out_refund_no",
                               "total_fee", "refund_fee", "refund_status"}));

    RefundNotification n;
    n.appid = outer.get("appid");
    n.mch_id = outer.get("mch_id");
    n.sub_appid = outer.get("sub_appid");
    n.sub_mch_id = outer.get("sub_mch_id");
    n.nonce_str = outer.get("nonce_str");
    n.transaction_id = inner.get("transaction_id");
    n.out_trade_no = inner.get("out_trade_no");
    n.refund_id = inner.get("refund_id");
    n.out_refund_no = inner.get("out_refund_no");
    WXPAY_TRY(n.total_fee, amount(inner, "total_fee"));
    WXPAY_TRY(n.refund_fee, amount(inner, "refund_fee"));
    WXPAY_TRY(n.settlement_total_fee, settlement(inner, "settlement_total_fee", n.total_fee));
    WXPAY_TRY(n.settlement_refund_fee, settlement(inner, "settlement_refund_fee", n.refund_fee));
    n.refund_status = inner.get("refund_status");
    if (n.refund_status != "SUCCESS" && n.refund_status != "CHANGE" &&
        n.refund_status != "REFUNDCLOSE") {
        return invalid("refund_status", "is none of SUCCESS, CHANGE, REFUNDCLOSE");
    }
    if (const auto time = inner.get("success_time"); !time.empty()) {
        n.success_time = parse_readable_time(time);
        if (!n.success_time) return invalid("success_time", "is not yyyy-MM-dd HH:mm:ss");
    }
    n.refund_recv_accout = inner.get("refund_recv_accout");
    n.refund_account = inner.get("refund_account");
    n.refund_request_source = inner.get("refund_request_source");
    return n;
}

}  // namespace wxpay::v2
