#include "sandbox/api_v3/pipeline.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "core/codec/base64.hpp"
#include "core/codec/json.hpp"
#include "core/codec/pieces.hpp"
#include "core/codec/utf8.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/sign.hpp"
#include "core/v3/signature_headers.hpp"

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/api_v3/endpoints.hpp"
#include "sandbox/base_url.hpp"
#include "sandbox/diagnosis/nearest.hpp"
#include "sandbox/diagnosis/v3_signature.hpp"
#include "sandbox/faults/corrupt.hpp"
#include "sandbox/faults/demand.hpp"
#include "sandbox/faults/fault.hpp"
#include "sandbox/ledger/identifiers.hpp"
#include "sandbox/platform/platform.hpp"

namespace wxpay::sandbox::api_v3 {
namespace {

using Json = nlohmann::json;

Failure<Refusal> refuse(const Words& words, std::string hint) {
    return Failure{Refusal{words, std::move(hint)}};
}

/// What stands for each {name} of the pattern; nothing when the path is another one.
std::optional<Fields::Texts> match(std::string_view pattern, std::string_view path) {
    const std::string_view literal = pattern.substr(0, pattern.find('{'));
    if (literal.size() == pattern.size())
        return pattern == path ? std::optional<Fields::Texts>(std::in_place) : std::nullopt;
    if (!path.starts_with(literal)) return std::nullopt;
    const auto wanted = pieces_of(pattern, '/');
    const auto given = pieces_of(path, '/');
    if (wanted.size() != given.size()) return std::nullopt;
    Fields::Texts out;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i].starts_with('{')) {
            if (given[i].empty()) return std::nullopt;
            out.emplace_back(wanted[i].substr(1, wanted[i].size() - 2), given[i]);
        } else if (wanted[i] != given[i]) {
            return std::nullopt;
        }
    }
    return out;
}

struct Route {
    const Endpoint* endpoint = nullptr;
    Fields::Texts arguments;
    std::string other_methods;  ///< of endpoints with this path
};

/// A literal segment wins over a variable: "/orders/unfreeze" is no "/orders/{out_order_no}".
Route find_route(const http::Request& request) {
    Route route;
    for (const Endpoint& endpoint : endpoints()) {
        auto arguments = match(endpoint.path, request.path);
        if (!arguments) continue;
        if (endpoint.method != request.method) {
            if (!route.other_methods.empty()) route.other_methods += ", ";
            route.other_methods += endpoint.method;
        } else if (route.endpoint == nullptr || arguments->size() < route.arguments.size()) {
            route.endpoint = &endpoint;
            route.arguments = *std::move(arguments);
        }
    }
    return route;
}

std::string value_in(const Fields::Texts& texts, std::string_view name) {
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [name](const auto& each) { return each.first == name; });
    return found == texts.end() ? std::string() : found->second;
}

/// The order that the call is about, as far as its fields say.
std::string number_in(const Fields& fields) {
    for (const char* const name : {"out_trade_no", "combine_out_trade_no"}) {
        if (std::string in_path = value_in(fields.path, name); !in_path.empty()) return in_path;
        const Json* const in_body = fields.find(name);
        if (in_body != nullptr && in_body->is_string()) return in_body->get<std::string>();
    }
    return {};
}

/// The answer of a path that is not an endpoint's.
Refusal refuse_path(const http::Request& request, const Route& route) {
    if (!route.other_methods.empty()) {
        return Refusal{kWrongMethod, fmt::format("this path takes {}", route.other_methods)};
    }
    if (is_known_elsewhere(request.path))
        return Refusal{kNotSimulated, "WeChat has this call; the sandbox does not simulate it"};
    std::vector<std::string_view> known;
    for (const Endpoint& endpoint : endpoints()) known.push_back(endpoint.path);
    const std::string_view meant = diagnosis::nearest_path(request.path, known);
    return Refusal{kNotFound, meant.empty() ? "WeChat has no such path, as far as the sandbox knows"
                                            : fmt::format("did you mean {}?", meant)};
}

