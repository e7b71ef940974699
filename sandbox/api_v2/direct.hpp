#pragma once

#include <string_view>

#include "core/http/message.hpp"

#include "sandbox/context.hpp"

namespace wxpay::sandbox::api_v2 {

/// A call that is no signed XML and so has no use for the pipeline.
struct DirectCall {
    std::string_view method;
    std::string_view path;
    /// Fills in what it learns about the exchange.
    http::Response (*answer)(const http::Request& request, Context& context, Exchange& exchange);
};

}  // namespace wxpay::sandbox::api_v2
