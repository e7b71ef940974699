#pragma once

namespace wxpay::sandbox {

struct Exchange;

/// Writes a line about an exchange that has ended: what was refused or not delivered at level info,
/// the rest at debug.
void log_exchange(const Exchange& exchange);

}  // namespace wxpay::sandbox
