#include "core/v2/refund_notification.hpp"

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

}  // namespace

std::string render_refund_notification(const RefundNotification& n, const Secret& key) {
    const std::string cipher = aes256_ecb_encrypt(cipher_key(key), plain_text(n));
    std::string out = "<xml><return_code>SUCCESS</return_code>";
    append(out, "appid", n.appid);
    append(out, "mch_id", n.mch_id);
    append(out, "nonce_str", n.nonce_str);
    append(out, "req_info",
           base64_encode(
               std::span(reinterpret_cast<const unsigned char*>(cipher.data()), cipher.size())));
    if (!n.sub_appid.empty()) append(out, "sub_appid", n.sub_appid);
    if (!n.sub_mch_id.empty()) append(out, "sub_mch_id", n.sub_mch_id);
    return out + "</xml>";
}

}  // namespace wxpay::v2
