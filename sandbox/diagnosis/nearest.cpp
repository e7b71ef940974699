#include "sandbox/diagnosis/nearest.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/codec/pieces.hpp"

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

constexpr std::size_t kFar = 4;          // so many edits are no guess but noise
constexpr std::size_t kSegmentCost = 2;  // of one too many or too few, in edits
constexpr std::size_t kPathMax = 256;    // of what a client sent

std::vector<std::string_view> segments_of(std::string_view path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    return pieces_of(path, '/');
}

bool is_variable(std::string_view segment) { return segment.starts_with('{'); }

/// kFar or more: they have nothing to do with each other.
std::size_t segment_distance(std::string_view sent, std::string_view known) {
    if (sent == known || is_variable(known)) return 0;
    const auto [shorter, longer] = std::minmax({sent.size(), known.size()});  // by value
    if (longer - shorter >= kFar) return kFar;
    const std::size_t distance = edit_distance(sent, known);
    return 2 * distance <= longer ? distance : kFar;
}

/// How well two paths fit.
struct Fit {
    std::size_t edits = 0;
    std::size_t found = 0;  // letters of the known one that stand in both

    Fit with(std::size_t more_edits, std::size_t more_found = 0) const {
        return {edits + more_edits, found + more_found};
    }
    bool operator<(const Fit& other) const {
        return edits != other.edits ? edits < other.edits : found > other.found;
    }
};

Fit fit_of(const std::vector<std::string_view>& sent, const std::vector<std::string_view>& known) {
    std::vector<Fit> row(known.size() + 1);
    for (std::size_t j = 1; j <= known.size(); ++j) row[j] = row[j - 1].with(kSegmentCost);
    for (const std::string_view segment : sent) {
        Fit diagonal = std::exchange(row[0], row[0].with(kSegmentCost));
        for (std::size_t j = 1; j <= known.size(); ++j) {
            const std::size_t distance = segment_distance(segment, known[j - 1]);
            const bool is_found = distance < kFar && !is_variable(known[j - 1]);
            const Fit replaced = diagonal.with(distance, is_found ? known[j - 1].size() : 0);
            diagonal = row[j];
            row[j] = std::min({row[j].with(kSegmentCost), row[j - 1].with(kSegmentCost), replaced});
        }
    }
    return row.back();
}

}  // namespace

std::string_view nearest_path(std::string_view path, std::span<const std::string_view> known) {
    std::string_view best;
    if (path.size() > kPathMax) return best;
    Fit best_fit{kFar, 0};
    const auto sent = segments_of(path);
    for (const std::string_view each : known) {
        const auto segments = segments_of(each);
        std::size_t letters = 0;
        for (const std::string_view segment : segments)
            letters += is_variable(segment) ? 0 : segment.size();
        const Fit fit = fit_of(sent, segments);
        if (fit < best_fit && 2 * fit.found >= letters) {
            best = each;
            best_fit = fit;
        }
    }
    return best;
}

std::string_view nearest(std::string_view name, std::span<const std::string_view> known) {
    std::string_view best;
    std::size_t best_distance = kFar;
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
