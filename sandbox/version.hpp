#pragma once

#include <string_view>

namespace wxpay::sandbox {

inline constexpr std::string_view kVersion = WXPAY_VERSION;

}  // namespace wxpay::sandbox
