// GET /sns/jscode2session: wx.login's code for the user's openid.
// source  [A] developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html
#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/codec/base64.hpp"
#include "core/crypto/digest.hpp"

#include "sandbox/api_v2/direct.hpp"
#include "sandbox/api_v2/open_api.hpp"
#include "sandbox/ledger/identifiers.hpp"

namespace wxpay::sandbox::api_v2 {

DirectCall js_code_to_session();

namespace {

using Json = nlohmann::ordered_json;

// source  [B] quoted in public; 45011, 40226, -1 [A]; 41008 [C]. FIDELITY.md "Login".
constexpr Problem kAppidMissing{41002, "appid missing, rid: {}", "'appid' is missing"};
constexpr Problem kSecretMissing{41004, "appsecret missing, rid: {}", "'secret' is missing"};
constexpr Problem kCodeMissing{41008, "missing code, rid: {}", "'js_code' is missing"};
constexpr Problem kGrantType{40002, "invalid grant_type, rid: {}",
                             "grant_type is authorization_code"};
constexpr Problem kAppid{40013, "invalid appid, rid: {}",
                         "this appid does not exist here; try wx8888888888888888"};
constexpr Problem kSecret{40125, "invalid appsecret, rid: {}",
                          "the secret is not that of the appid"};
constexpr Problem kCode{40029, "invalid code, rid: {}",
                        "js_code: 1 to 64 letters, digits, '_', '-'; 'expired...' is none"};
constexpr Problem kCodeUsed{40163, "code been used, rid: {}", "each js_code works once"};
constexpr Problem kBlocked{40226, "code blocked", "js_code 'blocked...' plays a blocked user"};
constexpr Problem kQuota{45011, "api minute-quota reach limit  mustslower  retry next minute",
                         "js_code 'quota...' plays a user who calls too often"};
constexpr Problem kBusyCode{-1, "system error", "js_code 'busy...' plays a busy server"};

constexpr std::array kProblems{kAppidMissing, kSecretMissing, kCodeMissing, kGrantType,
                               kAppid,        kSecret,        kCode,        kCodeUsed,
                               kBlocked,      kQuota,         kBusyCode};

bool is_code(std::string_view code) {
    constexpr std::size_t kMax = 64;
    return !code.empty() && code.size() <= kMax &&
           std::all_of(code.begin(), code.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '_' || c == '-';
           });
}

/// A code that looks like an openid is one, so that test users can be chosen; any other code has
/// one by its hash.
std::string openid_of(const std::string& appid, const std::string& code) {
    constexpr std::size_t kLength = 28;
    if (code.size() == kLength && code.front() == 'o') return code;
    return openid_from(appid, code);
}

/// The first problem of the request, in the order of the checks.
const Problem* problem_of(const http::Request& request, const Context& context) {
    const auto given = [&](const char* name) { return request.parameter(name).value_or(""); };
    if (given("appid").empty()) return &kAppidMissing;
    if (given("secret").empty()) return &kSecretMissing;
    if (given("js_code").empty()) return &kCodeMissing;
    if (given("grant_type") != "authorization_code") return &kGrantType;
    const WechatApp* const app = context.directory.find_app(given("appid"));
    if (app == nullptr) return &kAppid;
    if (!is_secret_of(*app, given("secret"))) return &kSecret;
    const std::string code = given("js_code");
    if (!is_code(code) || code.starts_with("expired")) return &kCode;
    if (code.starts_with("blocked")) return &kBlocked;
    if (code.starts_with("quota")) return &kQuota;
    if (code.starts_with("busy")) return &kBusyCode;
    return nullptr;
}

Json session(const http::Request& request, Context& context, Exchange& exchange) {
    if (const Problem* const problem = problem_of(request, context))
        return refusal_body(*problem, context, exchange);
    if (auto demanded = demanded_refusal(kProblems, context, exchange)) return *std::move(demanded);
    const WechatApp& app = *context.directory.find_app(*request.parameter("appid"));
    const std::string code = *request.parameter("js_code");
    const std::string openid = openid_of(app.appid.str(), code);
    const auto transaction = context.store.begin();
    if (!transaction->use_login_code(app.appid, code))
        return refusal_body(kCodeUsed, context, exchange);
    transaction->add_openid(app.appid, openid);
    transaction->commit();
    const Sha256 key = hmac_sha256(app.secret, openid);
    return Json{{"session_key", base64_encode(std::span(key).first(16))}, {"openid", openid}};
}

http::Response answer(const http::Request& request, Context& context, Exchange& exchange) {
    return answer_json(request, context, exchange, session);
}

}  // namespace

DirectCall js_code_to_session() { return {"GET", "/sns/jscode2session", answer}; }

}  // namespace wxpay::sandbox::api_v2
