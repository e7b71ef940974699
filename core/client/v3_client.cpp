#include "core/client/v3_client.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/client/bill_file.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/hex.hpp"
#include "core/codec/json.hpp"
#include "core/crypto/digest.hpp"
#include "core/http/url.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/members.hpp"
#include "core/v3/resource.hpp"
#include "core/v3/sign.hpp"

namespace wxpay::v3 {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPublicKeyId = "PUB_KEY_ID_";
/// Anybody can send a callback under an unknown serial; that must not become a stream of downloads.
constexpr std::chrono::seconds kDownloadPause{10};
// GET /v3/certificates is to be asked "at least every 12 h" (spec: certificates' guide, A); the
// Java SDK asks each hour, and so do we: what WeChat withdrew is not trusted for long.
constexpr std::chrono::hours kCertificatesMaxAge{1};

Failure<Error> failed(Errc code, std::string detail, std::string field = {}) {
    return Failure{Error{code, std::move(detail), std::move(field)}};
}

http::Request request_to(const char* method, std::string path, std::string query = {}) {
    http::Request request;
    request.method = method;
    request.path = std::move(path);
    request.query = std::move(query);
    return request;
}

http::Request posting(std::string path, const Json& body) {
    http::Request request = request_to("POST", std::move(path));
    request.body = dump_json(body);
    return request;
}

/// A number of ours as one segment of a path.
Result<std::string> segment(const std::string& number, const char* field) {
    if (number.empty() || number == "." || number == ".." || number.find('/') != std::string::npos)
        return failed(Errc::invalid_value, "cannot stand in a path", field);
    return number;
}

void add_if(Json& json, const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
}

/// WeChat's `code` and `message`, as far as a body has them.
struct Refusal {
    std::string code;
    std::string message;
};
Refusal refusal_in(std::string_view body) {
    const auto json = parse_json(body);
    if (!json || !json->is_object()) return {};
    const auto text = [&](const char* name) { return text_member(*json, name); };
    const auto code = text("code");
    const auto message = text("message");
    return {code ? *code : std::string(), message ? *message : std::string()};
}

/// "POST /v3/… answered with HTTP status 502 (CODE: message)".
std::string answered(const http::Request& request, const http::Response& response) {
    std::string out = fmt::format("{} {} answered with HTTP status {}", request.method,
                                  request.path, response.status);
    const auto [code, message] = refusal_in(response.body);
    if (!code.empty() || !message.empty()) out += fmt::format(" ({}: {})", code, message);
    return out;
}

const char* path_of(TradeType type) {
    switch (type) {
        case TradeType::jsapi:
            return "/v3/pay/transactions/jsapi";
        case TradeType::native:
            return "/v3/pay/transactions/native";
        case TradeType::app:
            return "/v3/pay/transactions/app";
        case TradeType::mweb:
            return "/v3/pay/transactions/h5";
        case TradeType::micropay:
            break;
    }
    return nullptr;
}

/// What a successful order must have.
const char* result_name(TradeType type) {
    switch (type) {
        case TradeType::native:
            return "code_url";
        case TradeType::mweb:
            return "h5_url";
        case TradeType::jsapi:
        case TradeType::app:
        case TradeType::micropay:
            break;
    }
    return "prepay_id";
}

std::string sha1_hex(std::string_view text) {
    std::string out;
    append_hex(out, sha1(text), HexCase::lower);
    return out;
}

}  // namespace

Client::Client(Account account, PlatformKeys keys, http::Transport& transport, Random& random,
               const Clock& clock)
    : account_(std::move(account)),
      given_(std::move(keys)),
      transport_(transport),
      random_(random),
      clock_(clock),
      keys_(std::make_shared<const PlatformKeys>(given_)) {
    for (std::string& serial : given_.serials()) {
        if (public_key_id_.empty() && serial.starts_with(kPublicKeyId))
            public_key_id_ = std::move(serial);
    }
}

std::shared_ptr<const PlatformKeys> Client::keys() const {
    const std::lock_guard lock(keys_mutex_);
    return keys_;
}

std::string Client::timestamp() const {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
    return std::to_string(now.time_since_epoch().count());
}

