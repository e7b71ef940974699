#pragma once

#include <optional>
#include <string>

#include "core/base/clock.hpp"
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

}  // namespace wxpay::v2
