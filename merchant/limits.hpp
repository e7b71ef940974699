#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Everything that grows has a limit; each stands here with its reason.
namespace wxpay::merchant {

/// A JSON body of our own API: two short fields.
inline constexpr std::size_t kJsonBytesMax = 16 * 1024;
/// A callback of WeChat's has one or two KiB; with twenty coupons it stays below eight.
inline constexpr std::size_t kNotifyBytesMax = 64 * 1024;
/// Request line and headers.
inline constexpr std::size_t kHeadBytesMax = 16 * 1024;
/// wx.login's code. source  [A] code2Session: String(64)
inline constexpr std::size_t kLoginCodeBytesMax = 64;
/// A shopping cart, not a warehouse.
inline constexpr std::int64_t kQuantityMax = 99;
/// What a client may name a request for a refund: a UUID, or a number of its own.
inline constexpr std::size_t kRequestIdBytesMax = 64;
/// source  [A] refund page: at most 50 refunds of one order
inline constexpr std::size_t kRefundsPerOrderMax = 50;
/// Long enough to shop, short enough that a stolen token soon is worthless.
inline constexpr std::chrono::hours kSessionLife{2};
/// Log lines of one event of one order. The oldest line of the same event goes, so that a flood of
/// duplicates never washes out the line that says when the money came.
inline constexpr std::int64_t kLogLinesPerEventMax = 100;
/// What a log line, and thus WeChat's log, may hold of somebody else's words.
inline constexpr std::size_t kDetailBytesMax = 200;
/// Orders that one round of reconciliation asks for. The others come first in the next.
inline constexpr std::int64_t kReconcileBatch = 100;

}  // namespace wxpay::merchant