/// Step 2: what the gateway looks at before it reads the signature.
Result<void, Refusal> check_headers(const http::Request& request) {
    if (!request.headers.get("User-Agent").empty() && !request.headers.get("Accept").empty())
        return {};
    return refuse(kNoUserAgent, request.headers.get("Accept").empty()
                                    ? "send Accept: application/json"
                                    : "send a User-Agent; many libraries have none of their own");
}

/// Step 3: the Authorization header by itself.
Result<v3::Authorization, Refusal> read_authorization(const http::Request& request, Instant now) {
    auto authorization = v3::parse_authorization(request.headers.get("Authorization"));
    if (!authorization) {
        const v3::BadAuthorization& bad = authorization.error();
        return refuse(bad.problem == v3::AuthorizationProblem::other_scheme
                          ? kOtherScheme
                          : kAuthorizationMalformed,
                      bad.what);
    }
    std::int64_t seconds = 0;
    const std::string& text = authorization->timestamp;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    constexpr std::chrono::seconds kTolerance{300};
    constexpr std::size_t kDigits = 10;
    constexpr std::size_t kDigitsOfMillis = 13;
    const bool is_number = problem == std::errc{} && end == text.data() + text.size();
    if (!is_number || text.size() > kDigits) {
        return refuse(kTimestampOff,
                      is_number && text.size() == kDigitsOfMillis
                          ? "the timestamp is in milliseconds; wanted: seconds, 10 digits"
                          : "the timestamp is not a number of seconds since 1970");
    }
    const std::chrono::sys_seconds at{std::chrono::seconds(seconds)};
    const auto off = std::chrono::floor<std::chrono::seconds>(now) - at;
    if (off > kTolerance || off < -kTolerance) {
        return refuse(kTimestampOff,
                      fmt::format("the timestamp is {} s {} the server's clock",
                                  std::abs(off.count()), off.count() > 0 ? "behind" : "ahead of"));
    }
    return std::move(*authorization);
}

/// Who acts for this sub-merchant; null when nobody does.
const Merchant* find_provider(const Directory& directory, std::string_view sub_mchid) {
    for (const Merchant* const each : directory.merchants()) {
        if (acts_for(*each, sub_mchid)) return each;
    }
    return nullptr;
}

/// Step 4: who calls, and with which certificate.
Result<const Merchant*, Refusal> identify(const v3::Authorization& authorization,
                                          const Directory& directory) {
    const Merchant* const merchant = find_on_wire(directory, authorization.mchid);
    if (merchant == nullptr) {
        const Merchant* const provider = find_provider(directory, authorization.mchid);
        return refuse(
            kNoCertificate,
            provider == nullptr
                ? "no such mchid here; try 1900000109"
                : fmt::format("this mchid is a sub-merchant's: its provider {} signs, with "
                              "its own mchid, serial_no and key",
                              provider->mch_id.str()));
    }
    if (!merchant->public_key)
        return refuse(kNoCertificate, "this merchant has no certificate here; give it one");
    if (merchant->api_v3_key.empty())
        return refuse(kNoApiV3Key, "this merchant has no api_v3_key here; give it one");
    if (!http::equals_ignoring_case(authorization.serial_no, merchant->serial_no)) {
        const std::string why =
            diagnosis::why_other_serial(authorization.serial_no, merchant->serial_no);
        return refuse(kSerialUnknown,
                      fmt::format("serial_no is not this merchant's, which is {}{}{}",
                                  merchant->serial_no, why.empty() ? "" : "; ", why));
    }
    switch (merchant->certificate_state) {
        case CertificateState::expired:
            return refuse(kCertificateExpired, "the merchant's certificate_state is expired");
        case CertificateState::revoked:
            return refuse(kCertificateRevoked, "the merchant's certificate_state is revoked");
        case CertificateState::replaced:
            return refuse(kCertificateReplaced, "the merchant's certificate_state is replaced");
        case CertificateState::valid:
            break;
    }
    return merchant;
}

