#pragma once

#include <span>

#include "sandbox/api_v2/direct.hpp"
#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {

/// The V2 surface: every endpoint behind the pipeline.
std::span<const Endpoint> endpoints();

/// And every call beside it.
std::span<const DirectCall> direct_calls();

}  // namespace wxpay::sandbox::api_v2
