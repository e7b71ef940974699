#pragma once

#include <span>
#include <vector>

#include "sandbox/control/call.hpp"

namespace wxpay::sandbox::control {

// Each of these is one file.
std::span<const Route> cashier_routes();
std::span<const Route> clock_routes();
std::span<const Route> comment_routes();
std::span<const Route> environment_routes();
std::span<const Route> event_routes();
std::span<const Route> exchange_routes();
std::span<const Route> fault_routes();
std::span<const Route> merchant_routes();
std::span<const Route> metrics_routes();
std::span<const Route> notification_routes();
std::span<const Route> openapi_routes();
std::span<const Route> order_routes();
std::span<const Route> platform_routes();
std::span<const Route> refund_routes();
std::span<const Route> report_routes();
std::span<const Route> scan_routes();
std::span<const Route> server_routes();
std::span<const Route> transfer_routes();
std::span<const Route> trigger_routes();

/// All of them.
const std::vector<Route>& routes();

/// Answers a call of the control API: guards, finds the route, calls it.
http::Answer answer(const http::Request& request, Context& context);

/// Answers what never became a call: its bytes, or their number, are not acceptable.
http::Response answer_unread(int status, std::string_view detail);

/// Whether the path belongs to the control API.
bool is_control_path(std::string_view path);

}  // namespace wxpay::sandbox::control
