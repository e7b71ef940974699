#pragma once

#include <string>

#include "sandbox/exchanges/exchange_log.hpp"

namespace wxpay::sandbox::control {

/// The command for a POSIX shell that sends the exchange's request again: a call to the sandbox at
/// `base_url`, a callback to its merchant. Bodies arrive byte for byte, whatever is in them.
/// Secrets that stand in a call's query or headers are masked; put yours in.
std::string curl_line(const Exchange& exchange, const std::string& base_url);

}  // namespace wxpay::sandbox::control
