#pragma once

#include <string>
#include <string_view>

#include "core/v2/message.hpp"

namespace wxpay::sandbox::api_v2 {

/// Every reason to refuse a V2 call.
enum class Code {
    // Protocol: answered as return_code FAIL, unsigned.
    method_not_post,
    post_data_empty,
    not_utf8,
    xml_malformed,
    param_format,  // takes the field's name
    param_missing,
    merchant_unknown,
    sub_mch_id_required,
    appid_unknown,
    appid_not_bound,
    sign_wrong,
    param_unknown,  // takes the field's name
    openid_required,
    total_fee_invalid,
    openid_of_another_app,
    time_expire_too_near,
    product_not_enabled,
    // Business: answered as a signed reply with result_code FAIL.
    openid_invalid,
    param_error,
    order_number_repeated,
    order_paid,
    order_closed,
    order_not_exist,
    close_order_paid,
    close_not_allowed,
    system_error,
};

/// WeChat's words for a refusal.
struct Words {
    Code code;
    std::string_view err_code;  ///< empty: a protocol failure, the text is its return_msg
    std::string_view text;      ///< "{}" stands for the field's name
};

const Words& words(Code code);

/// A call refused: the code, the field at fault, and one ASCII line that names the likely cause.
struct Refusal {
    Code code;
    std::string field = {};
    std::string hint = {};
    v2::Message business = {};  ///< elements that stand behind err_code_des all the same
};

/// The text with the field's name in its place.
std::string text_of(const Refusal& refusal);

}  // namespace wxpay::sandbox::api_v2
