#pragma once

#include "core/http/message.hpp"

#include "sandbox/faults/fault.hpp"

namespace wxpay::sandbox {

/// Whether the call does not come as far as its endpoint.
bool prevents_the_work(const Injection& fault);
/// What it gets then: a gateway's page, or a connection that is cut.
http::Response answer_without_work(const Injection& fault);

/// The answer as the fault leaves it: with a wrong sign, cut short, or cut off.
http::Response spoiled(http::Response response, const Injection& fault);

}  // namespace wxpay::sandbox
