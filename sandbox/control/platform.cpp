// The keys by which this WeChat signs what API V3 says: their rotation, and signature probes.
#include "sandbox/platform/platform.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

http::Response state(const Platform& platform) {
    const Platform::Rotation rotation = platform.rotation();
    Json json{{"second_published", rotation.second_published},
              {"first_dropped", rotation.first_dropped},
              {"second_share", rotation.second_share},
              {"public_key_share", rotation.public_key_share},
              {"probe_share", rotation.probe_share},
              {"certificates", Json::array()},
              {"public_key_id", platform.public_key().serial}};
    for (const Platform::Key* const key : platform.published())
        json["certificates"].push_back(key->serial);
    return json_response(dump(json));
}

Result<http::Answer, Problem> show(const Call& call) { return state(call.context.platform); }

/// What the body does not name stays as it is.
Result<http::Answer, Problem> rotate(const Call& call) {
    WXPAY_TRY(const nlohmann::json body,
              call.body({"second_published", "first_dropped", "second_share", "public_key_share",
                         "probe_share"}));
    Platform& platform = call.context.platform;
    Platform::Rotation rotation = platform.rotation();
    const std::pair<const char*, bool*> flags[] = {{"second_published", &rotation.second_published},
                                                   {"first_dropped", &rotation.first_dropped}};
    for (const auto& [name, member] : flags) {
        const auto found = body.find(name);
        if (found == body.end()) continue;
        if (!found->is_boolean()) return Failure{bad_request("true or false is wanted", name)};
        *member = found->get<bool>();
    }
    const std::pair<const char*, int*> shares[] = {{"second_share", &rotation.second_share},
                                                   {"public_key_share", &rotation.public_key_share},
                                                   {"probe_share", &rotation.probe_share}};
    for (const auto& [name, member] : shares) {
        const auto found = body.find(name);
        if (found == body.end()) continue;
        if (!found->is_number_unsigned() || found->get<std::uint64_t>() > 100)
            return Failure{bad_request("a share is 0 to 100 percent", name)};
        *member = found->get<int>();
    }
    if (const auto rotated = platform.rotate(rotation); !rotated)
        return Failure{bad_request(rotated.error().detail, rotated.error().field)};
    return state(platform);
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/platform",
     .handle = show,
     .summary = "By which keys API V3 signs, and how often wrongly",
     .answer = "Platform"},
    {.method = "POST",
     .pattern = "/_sandbox/v1/platform",
     .handle = rotate,
     .summary = "Rotates platform certificates, moves merchants to the public key, sends probes",
     .answer = "Platform",
     .body = "PlatformRequest"},
};

}  // namespace

std::span<const Route> platform_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
