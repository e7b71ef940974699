#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/secret.hpp"
#include "core/codec/fields.hpp"

namespace wxpay::v2 {

/// How a V2 message is signed.
enum class SignType { md5, hmac_sha256 };

/// "MD5" or "HMAC-SHA256".
std::string_view wire_name(SignType type);
/// Nothing for any other word; case matters.
std::optional<SignType> parse_sign_type(std::string_view word);

/// The text that is hashed, without the key: names in byte order, "name=value" joined by '&',
/// ending in "&key=". `sign` itself and empty values are left out; values are the decoded
/// characters as they are.
/// source  [A] pay.weixin.qq.com/doc/v2/merchant/4011985891
std::string string_to_sign(std::span<const FieldView> fields);

/// Signs a V2 message.
/// fields  wire names and values, UTF-8, in any order
/// key     the merchant's API key, 32 characters: it ends the text, and is also HMAC-SHA256's key
/// returns 32 (MD5) or 64 (HMAC-SHA256) upper-case hex digits
/// source  [A] pay.weixin.qq.com/doc/v2/merchant/4011985891
/// Known answers: tests/vectors/v2-vectors.json.
std::string sign(std::span<const FieldView> fields, const Secret& key, SignType type);

/// Whether `signature` is exactly sign(fields, key, type), compared in constant time. Lower-case
/// digits do not pass.
bool verify(std::span<const FieldView> fields, std::string_view signature, const Secret& key,
            SignType type);

}  // namespace wxpay::v2
