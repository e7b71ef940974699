#pragma once

#include <string>
#include <string_view>

#include "core/http/message.hpp"

#include "sandbox/context.hpp"

namespace wxpay::sandbox {

/// Answers what never became a request, in the shape that the path's other refusals have: API V3
/// and the control API refuse in JSON whatever is wrong, also what is too large or no HTTP. It is
/// no exchange, since nothing was read.
/// target  the request line's; empty when that could not be read
http::Response refuse_unread(int status, std::string_view detail, const std::string& target,
                             Context& context);

}  // namespace wxpay::sandbox
