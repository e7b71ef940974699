#pragma once

#include <string>
#include <string_view>

namespace wxpay::sandbox {

/// The message with another sign of the same shape: each of its hex digits is the next one. As it
/// is when it has no sign.
std::string with_wrong_sign(std::string_view message);

/// Another signature of the same shape: each letter and digit of the base64 is the next one.
std::string with_wrong_letters(std::string_view base64);

}  // namespace wxpay::sandbox
