#pragma once

#include <string>
#include <string_view>

#include "merchant/context.hpp"
#include "merchant/shop/payment.hpp"

namespace wxpay::merchant {

/// What became of a report.
struct Settled {
    bool accepted = false;    ///< it is in the books, by this report or an earlier one
    bool credited = false;    ///< by this one
    std::string reason = {};  ///< why it was not accepted; fit for WeChat's log
};

/// The only way by which money gets into the books, for callbacks and queries alike. Checks the
/// report against merchant and order, credits it at most once, leaves a line in the log. When this
/// returns all of it is on the disk. Thread-safe; several programs may work on the same books.
/// source  names where the report comes from, for the log
Settled settle(const PaymentReport& report, std::string_view source, const Context& context);

/// Leaves a line about a report that is not even WeChat's, or about no order of ours.
void note_refused(std::string_view source, std::string_view reason, const Context& context);

}  // namespace wxpay::merchant
