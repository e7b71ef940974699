#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/domain/fen.hpp"
#include "core/v2/message.hpp"
#include "core/v2/sign.hpp"

namespace wxpay::v2 {

/// One coupon that took part in a payment.
struct Coupon {
    std::string id;
    std::string type;  ///< "CASH" (funded by deposit) or "NO_CASH" (funded by the merchant)
    Fen fee;

    friend bool operator==(const Coupon&, const Coupon&) = default;
};

/// What WeChat tells a merchant's notify_url: this order is paid. Empty texts are left out of the
/// message. Order and CDATA: see FIDELITY.md "Callbacks".
/// source  [A] pay.weixin.qq.com/doc/v2/merchant/4011935221; order and CDATA [B]
struct PaymentNotification {
    std::string appid;
    std::string mch_id;
    std::string sub_appid;
    std::string sub_mch_id;
    std::string device_info;
    std::string nonce_str;  ///< that of the unifiedorder request, not a fresh one [B]
    std::string openid;
    std::string sub_openid;
    std::string trade_type;
    std::string bank_type;
    std::string fee_type = "CNY";
    std::string out_trade_no;
    std::string transaction_id;
    std::string attach;
    Fen total_fee;
    Fen cash_fee;                             ///< what the user paid: total_fee less the coupons
    std::optional<Fen> settlement_total_fee;  ///< only when a NO_CASH coupon took part
    std::vector<Coupon> coupons;
    Instant time_end;  ///< to the second
};

/// The signed message. `announce_sign_type` adds a sign_type element when the type is HMAC-SHA256:
/// documented, not seen in the wild, but several SDKs verify by MD5 without it.
std::string render_payment_notification(const PaymentNotification& notification, const Secret& key,
                                        SignType type, bool announce_sign_type);

/// Reads and verifies a callback's body. `type` is the sign_type of the merchant's own unifiedorder
/// calls. Errors: not_utf8, too_large, malformed (not a V2 message); refused (return_code or
/// result_code is not SUCCESS); missing_field (sign or a field that a payment must have);
/// signature_mismatch; invalid_value (amount or time). Whose order it is and whether the amount is
/// right, the caller must compare.
Result<PaymentNotification> parse_payment_notification(std::string_view body, const Secret& key,
                                                       SignType type);

/// The answer that ends the retries.
std::string notification_accepted();
/// An answer that asks for another try; `why` is for WeChat's log.
std::string notification_refused(std::string_view why);

/// The amounts of coupons as they stand in queries and notifications: coupon_type_$n appears only
/// when a NO_CASH coupon took part [B].
bool names_coupon_types(const std::vector<Coupon>& coupons);

}  // namespace wxpay::v2
