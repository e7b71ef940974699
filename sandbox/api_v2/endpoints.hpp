#pragma once

#include <span>

#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {

/// The V2 surface: every endpoint behind the pipeline.
std::span<const Endpoint> endpoints();

}  // namespace wxpay::sandbox::api_v2
