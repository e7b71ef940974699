#pragma once

#include <string>

#include "core/base/secret.hpp"
#include "core/v2/sign.hpp"

namespace wxpay::v2 {

/// The arguments of wx.requestPayment and getBrandWCPayRequest. All texts, the time stamp too.
/// source  [A] pay.weixin.qq.com/doc/v2/merchant/4011935213
struct JsapiPayment {
    std::string app_id;
    std::string time_stamp;  ///< seconds since 1970, as text
    std::string nonce_str;
    std::string package;    ///< "prepay_id=wx…"
    std::string sign_type;  ///< the sign_type of the unifiedorder call; "MD5" when it had none
    std::string pay_sign;
};

/// paySign of the other five members under the merchant's API key; the type is that of `type`, not
/// of sign_type.
std::string pay_sign(const JsapiPayment& payment, const Secret& key, SignType type);

/// The arguments of an app's PayReq. There is no signType: the type of the unifiedorder call
/// counts.
/// source  [A] pay.weixin.qq.com/doc/v2/merchant/4011937148
struct AppPayment {
    std::string appid;
    std::string partnerid;  ///< mch_id
    std::string prepayid;
    std::string package = "Sign=WXPay";
    std::string noncestr;
    std::string timestamp;
    std::string sign;
};

/// `sign` of the other six members.
std::string pay_sign(const AppPayment& payment, const Secret& key, SignType type);

}  // namespace wxpay::v2
