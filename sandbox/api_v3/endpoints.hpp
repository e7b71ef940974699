#pragma once

#include <span>

#include "sandbox/api_v3/pipeline.hpp"

namespace wxpay::sandbox::api_v3 {

/// The whole surface of API V3 that is simulated.
std::span<const Endpoint> endpoints();

/// Whether WeChat has this path, though it is not simulated (spec V3 9.4).
bool is_known_elsewhere(std::string_view path);

}  // namespace wxpay::sandbox::api_v3
