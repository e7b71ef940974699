#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/domain/ids.hpp"

#include "sandbox/directory.hpp"

namespace wxpay::sandbox {

// Native payment, mode 1: the merchant prints a link to a product. When a user scans it, WeChat
// asks the merchant for an order of that product.
// source  [A] pay.weixin.qq.com/wiki/doc/api/native.php?chapter=6_4 and the official PHP SDK's
// native_notify.php

inline constexpr std::string_view kLongUrlStart = "weixin://wxpay/bizpayurl?";
/// What /tools/shorturl makes of it, with a code behind.
inline constexpr std::string_view kShortUrlStart = "weixin://wxpay/s/";

/// A link whose signature is right.
struct ProductLink {
    AppId appid;
    const Merchant* merchant;  ///< of the directory it was read with
    std::string product_id;
};

/// Reads weixin://wxpay/bizpayurl?sign=…&appid=…&mch_id=…&product_id=…&time_stamp=…&nonce_str=…,
/// in any order of parameters. Fails with one ASCII line that says what is wrong; the user's phone
/// only says 原生支付URL参数错误.
Result<ProductLink, std::string> read_product_link(std::string_view url,
                                                   const Directory& directory);

/// The question to the merchant, signed with MD5.
std::string render_product_question(const ProductLink& link, const std::string& openid,
                                    std::string_view nonce);

/// Why a merchant's answer leads to no order.
struct ProductAnswerProblem {
    bool refused = false;  ///< the merchant said no; otherwise the answer cannot be used
    std::string reason;    ///< the merchant's words, or one ASCII line
};

/// The prepay_id in an answer whose return_code is SUCCESS. The answer must be signed by the
/// merchant, with MD5 or with HMAC-SHA256: it has no element that says which.
Result<PrepayId, ProductAnswerProblem> read_product_answer(std::string_view body,
                                                           const ProductLink& link,
                                                           const Directory& directory);

}  // namespace wxpay::sandbox
