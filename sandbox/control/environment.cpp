// Where clients of this sandbox find the TLS listener, their certificates and the platform's.
#include <nlohmann/json.hpp>

#include "sandbox/certificates/platform_files.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/platform/platform.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

/// Paths on the server's machine; no keys.
Result<http::Answer, Problem> environment(const Call& call) {
    const Settings& settings = call.context.settings;
    Json json = Json::object();
    if (!settings.https_url.empty()) json["https"] = settings.https_url;
    if (!settings.proxy_url.empty()) json["proxy"] = settings.proxy_url;
    if (const auto& files = settings.certificate_files) {
        if (!settings.https_url.empty()) json["ca"] = files->ca.string();
        if (const auto& trust = files->trust) {
            Json own = Json::array();
            for (const auto& path : trust->own_roots) own.push_back(path.string());
            json["trust"] = {{"bundle", trust->bundle.string()},
                             {"java_store", trust->java_store.string()},
                             {"java_store_password", kTrustStorePassword},
                             {"php", trust->php.string()},
                             {"node", trust->node.string()},
                             {"own_roots", std::move(own)}};
        }
        json["merchants"] = Json::array();
        for (const auto& [mch_id, of] : files->merchants) {
            json["merchants"].push_back({{"mch_id", mch_id},
                                         {"certificate", of.certificate.string()},
                                         {"key", of.key.string()},
                                         {"p12", of.p12.string()},
                                         {"serial", of.serial}});
        }
        const Platform& platform = call.context.platform;
        const PlatformFiles paths = platform_files(*files);
        json["platform"] = {{"certificate", paths.certificate.string()},
                            {"serial", platform.first().serial},
                            {"public_key", paths.public_key.string()},
                            {"public_key_id", platform.public_key().serial}};
    }
    return json_response(dump(json));
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/environment",
     .handle = environment,
     .summary = "Where the TLS listener, the certificate files and the platform's keys are",
     .answer = "Environment"},
};

}  // namespace

std::span<const Route> environment_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
