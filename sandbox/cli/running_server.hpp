#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/http/message.hpp"

namespace wxpay::sandbox::cli {

/// A server that runs already, and its control API.
struct RunningServer {
    std::string url = "http://127.0.0.1:12180";
    std::string control_token = {};

    /// What it answers to the request, with the token. Fails with malformed when `url` is none,
    /// with unreachable when nobody answers there in time.
    Result<http::Response> send(http::Request request, Millis timeout) const;
    /// As http::follow(), with the token; fails like send().
    Result<http::Response> follow(http::Request request, const std::function<void()>& on_begin,
                                  const std::function<bool(std::string_view)>& on_bytes) const;
    /// The JSON object at this path. Fails with malformed when `url` is none, with unreachable
    /// when nobody answers there, or not to us (the token), with refused when the answer is no such
    /// object; the detail says it all.
    Result<nlohmann::json> get(const std::string& path, const std::string& query = {}) const;
};

}  // namespace wxpay::sandbox::cli
