#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"

namespace wxpay {

/// The midnight, UTC+8, with which the day of `at` begins.
Instant start_of_day(Instant at);

/// V2's times: yyyyMMddHHmmss, UTC+8, no zone (grade A). China has had no daylight saving time
/// since 1991.
std::string format_compact_time(Instant at);
/// Nothing when it is not 14 digits that name a real moment.
std::optional<Instant> parse_compact_time(std::string_view text);

/// What refunds and bills write: yyyy-MM-dd HH:mm:ss, UTC+8 (grade A).
std::string format_readable_time(Instant at);
/// Nothing when it is not in that form or names no real moment.
std::optional<Instant> parse_readable_time(std::string_view text);

/// 2024-06-01T12:01:05+08:00, with milliseconds (".250") only when there are any.
std::string format_rfc3339(Instant at);
/// The same without milliseconds, as V3's messages have it.
std::string format_rfc3339_seconds(Instant at);
/// Any offset, or Z; fractions of a second are cut to milliseconds. Nothing when malformed.
std::optional<Instant> parse_rfc3339(std::string_view text);

}  // namespace wxpay
