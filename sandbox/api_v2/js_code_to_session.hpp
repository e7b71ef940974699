#pragma once

#include <string_view>

#include "core/http/message.hpp"

#include "sandbox/context.hpp"

namespace wxpay::sandbox::api_v2 {

inline constexpr std::string_view kJsCodeToSessionPath = "/sns/jscode2session";

/// GET /sns/jscode2session: wx.login's code for the user's openid. JSON, unsigned, always HTTP 200.
/// source  [A] developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html
http::Response js_code_to_session(const http::Request& request, Context& context,
                                  Exchange& exchange);

}  // namespace wxpay::sandbox::api_v2
