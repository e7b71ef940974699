#pragma once

#include <array>
#include <chrono>
#include <numeric>

namespace wxpay::sandbox {

/// How long WeChat waits after each failed attempt: 15 retries behind the first one.
/// source  [A] pay.weixin.qq.com/doc/v2/merchant/4011935221
inline constexpr std::array<std::chrono::seconds, 15> kNotifyWaits = [] {
    using namespace std::chrono_literals;
    return std::array<std::chrono::seconds, 15>{15s,   15s,   30s, 3min, 10min, 20min, 30min, 30min,
                                                30min, 60min, 3h,  3h,   3h,    6h,    6h};
}();
static_assert(std::accumulate(kNotifyWaits.begin(), kNotifyWaits.end(), std::chrono::seconds{0}) ==
              std::chrono::hours{24} + std::chrono::minutes{4});

}  // namespace wxpay::sandbox
