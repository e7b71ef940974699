// Where clients of this sandbox find the TLS listener and their certificates.
#include <nlohmann/json.hpp>

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

/// Paths on the server's machine; no keys.
Result<http::Answer, Problem> environment(const Call& call) {
    const Settings& settings = call.context.settings;
    Json json = Json::object();
    if (!settings.https_url.empty()) json["https"] = settings.https_url;
    if (const auto& files = settings.certificate_files) {
        json["ca"] = files->ca.string();
        json["merchants"] = Json::array();
        for (const auto& [mch_id, of] : files->merchants) {
            json["merchants"].push_back({{"mch_id", mch_id},
                                         {"certificate", of.certificate.string()},
                                         {"key", of.key.string()},
                                         {"p12", of.p12.string()},
                                         {"serial", of.serial}});
        }
    }
    return json_response(dump(json));
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/environment",
     .handle = environment,
     .summary = "Where the TLS listener and the certificate files are",
     .answer = "Environment"},
};

}  // namespace

std::span<const Route> environment_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
