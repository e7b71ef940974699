#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"

namespace wxpay {

/// "500ms", "5s", "1.5s", "10m", "2h", "1d", "0": a number and a unit, for flags and the control
/// API.
/// Nothing when malformed, negative, or longer than ten years.
std::optional<Millis> parse_duration(std::string_view text);

/// What parse_duration() takes, for a message that refuses something else.
inline constexpr std::string_view kDurationForm = "a number and one of ms, s, m, h, d";

/// The shortest of those forms: "5s", "250ms", "24h"; never in days.
std::string format_duration(Millis duration);

}  // namespace wxpay
