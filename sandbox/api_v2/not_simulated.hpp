#pragma once

#include "sandbox/api_v2/direct.hpp"

namespace wxpay::sandbox::api_v2 {

/// Whether WeChat has this path and the sandbox does not.
bool is_known_elsewhere(std::string_view path);

/// Says so: 200, return_code FAIL, a hint.
http::Response not_simulated(const http::Request& request, Context& context, Exchange& exchange);

}  // namespace wxpay::sandbox::api_v2
