#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/http/message.hpp"

namespace wxpay::http {

/// GETs what goes on, such as server-sent events, and hands it over as it comes, on the caller's
/// thread, for as long as the server likes; silence is no failure. `on_begin` is called once the
/// answer's head is there and is a 200; `on_bytes` with each piece of its body until it returns
/// false. Gives the answer: without a body when it was a 200, otherwise with the first 64 KiB.
/// Fails with malformed when base_url is not one, with unreachable when no answer began.
Result<Response> follow(const std::string& base_url, const Request& request,
                        const std::function<void()>& on_begin,
                        const std::function<bool(std::string_view)>& on_bytes);

}  // namespace wxpay::http
