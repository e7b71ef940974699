#pragma once

#include <array>
#include <string_view>

#include "core/base/secret.hpp"

namespace wxpay {

using Md5 = std::array<unsigned char, 16>;
using Sha1 = std::array<unsigned char, 20>;
using Sha256 = std::array<unsigned char, 32>;

/// MD5 of the bytes. V2 signatures ask for it; nothing else should.
Md5 md5(std::string_view bytes);
/// SHA-1 of the bytes. V3 bills and OAEP ask for it; nothing else should.
Sha1 sha1(std::string_view bytes);
Sha256 sha256(std::string_view bytes);
/// HMAC-SHA256. The key's prepared state is kept per thread, so that the next call with the same
/// key is cheap.
Sha256 hmac_sha256(const Secret& key, std::string_view bytes);

/// Compares without telling by its time where two texts of equal length differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace wxpay