/// Signs and sends.
Result<http::Response> Client::send(http::Request request) {
    Authorization authorization{
        account_.mchid, random_.alphanumeric(32), timestamp(), account_.serial_no, {}};
    authorization.signature = account_.key.sign_sha256(
        request_string(request.method, http::target_of(request), authorization.timestamp,
                       authorization.nonce_str, request.body));
    request.headers.add("Authorization", render_authorization(authorization));
    request.headers.add("Accept", "application/json");
    request.headers.add("User-Agent", "wxpay-core");
    if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
    if (!public_key_id_.empty()) request.headers.add("Wechatpay-Serial", public_key_id_);
    return transport_.send(request);
}

/// The body of a verified answer that says yes.
Result<std::string> Client::call(const http::Request& request) {
    WXPAY_TRY(http::Response response, send(request));
    if (response.status != 401) learn_key(response.headers, Wait::for_an_unknown_key);
    return accept(request, std::move(response));
}

Result<std::string> Client::accept(const http::Request& request, http::Response response) {
    // Whoever is no merchant to WeChat gets no signature either. That the call was refused is all
    // that is taken from it, so that no forged code ends anything for good.
    if (response.status == 401)
        return failed(Errc::refused, answered(request, response), "SIGN_ERROR");
    if (auto verdict = verify_signature(response.headers, response.body, *keys(), clock_.now());
        !verdict) {
        const bool is_unsigned = verdict.error().code == Errc::missing_field;
        if (is_unsigned && (response.status < 200 || response.status > 299))
            return failed(Errc::malformed, answered(request, response) + ", unsigned");
        verdict.error().detail.insert(
            0, fmt::format("the answer to {} {}: ", request.method, request.path));
        return Failure{std::move(verdict).error()};
    }
    if (response.status == 200 || response.status == 204) return std::move(response.body);
    const auto [code, message] = refusal_in(response.body);
    if (code.empty()) return failed(Errc::malformed, answered(request, response));
    return failed(Errc::refused, fmt::format("{}: {}", code, message), code);
}

Result<PrepayReply> Client::prepay(const PrepayRequest& request) {
    const char* const path = path_of(request.trade_type);
    if (path == nullptr)
        return failed(Errc::invalid_value, "V3 has no such trade_type", "trade_type");
    Json body{{"appid", account_.appid},
              {"mchid", account_.mchid},
              {"description", request.description},
              {"out_trade_no", request.out_trade_no}};
    if (request.time_expire) body["time_expire"] = format_rfc3339(*request.time_expire);
    add_if(body, "attach", request.attach);
    body["notify_url"] = request.notify_url;
    body["amount"] = {{"total", request.total.count()}, {"currency", "CNY"}};
    if (!request.openid.empty()) body["payer"] = {{"openid", request.openid}};
    if (!request.payer_client_ip.empty())
        body["scene_info"] = {{"payer_client_ip", request.payer_client_ip}};
    if (request.trade_type == TradeType::mweb) body["scene_info"]["h5_info"] = {{"type", "Wap"}};
    WXPAY_TRY(const std::string text, call(posting(path, body)));
    WXPAY_TRY(const nlohmann::json json, parse_object(text));
    WXPAY_CHECK(needed_text(json, result_name(request.trade_type)));
    PrepayReply reply;
    WXPAY_TRY(reply.prepay_id, text_member(json, "prepay_id"));
    WXPAY_TRY(reply.code_url, text_member(json, "code_url"));
    WXPAY_TRY(reply.h5_url, text_member(json, "h5_url"));
    return reply;
}

Result<PaymentResult> Client::order_query(const std::string& out_trade_no) {
    WXPAY_TRY(const std::string number, segment(out_trade_no, "out_trade_no"));
    WXPAY_TRY(const std::string text,
              call(request_to("GET", "/v3/pay/transactions/out-trade-no/" + number,
                              "mchid=" + http::percent_encode(account_.mchid))));
    return parse_payment(text);
}

