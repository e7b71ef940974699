#pragma once

#include <string>
#include <string_view>

#include "merchant/context.hpp"
#include "merchant/shop/refund.hpp"

namespace wxpay::merchant {

/// What became of a report about a refund.
struct SettledRefund {
    bool accepted = false;    ///< it is in the books, by this report or an earlier one
    bool recorded = false;    ///< by this one
    std::string reason = {};  ///< why it was not accepted; fit for WeChat's log
};

/// The only way by which a refund ends in the books, for callbacks and queries alike. Checks the
/// report against merchant, order and refund, records it at most once, leaves a line in the log.
/// When this returns all of it is on the disk. Thread-safe; several programs may work on the same
/// books.
/// source  names where the report comes from, for the log
SettledRefund settle_refund(const RefundReport& report, std::string_view source,
                            const Context& context);

/// Asks WeChat how a refund stands, and settles the answer. Errors: those of refund_query();
/// mismatch when the answer was not accepted.
Result<void> ask_about_refund(const std::string& out_refund_no, const Context& context);

}  // namespace wxpay::merchant
