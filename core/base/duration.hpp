#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"

namespace wxpay {

/// "500ms", "5s", "1.5s", "10m", "2h", "0": a number and a unit, for flags and the control API.
/// Nothing when malformed, negative, or longer than ten years.
std::optional<Millis> parse_duration(std::string_view text);

/// The shortest of those forms: "5s", "250ms", "24h".
std::string format_duration(Millis duration);

}  // namespace wxpay
