#pragma once

#include <string>
#include <system_error>

#include "core/base/clock.hpp"

namespace wxpay::http {

/// "10 s", "250 ms".
std::string for_people(Millis time);
/// What the system calls a failure, for the middle of a sentence: "connection refused".
std::string for_people(const std::error_code& error);

}  // namespace wxpay::http
