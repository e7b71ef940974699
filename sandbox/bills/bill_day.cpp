#include "sandbox/bills/bill_day.hpp"

#include <chrono>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"

namespace wxpay::sandbox {

std::optional<BillDay> BillDay::parse(std::string_view yyyymmdd) {
    constexpr std::size_t kDigits = 8;
    if (yyyymmdd.size() != kDigits) return std::nullopt;
    const auto begin = parse_compact_time(std::string(yyyymmdd) + "000000");
    if (!begin) return std::nullopt;
    return BillDay{*begin, *begin + std::chrono::hours(24)};
}

bool is_bill_day(std::string_view yyyymmdd) { return BillDay::parse(yyyymmdd).has_value(); }

// The page promises a bill from about ten in the morning on, for three months. v2.md 6.6
BillProgress progress_of(const BillDay& day, Instant now) {
    constexpr std::chrono::hours kBegun{9};
    constexpr std::chrono::hours kReady{10};
    constexpr std::chrono::hours kKept{24 * 92};
    if (now < day.end || now > day.end + kKept) return BillProgress::out_of_range;
    if (now < day.end + kBegun) return BillProgress::not_begun;
    return now < day.end + kReady ? BillProgress::creating : BillProgress::ready;
}

std::string yuan(Fen amount) {
    const std::int64_t size = amount.count() < 0 ? -amount.count() : amount.count();
    return fmt::format("{}{}.{:02}", amount.count() < 0 ? "-" : "", size / 100, size % 100);
}

std::string bill_text(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c == ',' || c == '\r' || c == '\n') c = ' ';
    }
    return out;
}

}  // namespace wxpay::sandbox
