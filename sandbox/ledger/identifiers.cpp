#include "sandbox/ledger/identifiers.hpp"

#include <fmt/format.h>

#include "core/codec/base64.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/crypto/digest.hpp"

namespace wxpay::sandbox {

PrepayId next_prepay_id(Random& random, Instant now) {
    std::string id = "wx" + format_compact_time(now).substr(6);
    id += random.digits(6);
    id += random.hex(16);
    id += "0000";
    return PrepayId::parse(id).value();
}

TransactionId next_transaction_id(Random& random, Instant now) {
    std::string id = "4200" + random.digits(6);
    id += format_compact_time(now).substr(0, 8);
    id += random.digits(10);
    return TransactionId::parse(id).value();
}

std::string next_refund_id(Random& random, Instant now) {
    std::string id = "50" + random.digits(8);
    id += format_compact_time(now).substr(0, 8);
    id += random.digits(11);
    return id;
}

std::string next_payment_no(Random& random, Instant now) {
    return "10100" + random.digits(5) + format_compact_time(now).substr(0, 8) + random.digits(14);
}

std::string next_send_listid(Random& random, Instant now) {
    return "10000" + random.digits(5) + format_compact_time(now).substr(0, 8) + random.digits(13);
}

std::string next_nonce(Random& random) { return random.alphanumeric(16); }

std::string next_code_url(Random& random) {
    return "weixin://wxpay/bizpayurl?pr=" + random.alphanumeric(7);
}

std::string next_mweb_url(Random& random, const std::string& prepay_id) {
    return "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=" + prepay_id +
           "&package=" + random.digits(10);
}

std::string openid_from(std::string_view appid, std::string_view seed) {
    constexpr std::size_t kLength = 28;
    std::string text(appid);
    text += '|';
    text += seed;
    return "o" + base64url_encode(sha256(text)).substr(0, kLength - 1);
}

std::string next_request_id(Random& random) { return "08" + random.hex(24); }

std::string next_v3_request_id(Random& random, int cause) {
    return fmt::format("{}-{}", random.text(40, "0123456789ABCDEF"), cause);
}

}  // namespace wxpay::sandbox