/// "detail" of a wrong signature. The string to sign ends after the first 8 bytes of the body.
/// source  [B] github.com/TheNorthMemory/wechatpay-axios-plugin/issues/58
std::string sign_detail(const http::Request& request, const std::string& string_to_sign) {
    constexpr std::size_t kBodyShown = 8;
    const std::size_t head = string_to_sign.size() - request.body.size() - 1;
    std::string truncated = string_to_sign.substr(0, head);
    truncated += utf8_prefix(request.body, kBodyShown);
    truncated += '\n';
    const Json detail{{"detail", {{"issue", "sign not match"}}},
                      {"field", "signature"},
                      {"location", "authorization"},
                      {"sign_information",
                       {{"method", request.method},
                        {"sign_message_length", string_to_sign.size()},
                        {"truncated_sign_message", truncated},
                        {"url", http::target_of(request)}}}};
    return dump_json(detail);
}

/// Step 5: the signature.
Result<void, Refusal> authenticate(const http::Request& request,
                                   const v3::Authorization& authorization, const Merchant& merchant,
                                   const Directory& directory, Exchange& exchange) {
    const std::string string_to_sign =
        v3::request_string(request.method, http::target_of(request), authorization.timestamp,
                           authorization.nonce_str, request.body);
    const auto signature = base64_decode(authorization.signature);
    if (signature && merchant.public_key->verify_sha256(string_to_sign, *signature)) return {};
    auto diagnosis = diagnosis::diagnose_v3_signature(request, authorization, merchant, directory);
    exchange.explanation = std::move(diagnosis.explanation);
    Refusal refusal{kSignWrong, std::move(diagnosis.hint)};
    refusal.detail = sign_detail(request, string_to_sign);
    return Failure{std::move(refusal)};
}

/// With parameters, such as a charset, or without.
bool is_json_type(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return http::equals_ignoring_case(type, "application/json");
}

/// Step 6: the body as JSON.
Result<Json, Refusal> read_body(const http::Request& request, Exchange& exchange) {
    if (request.method == "GET" || request.body.empty()) return Json::object();
    auto json = parse_json(request.body);
    if (!json || !json->is_object()) {
        return refuse(kBodyNotJson, json ? "the body is JSON, but no object"
                                         : fmt::format("the body: {}", json.error().detail));
    }
    if (!is_json_type(request.headers.get("Content-Type"))) {
        exchange.notes.emplace_back(
            "the body came without Content-Type: application/json, which the documentation wants");
    }
    if (remove_nulls(*json)) {
        exchange.notes.emplace_back(
            "null counts as absent here; WeChat's pages forbid it: leave such members out");
    }
    return std::move(*json);
}

Fields::Texts query_of(const http::Request& request) {
    Fields::Texts out;
    for (const auto& [name, value] : http::query_parameters(request.query))
        out.emplace_back(http::percent_decode(name, true), http::percent_decode(value, true));
    return out;
}

constexpr std::string_view kOwnSerial =
    "Wechatpay-Serial is the merchant's own certificate serial; wanted is the platform's: from "
    "GET /v3/certificates, or PUB_KEY_ID_...";

/// Why Wechatpay-Serial names no key. source  spec V3 10, pitfalls 9, 10, 12, 14, 24
std::string why_no_platform_key(const std::string& serial, const Merchant& merchant,
                                const Platform& platform) {
    if (http::equals_ignoring_case(serial, merchant.serial_no)) return std::string(kOwnSerial);
    if (http::equals_ignoring_case(serial, platform.public_key().serial))
        return "Wechatpay-Serial names the public key, but this merchant verifies by certificate";
    for (const Platform::Key* const key : {&platform.first(), &platform.second()}) {
        if (http::equals_ignoring_case(serial, key->serial)) {
            return merchant.verification == Verification::public_key
                       ? "Wechatpay-Serial names a certificate, but this merchant is in public-key "
                         "mode: send PUB_KEY_ID_..."
                       : "Wechatpay-Serial names a platform certificate that is out of use: fetch "
                         "/v3/certificates anew";
        }
        if (const auto why = diagnosis::why_other_serial(serial, key->serial); !why.empty())
            return fmt::format("Wechatpay-Serial names no platform key in use; {}", why);
    }
    return "Wechatpay-Serial names no platform key in use: is it another merchant's serial, or an "
           "old certificate?";
}

