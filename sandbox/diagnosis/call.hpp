#pragma once

#include "sandbox/exchanges/exchange_log.hpp"

namespace wxpay::sandbox::diagnosis {

/// Completes the exchange of an API call that has been answered: a refusal gets its explanation and
/// where possible a sharper hint, a success the notes that only its answer earns. What is there
/// already stays.
void explain_call(Exchange& exchange, const http::Response& response);

}  // namespace wxpay::sandbox::diagnosis
