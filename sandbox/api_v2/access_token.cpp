// GET /cgi-bin/token: the app's access token. Nothing here takes one, so none is kept.
// source  [A]
// developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getAccessToken.html
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandbox/api_v2/direct.hpp"
#include "sandbox/api_v2/open_api.hpp"

namespace wxpay::sandbox::api_v2 {

DirectCall access_token();

namespace {

using Json = nlohmann::ordered_json;

// source  [B] quoted in public; 40001, -1 [A]. The missing commas are WeChat's.
constexpr Problem kAppidMissing{41002, "appid missing rid: {}", "'appid' is missing"};
constexpr Problem kSecretMissing{41004, "appsecret missing, rid: {}", "'secret' is missing"};
constexpr Problem kGrantType{40002, "invalid grant_type rid: {}",
                             "grant_type is client_credential"};
constexpr Problem kAppid{40013, "invalid appid rid: {}",
                         "this appid does not exist here; try wx8888888888888888"};
constexpr Problem kSecret{40125, "invalid appsecret, rid: {}",
                          "the secret is not that of the appid"};
// Only on demand:
constexpr Problem kCredential{
    40001, "invalid credential, access_token is invalid or not latest rid: {}", {}};
constexpr int kNotOnList = 40164;

/// The first problem of the request, in the order of the checks.
const Problem* problem_of(const http::Request& request, const Context& context) {
    const auto given = [&](const char* name) { return request.parameter(name).value_or(""); };
    if (given("grant_type") != "client_credential") return &kGrantType;
    if (given("appid").empty()) return &kAppidMissing;
    if (given("secret").empty()) return &kSecretMissing;
    const WechatApp* const app = context.directory.find_app(given("appid"));
    if (app == nullptr) return &kAppid;
    if (!is_secret_of(*app, given("secret"))) return &kSecret;
    return nullptr;
}

Json token(const http::Request& request, Context& context, Exchange& exchange) {
    if (const Problem* const problem = problem_of(request, context))
        return refusal_body(*problem, context, exchange);
    const std::string not_on_list = fmt::format(
        "invalid ip {0} ipv6 ::ffff:{0}, not in whitelist rid: {{}}", request.remote_address);
    const std::array problems{
        kAppidMissing, kSecretMissing, kGrantType, kAppid,
        kSecret,       kCredential,    kBusy,      Problem{kNotOnList, not_on_list, {}}};
    if (auto demanded = demanded_refusal(problems, context, exchange)) return *std::move(demanded);
    constexpr std::size_t kLength = 136;  // at most 512 are documented
    constexpr int kSeconds = 7200;
    return Json{{"access_token", context.random.alphanumeric(kLength)}, {"expires_in", kSeconds}};
}

http::Response answer(const http::Request& request, Context& context, Exchange& exchange) {
    return answer_json(request, context, exchange, token);
}

}  // namespace

DirectCall access_token() { return {"GET", "/cgi-bin/token", answer}; }

}  // namespace wxpay::sandbox::api_v2
