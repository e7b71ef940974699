#pragma once

#include <optional>
#include <string>

#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {

/// The order that a call describes, as far as unifiedorder and micropay describe it alike.
Order order_from(const Call& call, Instant now);

/// Which parameters a repeated call has changed, for the hint; empty when it is the same call.
std::string differences(const Order& stored, const Order& sent);

/// time_expire against time_start and the clock.
std::optional<Refusal> check_times(const Call& call, Instant now, bool as_older_servers = false);

}  // namespace wxpay::sandbox::api_v2
