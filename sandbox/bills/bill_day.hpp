#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/domain/fen.hpp"

namespace wxpay::sandbox {

/// A day of bills: from midnight to midnight, UTC+8.
struct BillDay {
    Instant begin;
    Instant end;

    /// "20240601"; nothing when that is no day.
    static std::optional<BillDay> parse(std::string_view yyyymmdd);
};

/// Whether a bill_date names a day; "20240601".
bool is_bill_day(std::string_view yyyymmdd);

/// How far the making of a day's bill is.
enum class BillProgress {
    out_of_range,  ///< today, the future, or more than three months ago
    not_begun,
    creating,  ///< the hour before it is there
    ready      ///< from 10:00 of the next day on
};

BillProgress progress_of(const BillDay& day, Instant now);

/// Yuan with two decimals: "8.88", "-0.05".
std::string yuan(Fen amount);
/// What stands in a field of a bill: commas and line breaks would break it, and become blanks.
std::string bill_text(std::string_view text);

/// Every bill begins so, and its lines end so.
inline constexpr std::string_view kBom = "\xEF\xBB\xBF";
inline constexpr std::string_view kBillLineEnd = "\r\n";

}  // namespace wxpay::sandbox
