#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"

namespace wxpay::sandbox::cli {

/// A server that runs already, and its control API.
struct RunningServer {
    std::string url = "http://127.0.0.1:12180";
    std::string control_token = {};

    /// The JSON object at this path. Fails with malformed when `url` is none, with unreachable
    /// when nobody answers there, with refused when the answer is no such object; the
    /// detail says it all.
    Result<nlohmann::json> get(const std::string& path, const std::string& query = {}) const;
};

}  // namespace wxpay::sandbox::cli
