#pragma once

#include <string>
#include <string_view>

#include "core/http/message.hpp"

namespace wxpay::sandbox {

/// The POST with which WeChat brings a message to a merchant; V3's is JSON and gets a signature
/// besides (v3_callback.hpp).
http::Request callback_request(std::string body, std::string_view content_type = "text/xml");

}  // namespace wxpay::sandbox