/// Decrypts what the caller has encrypted for us.
Result<void, Refusal> decrypt(Call& call, std::span<const FieldRule> rules,
                              const Platform& platform) {
    const Platform::Key* key = nullptr;
    for (const FieldRule& rule : rules) {
        if (!rule.is_encrypted) continue;
        for (const auto& [pointer, value] : texts_at(call.fields, rule)) {
            if (call.platform_serial.empty())
                return refuse(kPlatformSerialMissing,
                              fmt::format("{} is encrypted: say by which key, in the header "
                                          "Wechatpay-Serial",
                                          pointer));
            if (key == nullptr) key = platform.find(call.merchant, call.platform_serial);
            if (key == nullptr) {
                return refuse(kPlatformSerialWrong,
                              why_no_platform_key(call.platform_serial, call.merchant, platform));
            }
            const auto cipher = base64_decode(value);
            auto plain = cipher ? key->key.decrypt_oaep(*cipher) : std::nullopt;
            if (!plain) {
                Refusal refusal{kNotEncrypted,
                                fmt::format("{} is not RSA-OAEP (SHA-1) under the key that "
                                            "Wechatpay-Serial names",
                                            pointer)};
                refusal.field = pointer;
                return Failure{std::move(refusal)};
            }
            call.decrypted.emplace_back(pointer, *std::move(plain));
        }
    }
    return {};
}

/// A provider acts for its own merchants only, and says for which.
/// source  spec V3 4.6: support's numbers are known, the words are our choice
Result<void, Refusal> check_relation(const Endpoint& endpoint, const Call& call) {
    constexpr Words kSubIsCaller{400, "PARAM_ERROR", "子商户号不能与服务商户号相同", 268443705};
    constexpr int kSubMissing = 268443704;
    std::string sub_mchid = call.text("sub_mchid");
    if (sub_mchid.empty()) sub_mchid = call.query("sub_mchid");
    if (sub_mchid.empty()) sub_mchid = call.path("sub_mchid");
    if (sub_mchid.empty()) {
        const auto rule = std::find_if(endpoint.fields.begin(), endpoint.fields.end(),
                                       [](const auto& each) { return each.name == "sub_mchid"; });
        if (!call.merchant.provider || endpoint.is_about_all || rule == endpoint.fields.end())
            return {};
        FieldRule wanted = *rule;
        wanted.number_when_missing = kSubMissing;
        return Failure{
            missing(wanted, wanted.in == In::query ? "/query/sub_mchid" : "/body/sub_mchid")};
    }
    if (sub_mchid == call.merchant.mch_id.str())
        return refuse(kSubIsCaller, "sub_mchid is the caller's own mchid");
    if (!acts_for(call.merchant, sub_mchid))
        return refuse(kNoRelation, "this merchant does not act for that sub_mchid");
    return {};
}

