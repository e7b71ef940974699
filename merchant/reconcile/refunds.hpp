#pragma once

#include <stop_token>

#include "merchant/context.hpp"

namespace wxpay::merchant {

/// Asks WeChat about refunds that have not ended `reconcile_after` they were asked for, because a
/// callback can get lost for good: at most kReconcileBatch of them, those not asked about for
/// longest first. Ends early when WeChat cannot be reached, or on request. Any number may run at
/// once.
void reconcile_refunds(const Context& context, const std::stop_token& stop = {});

}  // namespace wxpay::merchant
