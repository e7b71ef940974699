#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

#include "sandbox/cli/running_server.hpp"

namespace wxpay::sandbox::cli {

/// What a running server tells of one of its merchants.
struct ServersMerchant {
    std::string mch_id;
    std::string origin;  ///< "demo", "config", "api" or "range"
    std::string appid;   ///< its first one; empty: it has none
    /// Those of a demo merchant are public, those of the range are told. Empty: they were given to
    /// the server, and stay there.
    Secret api_key = {};
    Secret api_v3_key = {};

    /// Why its keys are not known: "merchant 1900000120 is the configuration's, and its keys are
    /// not told".
    std::string why_no_keys() const;
};

/// Out of the control API's Merchant.
ServersMerchant servers_merchant(const nlohmann::json& merchant);
/// Asks for it. Fails as RunningServer::get().
Result<ServersMerchant> servers_merchant(const RunningServer& server, const std::string& mch_id);

/// WXPAY_SANDBOX_<name>, a variable that `env` prints of one merchant, when it is that one's:
/// WXPAY_SANDBOX_MCH_ID says whose they are. Empty when it is another's or not set.
std::string merchants_variable(const char* name, std::string_view mch_id);

}  // namespace wxpay::sandbox::cli