/// Steps 8 and 9: that the caller speaks for itself, and with its own app.
Result<void, Refusal> check_caller(const Endpoint& endpoint, const Call& call,
                                   const Directory& directory) {
    if (!endpoint.caller.empty()) {
        std::string named = call.text(endpoint.caller);
        if (named.empty()) named = call.query(endpoint.caller);
        if (named != call.merchant.mch_id.str()) {
            const bool is_sub = acts_for(call.merchant, named);
            Refusal refusal{
                kMchidDiffers,
                fmt::format("{} is {}, but Authorization says {}{}", endpoint.caller,
                            diagnosis::printable(named), call.merchant.mch_id.str(),
                            is_sub ? "; a sub-merchant's calls go to the partner paths" : "")};
            refusal.field = endpoint.caller;
            return Failure{std::move(refusal)};
        }
    }
    WXPAY_CHECK(check_relation(endpoint, call));
    const std::string appid = endpoint.appid.empty() ? "" : call.text(endpoint.appid);
    if (!appid.empty() && !is_bound(call.merchant, appid)) {
        return refuse(kAppidNotBound, directory.find_app(appid) == nullptr
                                          ? "this appid does not exist here; try wx8888888888888888"
                                          : "this appid is not bound to the merchant");
    }
    return {};
}

/// A refusal that was asked for, by its code or its message.
std::optional<Refusal> find_demanded(const Endpoint& endpoint,
                                     const std::optional<Injection>& fault) {
    if (!fault || !fault->is(Effect::Kind::err_code)) return std::nullopt;
    const std::string_view wanted = fault->effect.err_code;
    std::string hint = who_asked_for(*fault);
    for (const Words& words : endpoint.on_demand) {
        if (words.code == wanted || words.message == wanted) return Refusal{words, std::move(hint)};
    }
    // The other version's spelling of the one that everybody asks for.
    if (wanted == "SYSTEMERROR") return Refusal{kSystemError, std::move(hint)};
    if (const Words* const words = find_words(wanted)) return Refusal{*words, std::move(hint)};
    Refusal refusal{{400, wanted, "sandbox: asked for"}, std::move(hint)};
    return refusal;
}

std::string language_of(const http::Request& request) {
    const std::string_view wanted = request.headers.get("Accept-Language");
    for (const std::string_view known : {"zh-CN", "en", "zh-HK", "zh-TW"}) {
        if (http::equals_ignoring_case(wanted, known)) return std::string(known);
    }
    return "zh-CN";
}

/// source  [A] spec V3 2.1
http::Response respond(int status, std::string body, std::string_view content_type, int number,
                       const http::Request& request, Context& context) {
    http::Response response;
    response.status = status;
    response.headers.add("Server", "nginx");
    if (!body.empty()) response.headers.add("Content-Type", content_type);
    response.headers.add("Keep-Alive", "timeout=8");
    response.headers.add("Cache-Control", "no-cache, must-revalidate");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Content-Language", language_of(request));
    response.headers.add("Request-ID", next_v3_request_id(context.random, number));
    response.body = std::move(body);
    return response;
}

constexpr std::string_view kJson = "application/json; charset=utf-8";

void sign(http::Response& response, const Merchant& merchant, std::string_view asked,
          Context& context, Exchange& exchange) {
    const Platform::Key& key = context.platform.signer(merchant, asked, context.random);
    constexpr std::size_t kNonce = 32;
    v3::add_signature(response.headers, key.key, key.serial, context.wire_clock.now(),
                      context.random.alphanumeric(kNonce), response.body);
    if (context.platform.draws_probe(context.random)) {
        const std::string signature(response.headers.get("Wechatpay-Signature"));
        response.headers.set("Wechatpay-Signature",
                             std::string(kProbeMark) + with_wrong_letters(signature));
        exchange.notes.emplace_back(
            "the answer's signature is a probe: the caller must discard the answer and ask again");
    }
}

}  // namespace

