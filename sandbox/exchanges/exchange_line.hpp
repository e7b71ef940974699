#pragma once

#include <string_view>

namespace wxpay::sandbox {

class Directory;
struct Exchange;

/// The number of the merchant: of a call, as it was sent.
std::string_view merchant_of(const Exchange& exchange);

/// Writes a line about an exchange that has ended: what was refused or not delivered at level info,
/// the rest at debug. A key that a client has put anywhere is masked.
void log_exchange(const Exchange& exchange, const Directory& directory);

}  // namespace wxpay::sandbox
