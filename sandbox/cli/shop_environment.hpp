#pragma once

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

#include "sandbox/cli/running_server.hpp"

namespace wxpay::sandbox::cli {

/// Names and values, in the order in which they are shown.
using Variables = std::vector<std::pair<std::string, std::string>>;

/// The environment of a shop that uses a running server, whatever it is written in.
struct ShopEnvironment {
    Variables variables;
    std::vector<std::string> removed;   ///< variables that must not be there
    std::vector<std::string> clients;   ///< who trusts the TLS listener in it: "curl", "go", …
    std::vector<std::string> warnings;  ///< a line each: what of the caller's does not go with it
};

/// Where clients look for a proxy.
inline constexpr std::array kProxyVariables{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
                                            "http_proxy"};

/// A variable of the caller's environment; empty when it is not set.
using Lookup = std::function<std::string(const std::string& name)>;
/// In this process' own.
std::string environment_variable(const std::string& name);

/// Asks the server where things are; `mch_id` says whose keys. Lists that the caller has (NO_PROXY,
/// JAVA_TOOL_OPTIONS, PHP_INI_SCAN_DIR) are continued. Fails as RunningServer::get().
Result<ShopEnvironment> shop_environment(const RunningServer& server, const std::string& mch_id,
                                         const Lookup& caller);

}  // namespace wxpay::sandbox::cli
