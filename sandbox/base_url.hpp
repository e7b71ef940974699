#pragma once

#include <string>

#include "core/http/message.hpp"

namespace wxpay::sandbox {

struct Settings;

/// The sandbox's address as the caller knows it, or as the settings want it told.
std::string base_url(const http::Request& request, const Settings& settings);

}  // namespace wxpay::sandbox
