#include "sandbox/cli/servers_merchant.hpp"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/http/message.hpp"

#include "sandbox/cli/shop_environment.hpp"
#include "sandbox/directory.hpp"

namespace wxpay::sandbox::cli {
std::string ServersMerchant::why_no_keys() const {
    return fmt::format("merchant {} {}, and its keys are not told", mch_id,
                       origin == "config" ? "is the configuration's" : "came by the control API");
}

ServersMerchant servers_merchant(const nlohmann::json& merchant) {
    ServersMerchant out;
    out.mch_id = merchant.value("mch_id", "");
    out.origin = merchant.value("origin", "");
    if (const auto appids = merchant.value("appids", nlohmann::json::array()); !appids.empty())
        out.appid = appids.front().get<std::string>();
    out.api_key = Secret(merchant.value("api_key", ""));
    out.api_v3_key = Secret(merchant.value("api_v3_key", ""));
    const Directory demos = demo_directory();
    const Merchant* const demo = out.origin == "demo" ? demos.find_merchant(out.mch_id) : nullptr;
    if (demo != nullptr) {
        out.api_key = demo->api_key;
        out.api_v3_key = demo->api_v3_key;
    }
    return out;
}

Result<ServersMerchant> servers_merchant(const RunningServer& server, const std::string& mch_id) {
    WXPAY_TRY(const nlohmann::json merchant,
              server.get("/_sandbox/v1/merchants/" + http::percent_encode(mch_id)));
    return servers_merchant(merchant);
}

std::string merchants_variable(const char* name, std::string_view mch_id) {
    const std::string whose = environment_variable("WXPAY_SANDBOX_MCH_ID");
    if (!whose.empty() && whose != mch_id) return {};
    return environment_variable(std::string("WXPAY_SANDBOX_") + name);
}

}  // namespace wxpay::sandbox::cli
