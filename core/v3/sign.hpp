#pragma once

#include <string>
#include <string_view>

namespace wxpay::v3 {

/// The one way to sign that is in use: the Authorization scheme and Wechatpay-Signature-Type.
inline constexpr std::string_view kScheme = "WECHATPAY2-SHA256-RSA2048";

/// The five lines that a request's signature is over, each ended by one LF.
/// target  path and query exactly as on the request line
/// body    its bytes; of a media upload the text of the part "meta"; empty: the line is empty
/// source  [A] gitbook of wechatpay-api-v3, qian-ming-sheng-cheng; known answers:
///         tests/vectors/v3-vectors.json, request_signatures
std::string request_string(std::string_view method, std::string_view target,
                           std::string_view timestamp, std::string_view nonce,
                           std::string_view body);

/// The three lines that the signature of an answer or a callback is over.
std::string response_string(std::string_view timestamp, std::string_view nonce,
                            std::string_view body);

/// The four lines that paySign is over: the last one is "prepay_id=wx…" for JSAPI and mini
/// programs, the bare prepay_id for apps.
std::string pay_string(std::string_view app_id, std::string_view timestamp, std::string_view nonce,
                       std::string_view last);

}  // namespace wxpay::v3
