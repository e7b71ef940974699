#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/secret.hpp"
#include "core/crypto/rsa.hpp"
#include "core/http/message.hpp"
#include "core/v3/signature_headers.hpp"

/// tests/vectors/v3-vectors.json and what its keys become. The keys were made for that file: nobody
/// uses them.
namespace wxpay::test {

const nlohmann::ordered_json& v3_vectors();

/// "merchant", "platform_certificate_1", "platform_certificate_2" or "wechatpay_public_key".
RsaPrivateKey v3_key(const std::string& name);
/// What Wechatpay-Serial or serial_no calls it by.
std::string v3_serial(const std::string& name);
/// All three that WeChat signs with.
v3::PlatformKeys v3_platform_keys();
/// The APIv3 key.
Secret v3_api_key();

/// A JSON object of texts as headers.
http::Headers headers_of(const nlohmann::ordered_json& object);
/// The second that a text of digits names.
Instant second(const std::string& digits);

}  // namespace wxpay::test
