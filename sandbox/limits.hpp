#pragma once

#include <chrono>
#include <cstddef>

/// Everything that grows has a limit; each stands here with its reason.
namespace wxpay::sandbox {

/// Request bodies: a V2 order has about 1 KiB; WeChat's own limit is unknown.
inline constexpr std::size_t kBodyBytesMax = 1024 * 1024;
/// Request line and headers.
inline constexpr std::size_t kHeadBytesMax = 16 * 1024;
/// What is kept of a merchant's answer to a callback: enough to see what it was.
inline constexpr std::size_t kAttemptBodyMax = 4 * 1024;
/// Exchanges that are kept for inspection; the oldest go first.
inline constexpr std::size_t kExchangesMax = 10'000;
inline constexpr std::size_t kExchangeBytesMax = 64 * 1024 * 1024;
/// Rows of one list in the control API.
inline constexpr std::size_t kListMax = 1'000;
inline constexpr std::size_t kListDefault = 100;
/// Long polls that wait at the same time.
inline constexpr std::size_t kWaitersMax = 10'000;
/// The longest that a long poll may ask to wait.
inline constexpr std::chrono::minutes kWaitMax{10};
/// Coupons in one payment.
inline constexpr std::size_t kCouponsMax = 20;
/// How far one call may move the clock: ten years cover refund windows and contracts.
inline constexpr std::chrono::hours kAdvanceMax{24 * 366 * 10};

/// How long a prepay_id or code_url is good.
/// source  [A] pay.weixin.qq.com/doc/v2/merchant/4011936530
inline constexpr std::chrono::hours kPrepayLife{2};

/// How long a call whose answer never arrives stays open; v2.md 10.3: our choice.
inline constexpr Millis kSilence = std::chrono::seconds(30);

}  // namespace wxpay::sandbox
