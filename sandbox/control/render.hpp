#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "sandbox/directory.hpp"
#include "sandbox/exchanges/exchange_log.hpp"
#include "sandbox/ledger/order.hpp"
#include "sandbox/ledger/refund.hpp"
#include "sandbox/notify/notification.hpp"

namespace wxpay::sandbox::control {

// The control API's view of our records. Money is fen, times are RFC 3339 with offset, absent
// values are left out.

/// With its refunds.
nlohmann::ordered_json to_json(const Order& order, Transaction& transaction);
nlohmann::ordered_json to_json(const Refund& refund);
nlohmann::ordered_json to_json(const Notification& notification);
/// `whole`: with headers, bodies and the string to sign; secrets are masked either way.
nlohmann::ordered_json to_json(const Exchange& exchange, bool whole);

/// As text; bytes that are not UTF-8 become U+FFFD.
std::string dump(const nlohmann::ordered_json& json);

}  // namespace wxpay::sandbox::control
