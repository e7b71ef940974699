#pragma once

#include <string>

#include "core/http/message.hpp"

namespace wxpay::sandbox {

/// The POST with which WeChat brings a V2 message to a merchant.
http::Request callback_request(std::string body);

}  // namespace wxpay::sandbox
