#pragma once

#include <cstdint>
#include <stop_token>

#include "merchant/context.hpp"

namespace wxpay::merchant {

/// What one round found.
struct Round {
    std::int64_t checked = 0;   ///< orders that WeChat was asked about
    std::int64_t credited = 0;  ///< paid, and nobody had told us
    std::int64_t closed = 0;
    std::int64_t failed = 0;  ///< no answer, or one that could not be believed
};

/// Asks WeChat for orders that are still unpaid `reconcile_after` their prepay, because a callback
/// can get lost for good: at most kReconcileBatch of them, those not asked for longest first. Ends
/// early when WeChat cannot be reached, or on request. Any number of rounds may run at once.
Round reconcile(const Context& context, const std::stop_token& stop = {});

}  // namespace wxpay::merchant
