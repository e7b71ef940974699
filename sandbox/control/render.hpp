#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sandbox/directory.hpp"
#include "sandbox/exchanges/exchange_log.hpp"
#include "sandbox/ledger/order.hpp"
#include "sandbox/ledger/refund.hpp"
#include "sandbox/notify/notification.hpp"
#include "sandbox/timers/virtual_clock.hpp"

namespace wxpay::sandbox::control {

// The control API's view of our records. Money is fen, times are RFC 3339 with offset, absent
// values are left out.

/// With its refunds.
nlohmann::ordered_json to_json(const Order& order, Transaction& transaction);
nlohmann::ordered_json to_json(const Refund& refund);
nlohmann::ordered_json to_json(const Notification& notification);
/// `whole`: with headers, bodies, the string to sign and the diagnosis; secrets are masked either
/// way.
nlohmann::ordered_json to_json(const Exchange& exchange, bool whole);

/// {"now","mode"}
nlohmann::ordered_json to_json(const VirtualClock& clock);

/// A url with the value of `secret=` masked: calls of api.weixin.qq.com carry the app's secret in
/// their query.
std::string mask_url(std::string url);
/// Names and values, those that carry credentials masked.
std::vector<std::pair<std::string, std::string>> mask_headers(const http::Headers& headers);
/// JSON text without the directory's keys and secrets, wherever clients have put them.
std::string masked(std::string json, const Directory& directory);

/// As text; bytes that are not UTF-8 become U+FFFD.
std::string dump(const nlohmann::ordered_json& json);

}  // namespace wxpay::sandbox::control
