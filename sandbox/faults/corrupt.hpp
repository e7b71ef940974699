#pragma once

#include <string>
#include <string_view>

namespace wxpay::sandbox {

/// The message with another sign of the same shape: each of its hex digits is the next one. As it
/// is when it has no sign.
std::string with_wrong_sign(std::string_view message);

}  // namespace wxpay::sandbox
