#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/v2/bill.hpp"

#include "merchant/gateway/gateway.hpp"
#include "merchant/store/store.hpp"

namespace wxpay::merchant {

/// A day in UTC+8, as WeChat's bills count them.
struct Day {
    std::string compact;  ///< yyyyMMdd
    Instant begin;
    Instant end;  ///< no longer part of it
};

/// From yyyy-MM-dd or yyyyMMdd; nothing for other texts and for no days.
std::optional<Day> parse_day(std::string_view text);

/// What came of holding a day's bill against the books.
struct BillCheck {
    bool has_bill = true;      ///< WeChat had one; a day without trade has none
    std::size_t payments = 0;  ///< lines of the bill
    std::size_t refunds = 0;
    std::vector<std::string> differences;  ///< a line for people each

    /// All of it in one line.
    std::string summary(const Day& day) const;
};

/// Compares payment by payment and refund by refund, both ways. A line of the bill is looked up in
/// all our books, so that no midnight makes a difference; what is in our books for that day must be
/// in the bill.
BillCheck check_bill(const v2::Bill& bill, const Day& day, const std::string& mch_id,
                     Transaction& books);

/// The same with the bill that WeChat has. Errors: those of Gateway::trade_bill() and
/// parse_bill(). That there is no bill is none: it is an empty one, or one that is not there yet.
Result<BillCheck> check_day(const Day& day, Gateway& wechat, Store& store);

}  // namespace wxpay::merchant