Result<void> Client::close_order(const std::string& out_trade_no) {
    WXPAY_TRY(const std::string number, segment(out_trade_no, "out_trade_no"));
    WXPAY_CHECK(call(posting("/v3/pay/transactions/out-trade-no/" + number + "/close",
                             {{"mchid", account_.mchid}})));
    return {};
}

Result<RefundResult> Client::refund(const RefundRequest& request) {
    Json body{{"out_trade_no", request.out_trade_no}, {"out_refund_no", request.out_refund_no}};
    add_if(body, "reason", request.reason);
    add_if(body, "notify_url", request.notify_url);
    body["amount"] = {
        {"refund", request.refund.count()}, {"total", request.total.count()}, {"currency", "CNY"}};
    WXPAY_TRY(const std::string text, call(posting("/v3/refund/domestic/refunds", body)));
    return parse_refund(text);
}

Result<RefundResult> Client::refund_query(const std::string& out_refund_no) {
    WXPAY_TRY(const std::string number, segment(out_refund_no, "out_refund_no"));
    WXPAY_TRY(const std::string text,
              call(request_to("GET", "/v3/refund/domestic/refunds/" + number)));
    return parse_refund(text);
}

Result<std::string> Client::trade_bill(const std::string& day) {
    WXPAY_TRY(const std::string promise,
              call(request_to("GET", "/v3/bill/tradebill",
                              fmt::format("bill_date={}&bill_type=ALL&tar_type=GZIP",
                                          http::percent_encode(day)))));
    WXPAY_TRY(const nlohmann::json json, parse_object(promise));
    WXPAY_TRY(const std::string address, needed_text(json, "download_url"));
    WXPAY_TRY(const std::string hash, needed_text(json, "hash_value"));
    WXPAY_TRY(const http::Url url, http::Url::parse(address));
    if (const auto type = needed_text(json, "hash_type"); !type || *type != "SHA1")
        return failed(Errc::invalid_value, "the bill's hash_type is not SHA1", "hash_type");

    // Always to the host that we call, whatever host the address names: our signature is for
    // nobody else.
    http::Request download = request_to("GET", "/");
    http::set_target(download, url.target);
    WXPAY_TRY(http::Response response, send(download));
    if (response.status == 401)
        return failed(Errc::refused, answered(download, response), "SIGN_ERROR");
    if (response.status != 200) return failed(Errc::malformed, answered(download, response));
    WXPAY_TRY(std::string text, text_of_bill_file(std::move(response.body)));
    if (!http::equals_ignoring_case(sha1_hex(text), hash)) {
        return failed(Errc::mismatch, "the bill's SHA-1 is not the hash_value of the signed answer",
                      "hash_value");
    }
    return text;
}

JsapiPayment Client::jsapi_payment(const std::string& prepay_id) {
    JsapiPayment payment;
    payment.app_id = account_.appid;
    payment.time_stamp = timestamp();
    payment.nonce_str = random_.alphanumeric(32);
    payment.package = "prepay_id=" + prepay_id;
    payment.pay_sign = pay_sign(payment, account_.key);
    return payment;
}

AppPayment Client::app_payment(const std::string& prepay_id) {
    AppPayment payment;
    payment.app_id = account_.appid;
    payment.partner_id = account_.mchid;
    payment.prepay_id = prepay_id;
    payment.nonce_str = random_.alphanumeric(32);
    payment.time_stamp = timestamp();
    payment.sign = pay_sign(payment, account_.key);
    return payment;
}

Result<Callback> Client::open(const http::Headers& headers, std::string_view body) {
    learn_key(headers, Wait::never);
    return Callback::open(headers, body, *keys(), account_.api_v3_key, clock_.now());
}

Result<PaymentResult> Client::payment_callback(const http::Headers& headers,
                                               std::string_view body) {
    WXPAY_TRY(const Callback callback, open(headers, body));
    return read_payment(callback);
}

Result<RefundResult> Client::refund_callback(const http::Headers& headers, std::string_view body) {
    WXPAY_TRY(const Callback callback, open(headers, body));
    return read_refund(callback);
}

Result<void> Client::refresh_certificates() {
    const std::lock_guard lock(download_mutex_);
    return download_certificates();
}

