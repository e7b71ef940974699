#pragma once

#include <string>

#include "core/crypto/rsa.hpp"

namespace wxpay::v3 {

/// The arguments of wx.requestPayment and WeixinJSBridge's getBrandWCPayRequest. All texts, the
/// time stamp too. Mini programs leave appId away, but it is signed.
/// source  [A] wechatpay-skills, rules of signatures (spec V3 8)
struct JsapiPayment {
    std::string app_id;
    std::string time_stamp;  ///< seconds since 1970, as text
    std::string nonce_str;
    std::string package;            ///< "prepay_id=wx…"
    std::string sign_type = "RSA";  ///< not signed itself
    std::string pay_sign;
};

/// The arguments of an app's PayReq.
/// source  [A] as above
struct AppPayment {
    std::string app_id;
    std::string partner_id;  ///< mchid
    std::string prepay_id;   ///< signed as it is, without "prepay_id="
    std::string package_value = "Sign=WXPay";
    std::string nonce_str;
    std::string time_stamp;
    std::string sign;
};

/// paySign, or sign, under the merchant's own key. Known answers: tests/vectors/v3-vectors.json.
std::string pay_sign(const JsapiPayment& payment, const RsaPrivateKey& key);
std::string pay_sign(const AppPayment& payment, const RsaPrivateKey& key);

}  // namespace wxpay::v3
