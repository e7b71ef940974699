#include "core/v3/pay_sign.hpp"

#include "core/v3/sign.hpp"

namespace wxpay::v3 {

std::string pay_sign(const JsapiPayment& payment, const RsaPrivateKey& key) {
    return key.sign_sha256(
        pay_string(payment.app_id, payment.time_stamp, payment.nonce_str, payment.package));
}

std::string pay_sign(const AppPayment& payment, const RsaPrivateKey& key) {
    return key.sign_sha256(
        pay_string(payment.app_id, payment.time_stamp, payment.nonce_str, payment.prepay_id));
}

}  // namespace wxpay::v3