/// Downloads the certificates when a message is signed under a serial that we do not know, or one
/// of certificates that were downloaded long ago. What comes of it, the verification of the message
/// will show. One thread downloads; the others go on with the keys that are here. An answer under
/// an unknown one waits, and so do the first callbacks of all, for which there is no key yet. Later
/// ones do not: anybody can send a callback, and must not make threads wait.
void Client::learn_key(const http::Headers& headers, Wait wait) {
    const auto said = read_timely_signature(headers, clock_.now());
    if (!said || said->serial.starts_with(kPublicKeyId)) return;  // refused, or not to be had
    const auto is_unknown = [&] { return keys()->find(said->serial) == nullptr; };
    const auto needs_download = [&] {
        if (is_unknown()) return true;
        const Instant downloaded = downloaded_at_.load();
        return downloaded != Instant{} && clock_.now() - downloaded >= kCertificatesMaxAge;
    };
    if (!needs_download()) return;
    std::unique_lock lock(download_mutex_, std::try_to_lock);
    if (!lock) {
        const bool may_wait = wait == Wait::for_an_unknown_key || keys()->empty();
        if (!may_wait || !is_unknown()) return;
        lock.lock();
    }
    if (!needs_download()) return;  // another thread was faster
    const Instant now = clock_.now();
    if (looked_at_ && now >= *looked_at_ && now - *looked_at_ < kDownloadPause) return;
    static_cast<void>(download_certificates());
    looked_at_ = clock_.now();  // and so the pause is one, however long the gateway was silent
}

/// Under download_mutex_.
Result<void> Client::download_certificates() {
    const http::Request request = request_to("GET", "/v3/certificates");
    WXPAY_TRY(http::Response response, send(request));
    if (response.status == 200) {
        // Whether it is believed depends on what it brings; so it is opened first.
        auto found = read_certificates(response.body);
        if (!found) return Failure{std::move(found).error()};
        // While certificates change, the answer may still be signed by one that it has not any
        // more.
        if (!verify_signature(response.headers, response.body, *keys(), clock_.now()))
            WXPAY_CHECK(verify_signature(response.headers, response.body, *found, clock_.now()));
        downloaded_at_ = clock_.now();
        const std::lock_guard lock(keys_mutex_);
        keys_ = std::make_shared<const PlatformKeys>(*std::move(found));
        return {};
    }
    WXPAY_CHECK(accept(request, std::move(response)));
    return failed(Errc::missing_field, "no certificates", "data");
}

Result<PlatformKeys> Client::read_certificates(const std::string& body) const {
    WXPAY_TRY(const nlohmann::json json, parse_object(body));
    PlatformKeys found = given_;
    std::size_t valid = 0;
    const auto data = json.find("data");
    if (data == json.end() || !data->is_array())
        return failed(Errc::missing_field, "no list of certificates", "data");
    for (const nlohmann::json& entry : *data) {
        if (!entry.is_object())
            return failed(Errc::missing_field, "no list of certificates", "data");
        WXPAY_TRY(const std::string serial_no, needed_text(entry, "serial_no"));
        const nlohmann::json& sealed = object_member(entry, "encrypt_certificate");
        Resource resource;
        WXPAY_TRY(resource.ciphertext, needed_text(sealed, "ciphertext"));
        WXPAY_TRY(resource.associated_data, text_member(sealed, "associated_data"));
        WXPAY_TRY(resource.nonce, needed_text(sealed, "nonce"));
        WXPAY_TRY(const std::string pem, unseal(account_.api_v3_key, resource));
        WXPAY_TRY(const CertificateFacts facts, read_certificate(pem));
        if (!http::equals_ignoring_case(facts.serial_no, serial_no)) {
            return failed(Errc::mismatch, "a certificate is not that of its serial_no",
                          "serial_no");
        }
        const Instant now = clock_.now();
        if (now < facts.not_before || now > facts.not_after) continue;
        WXPAY_TRY(RsaPublicKey key, RsaPublicKey::from_pem(pem));
        found.add(serial_no, std::move(key));
        ++valid;
    }
    if (valid == 0) return failed(Errc::missing_field, "no certificate is valid now", "data");
    return found;
}

}  // namespace wxpay::v3
