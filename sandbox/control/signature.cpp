#include "sandbox/control/signature.hpp"

#include <charconv>
#include <string_view>

#include "core/codec/base64.hpp"
#include "core/codec/xml.hpp"
#include "core/v2/sign.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/sign.hpp"
#include "core/v3/signature_headers.hpp"

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/api_v2/acceptance.hpp"
#include "sandbox/api_v2/refusals.hpp"
#include "sandbox/diagnosis/signature.hpp"
#include "sandbox/diagnosis/v3_signature.hpp"
#include "sandbox/platform/platform.hpp"

namespace wxpay::sandbox::control {
namespace {

/// Whether the call was refused for its signature, and not because a fault said so.
bool is_refused_for_it(const Exchange& exchange) {
    const std::string_view error = exchange.error;
    return exchange.verdict == "refused" && !exchange.fault &&
           (error.starts_with("SIGN_ERROR") || error.starts_with("SIGNERROR") ||
            error.find(api_v2::kSignWrong.text) != std::string_view::npos);
}

/// What the answer says about it; else what `is_right` finds.
template <class IsRight>
bool is_right_by(const Exchange& exchange, IsRight is_right) {
    if (exchange.verdict == "ok") return true;
    return !is_refused_for_it(exchange) && is_right();
}

CheckedSignature of_v3_call(const Exchange& exchange, const v3::Authorization& authorization,
                            const Merchant& merchant, const Directory& directory) {
    const http::Request& request = exchange.request;
    const bool right = is_right_by(exchange, [&] {
        const auto signature = base64_decode(authorization.signature);
        return signature && merchant.public_key->verify_sha256(
                                v3::request_string(request.method, http::target_of(request),
                                                   authorization.timestamp, authorization.nonce_str,
                                                   request.body),
                                *signature);
    });
    if (right) return {true};
    return {false, diagnosis::names(
                       diagnosis::diagnose_v3_signature(request, authorization, merchant, directory)
                           .findings)};
}

std::optional<CheckedSignature> of_v2_call(const Exchange& exchange, const XmlMessage& message,
                                           const Directory& directory) {
    const api_v2::Endpoint* const endpoint = api_v2::find_endpoint(exchange.endpoint);
    if (endpoint == nullptr) return std::nullopt;
    const std::string_view mch_id = message.get(endpoint->mch_id_name);
    const Merchant* const merchant = endpoint->in_acceptance ? directory.find_in_acceptance(mch_id)
                                                             : find_on_wire(directory, mch_id);
    if (merchant == nullptr) return std::nullopt;
    const std::string_view word = message.get("sign_type");
    const v2::SignType usual = endpoint->only_sign_type.value_or(v2::SignType::md5);
    const auto asked = word.empty() ? usual : v2::parse_sign_type(word).value_or(usual);
    const bool right = is_right_by(exchange, [&] {
        return v2::verify(message.fields(), message.get("sign"), merchant->api_key, asked);
    });
    if (right) return CheckedSignature{true};
    return CheckedSignature{
        false, diagnosis::names(diagnosis::diagnose_signature(message, exchange.request.body,
                                                              *merchant, directory, asked)
                                    .findings)};
}

/// By the time that it names: when it was made does not matter here.
bool is_signed_by(const Platform& platform, const http::Request& request,
                  const v3::SignatureHeaders& headers) {
    v3::PlatformKeys keys;
    for (const Platform::Key* const key :
         {&platform.first(), &platform.second(), &platform.public_key()})
        keys.add(key->serial, key->key.public_key());
    std::int64_t seconds = 0;
    const std::string& text = headers.timestamp;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    const Instant made_at = std::chrono::sys_seconds(std::chrono::seconds(seconds));
    return v3::verify_signature(request.headers, request.body, keys, made_at).has_value();
}

std::optional<CheckedSignature> of_callback(const Exchange& exchange, const Context& context) {
    if (const auto headers = v3::read_signature(exchange.request.headers))
        return CheckedSignature{is_signed_by(context.platform, exchange.request, *headers)};
    const auto message = XmlMessage::parse(exchange.request.body);
    const Merchant* const merchant = context.directory.find_merchant(exchange.mch_id);
    if (!message || !message->find("sign") || merchant == nullptr) return std::nullopt;
    const std::string_view sign = message->get("sign");
    constexpr std::size_t kHmacDigits = 64;
    const auto type = sign.size() == kHmacDigits ? v2::SignType::hmac_sha256 : v2::SignType::md5;
    return CheckedSignature{v2::verify(message->fields(), sign, merchant->api_key, type)};
}

}  // namespace

std::optional<CheckedSignature> signature_of(const Exchange& exchange, const Context& context) {
    if (exchange.kind == Exchange::Kind::callback) return of_callback(exchange, context);
    const Directory& directory = context.directory;
    if (const auto authorization =
            v3::parse_authorization(exchange.request.headers.get("Authorization"))) {
        const Merchant* const merchant = find_on_wire(directory, authorization->mchid);
        if (merchant == nullptr || !merchant->public_key) return std::nullopt;
        return of_v3_call(exchange, *authorization, *merchant, directory);
    }
    const auto message = XmlMessage::parse(exchange.request.body);
    if (!message || !message->find("sign")) return std::nullopt;
    return of_v2_call(exchange, *message, directory);
}

}  // namespace wxpay::sandbox::control
