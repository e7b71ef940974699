#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/domain/fen.hpp"

namespace wxpay::v2 {

/// What WeChat tells a refund's notify_url: this refund has ended. Not signed: only who has the API
/// key can read it.
/// source  [A] pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_16; layout [B]
struct RefundNotification {
    std::string appid;
    std::string mch_id;
    std::string sub_appid;
    std::string sub_mch_id;
    std::string nonce_str;
    std::string transaction_id;
    std::string out_trade_no;
    std::string refund_id;
    std::string out_refund_no;
    Fen total_fee;
    Fen refund_fee;
    Fen settlement_total_fee;             ///< total_fee less NO_CASH coupons
    Fen settlement_refund_fee;            ///< refund_fee less what went back to NO_CASH coupons
    std::string refund_status;            ///< SUCCESS, CHANGE (the card is gone) or REFUNDCLOSE
    std::optional<Instant> success_time;  ///< only of a success, to the second
    std::string refund_recv_accout;       ///< where the money went; WeChat's spelling
    std::string refund_account;
    std::string refund_request_source;  ///< API or VENDOR_PLATFORM
};

std::string render_refund_notification(const RefundNotification& notification, const Secret& key);

/// The cipher text inside a callback, in base64, and what it says: a flat XML message. Nothing when
/// it was not made with this key, as far as that shows.
std::string encrypt_req_info(std::string_view plain, const Secret& key);
std::optional<std::string> decrypt_req_info(std::string_view req_info, const Secret& key);

/// Decrypts and reads a callback's body. Errors: not_utf8, too_large, malformed (not a V2 message);
/// refused (return_code is not SUCCESS); signature_mismatch (req_info was not made with this key,
/// or is damaged); missing_field; invalid_value (an amount, the status or the time).
///
/// All that is trustworthy was encrypted: appid, mch_id and nonce_str come from outside the cipher
/// text, where anybody can change them. ECB has no seal of its own either; blocks of two
/// notifications of one merchant may be mixed. So whose refund it is and whether each amount is
/// right, the caller must compare with what it asked for.
Result<RefundNotification> parse_refund_notification(std::string_view body, const Secret& key);

}  // namespace wxpay::v2
