#include "sandbox/diagnosis/nearest.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace wxpay::sandbox::diagnosis {
namespace {

/// Damerau-Levenshtein without transpositions: the fewest single-character edits.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row.back();
}

}  // namespace

std::string_view nearest(std::string_view name, std::span<const std::string_view> known) {
    std::string_view best;
    std::size_t best_distance = 4;  // farther is no guess but noise
    if (name.size() > 64) return best;
    for (const std::string_view each : known) {
        const std::size_t distance = edit_distance(name, each);
        if (distance < best_distance && distance < std::max(name.size(), each.size())) {
            best = each;
            best_distance = distance;
        }
    }
    return best;
}

std::string printable(std::string_view text) {
    constexpr std::size_t kMax = 64;
    std::string out;
    for (const char c : text.substr(0, kMax)) out += c >= ' ' && c <= '~' ? c : '?';
    if (text.size() > kMax) out += "...";
    return out;
}

}  // namespace wxpay::sandbox::diagnosis
