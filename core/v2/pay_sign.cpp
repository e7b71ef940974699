#include "core/v2/pay_sign.hpp"

#include <array>

namespace wxpay::v2 {

std::string pay_sign(const JsapiPayment& payment, const Secret& key, SignType type) {
    const std::array<FieldView, 5> fields{{{"appId", payment.app_id},
                                           {"nonceStr", payment.nonce_str},
                                           {"package", payment.package},
                                           {"signType", payment.sign_type},
                                           {"timeStamp", payment.time_stamp}}};
    return sign(fields, key, type);
}

std::string pay_sign(const AppPayment& payment, const Secret& key, SignType type) {
    const std::array<FieldView, 6> fields{{{"appid", payment.appid},
                                           {"noncestr", payment.noncestr},
                                           {"package", payment.package},
                                           {"partnerid", payment.partnerid},
                                           {"prepayid", payment.prepayid},
                                           {"timestamp", payment.timestamp}}};
    return sign(fields, key, type);
}

}  // namespace wxpay::v2