std::string Call::text(std::string_view name) const {
    const Json* const value = fields.find(name);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::int64_t Call::number(std::string_view name) const {
    const Json* const value = fields.find(name);
    return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

bool Call::flag(std::string_view name) const {
    const Json* const value = fields.find(name);
    return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::string Call::query(std::string_view name) const { return value_in(fields.query, name); }
std::string Call::path(std::string_view name) const { return value_in(fields.path, name); }

bool is_v3_path(std::string_view path) { return path.starts_with("/v3/"); }

http::Response refuse_unread(const Words& words, const http::Request& request, Context& context) {
    return respond(words.http, body_of(Refusal{words}), kJson, words.number, request, context);
}

void name_subject(const http::Request& request, Exchange& exchange) {
    if (const auto authorization = v3::parse_authorization(request.headers.get("Authorization")))
        exchange.mch_id = authorization->mchid;
    auto body = parse_json(request.body);
    const Json none = Json::object();
    exchange.out_trade_no = number_in({body ? *body : none, {}, find_route(request).arguments});
}

std::optional<http::Response> answer(const http::Request& request, Context& context,
                                     Exchange& exchange) {
    const Merchant* verified = nullptr;  // the caller, once its signature is right
    const std::string asked(request.headers.get("Wechatpay-Serial"));

    const auto run = [&]() -> Result<Reply, Refusal> {
        Route route = find_route(request);
        if (route.endpoint == nullptr) return Failure{refuse_path(request, route)};
        const Endpoint& endpoint = *route.endpoint;
        exchange.endpoint = endpoint.path;
        WXPAY_CHECK(check_headers(request));
        WXPAY_TRY(const v3::Authorization authorization,
                  read_authorization(request, context.wire_clock.now()));
        exchange.mch_id = authorization.mchid;
        WXPAY_TRY(const Merchant* const merchant, identify(authorization, context.directory));
        WXPAY_CHECK(authenticate(request, authorization, *merchant, context.directory, exchange));
        verified = merchant;
        if (!asked.empty() && context.platform.find(*merchant, asked) == nullptr)
            exchange.notes.push_back(why_no_platform_key(asked, *merchant, context.platform));
        WXPAY_TRY(const Json body, read_body(request, exchange));
        const Fields fields{body, query_of(request), std::move(route.arguments)};
        exchange.out_trade_no = number_in(fields);
        if (auto refusal =
                check_fields(fields, endpoint.fields, context.settings.strict, exchange.notes))
            return Failure{std::move(*refusal)};
        Call call{request,       fields, *merchant, asked, {}, base_url(request, context.settings),
                  exchange.notes};
        WXPAY_CHECK(decrypt(call, endpoint.fields, context.platform));
        WXPAY_CHECK(check_caller(endpoint, call, context.directory));
        if (auto refusal = find_demanded(endpoint, exchange.fault))
            return Failure{std::move(*refusal)};
        try {
            Work work(context);
            WXPAY_TRY(Reply reply, endpoint.handle(call, work));
            work.commit();  // before the answer is put together: others wait for the store
            return reply;
        } catch (const std::exception& problem) {
            spdlog::error("{} (exchange {}): {}", endpoint.path, exchange.id, problem.what());
            return refuse(kSystemError, "the sandbox could not store this; see its log");
        }
    };

    auto reply = run();
    if (!reply) {
        const Refusal& refusal = reply.error();
        exchange.verdict = "refused";
        exchange.error = fmt::format("{} {}", refusal.words.code, refusal.text());
        exchange.hint = refusal.hint;
        if (exchange.out_trade_no.empty()) name_subject(request, exchange);
        http::Response response = respond(refusal.words.http, body_of(refusal), kJson,
                                          refusal.words.number, request, context);
        // A 401 is never signed, also when it was asked for. source  spec V3 1.5
        if (verified != nullptr && refusal.words.http != 401)
            sign(response, *verified, asked, context, exchange);
        return response;
    }
    exchange.verdict = "ok";
    if (!reply->out_trade_no.empty()) exchange.out_trade_no = reply->out_trade_no;
    if (reply->never_arrives) return std::nullopt;
    if (reply->is_file)
        return respond(200, std::move(reply->body), reply->content_type, 0, request, context);
    const int status = reply->status != 0 ? reply->status : reply->body.empty() ? 204 : 200;
    http::Response response = respond(status, std::move(reply->body), kJson, 0, request, context);
    sign(response, *verified, asked, context, exchange);
    return response;
}

}  // namespace wxpay::sandbox::api_v3
