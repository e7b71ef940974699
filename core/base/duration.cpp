#include "core/base/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace wxpay {
namespace {

// From long to short, so that the first that divides evenly is the shortest form.
constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kUnits{
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::pair<std::string_view, std::int64_t> kDay{"d", 86'400'000};
constexpr double kMost = 10.0 * 366 * 24 * 3'600'000;

}  // namespace

std::optional<Millis> parse_duration(std::string_view text) {
    if (text == "0") return Millis{0};
    double count = 0;
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), count, std::chars_format::fixed);
    if (problem != std::errc{}) return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    const auto* const found = std::find_if(kUnits.begin(), kUnits.end(),
                                           [unit](const auto& each) { return each.first == unit; });
    if (found == kUnits.end() && unit != kDay.first) return std::nullopt;
    const double total =
        count * static_cast<double>(found == kUnits.end() ? kDay.second : found->second);
    if (!(total >= 0 && total <= kMost)) return std::nullopt;
    return Millis(std::llround(total));
}

std::string format_duration(Millis duration) {
    for (const auto& [name, millis] : kUnits) {
        if (duration.count() != 0 && duration.count() % millis == 0) {
            return std::to_string(duration.count() / millis) + std::string(name);
        }
    }
    return "0";
}

}  // namespace wxpay
