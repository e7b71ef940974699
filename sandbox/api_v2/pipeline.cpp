#include "sandbox/api_v2/pipeline.hpp"

#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "sandbox/diagnosis/signature.hpp"
#include "sandbox/ledger/identifiers.hpp"

namespace wxpay::sandbox::api_v2 {
namespace {

Failure<Refusal> refuse(Code code, std::string hint, std::string field = {}) {
    return Failure{Refusal{code, std::move(field), std::move(hint)}};
}

/// Rows 3 and 4 of the order of checks: method, body, XML.
Result<XmlMessage, Refusal> read(const http::Request& request) {
    if (request.method != "POST")
        return refuse(Code::method_not_post, "V2 calls are POST with an XML body");
    if (request.body.empty())
        return refuse(Code::post_data_empty, "the body is empty; V2 calls carry XML");
    auto message = XmlMessage::parse(request.body);
    if (message) return std::move(*message);
    if (message.error().code == Errc::not_utf8)
        return refuse(Code::not_utf8, "the body is not UTF-8 (GBK?)");
    std::string hint = "not the XML of a V2 call: ";
    for (const char c : message.error().detail) hint += c >= ' ' && c <= '~' ? c : '?';
    return refuse(Code::xml_malformed, std::move(hint));
}

/// Rows 5 to 7: who calls.
Result<const Merchant*, Refusal> identify(const XmlMessage& message, const Directory& directory) {
    const std::string_view mch_id = message.get("mch_id");
    if (!MchId::parse(mch_id)) {
        return refuse(Code::param_format,
                      mch_id.empty() ? "'mch_id' is missing" : "mch_id is 8 to 10 digits",
                      "mch_id");
    }
    for (const char* const name : {"appid", "nonce_str", "sign"}) {
        if (!message.find(name))
            return refuse(Code::param_missing, fmt::format("'{}' is missing", name), name);
    }
    const Merchant* const merchant = directory.find_merchant(mch_id);
    if (merchant == nullptr) {
        return refuse(Code::merchant_unknown,
                      fmt::format("mch_id {} does not exist here; try 1900000109", mch_id),
                      "mch_id");
    }
    const std::string_view sub_mch_id = message.get("sub_mch_id");
    if (merchant->provider && sub_mch_id.empty()) {
        return refuse(Code::sub_mch_id_required,
                      fmt::format("{} is a service provider: name a sub_mch_id", mch_id),
                      "sub_mch_id");
    }
    if (!sub_mch_id.empty() && !acts_for(*merchant, sub_mch_id)) {
        return refuse(Code::merchant_unknown,
                      fmt::format("{} does not act for this sub_mch_id", mch_id), "sub_mch_id");
    }
    const std::string_view appid = message.get("appid");
    if (directory.find_app(appid) == nullptr) {
        return refuse(Code::appid_unknown, "this appid does not exist here; try wx8888888888888888",
                      "appid");
    }
    if (!is_bound(*merchant, appid)) {
        return refuse(Code::appid_not_bound,
                      fmt::format("appid {} is not bound to mch_id {}", appid, mch_id), "appid");
    }
    return merchant;
}

/// Row 8: the signature.
Result<v2::SignType, Refusal> authenticate(const XmlMessage& message, const Merchant& merchant,
                                           const Directory& directory, Exchange& exchange) {
    const std::string_view word = message.get("sign_type");
    const auto type = word.empty() ? v2::SignType::md5 : v2::parse_sign_type(word);
    if (!type)
        return refuse(Code::sign_wrong, "sign_type is neither MD5 nor HMAC-SHA256", "sign_type");
    if (!v2::verify(message.fields(), message.get("sign"), merchant.api_key, *type)) {
        auto diagnosis = diagnosis::diagnose_signature(message, exchange.request.body, merchant,
                                                       directory, *type);
        exchange.explanation = std::move(diagnosis.explanation);
        return refuse(Code::sign_wrong, std::move(diagnosis.hint), "sign");
    }
    return *type;
}

/// Rows 9 to 11: the fields.
std::optional<Refusal> check_fields(const Endpoint& endpoint, const XmlMessage& message,
                                    bool strict, std::vector<std::string>& notes) {
    if (endpoint.refuses_unknown_fields || strict) {
        if (auto refusal = find_unknown(message, endpoint.fields)) return refusal;
    }
    if (auto refusal = find_missing(message, endpoint.fields)) return refusal;
    if (endpoint.find_missing != nullptr) {
        if (auto refusal = endpoint.find_missing(message)) return refusal;
    }
    constexpr std::size_t kNonceMax = 32;
    const std::string_view nonce = message.get("nonce_str");
    if (nonce.empty() || nonce.size() > kNonceMax) {
        return Refusal{Code::param_format, "nonce_str", "nonce_str has 1 to 32 characters"};
    }
    return find_malformed(message, endpoint.fields, notes);
}

/// The reply's beginning, which successes and business failures share.
v2::Message common_part(const XmlMessage& message, Random& random, bool shows_device_info,
                        std::string_view device_info) {
    v2::Message reply;
    reply.text("return_code", "SUCCESS")
        .text("return_msg", "OK")
        .text("appid", message.get("appid"))
        .text("mch_id", message.get("mch_id"))
        .text_if("sub_appid", message.get("sub_appid"))
        .text_if("sub_mch_id", message.get("sub_mch_id"));
    if (shows_device_info) reply.text("device_info", device_info);
    reply.text("nonce_str", next_nonce(random));
    return reply;
}

/// source  [B] headers of a reply captured in 2024-05, developers.weixin.qq.com/community
http::Response respond(std::string body, Context& context) {
    http::Response response;
    response.headers.add("Server", "nginx");
    response.headers.add("Content-Type", "text/plain");
    response.headers.add("Cache-Control", "must-revalidate, no-cache");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Request-ID", next_request_id(context.random));
    response.body = std::move(body);
    return response;
}

/// Protocol failures are unsigned and say nothing else; business failures are signed like a
/// success.
std::string render(const Refusal& refusal, const XmlMessage* message, const Merchant* merchant,
                   v2::SignType type, Random& random) {
    const Words& word = words(refusal.code);
    if (word.err_code.empty()) {
        return v2::Message()
            .text("return_code", "FAIL")
            .text("return_msg", text_of(refusal))
            .render();
    }
    WXPAY_ASSERT(message != nullptr && merchant != nullptr);
    const std::string_view device_info = message->get("device_info");
    v2::Message reply = common_part(*message, random, !device_info.empty(), device_info);
    reply.text("result_code", "FAIL")
        .text("err_code", word.err_code)
        .text("err_code_des", text_of(refusal));
    return reply.append(refusal.business).sign(merchant->api_key, type).render();
}

}  // namespace

http::Response answer(const Endpoint& endpoint, const http::Request& request, Context& context,
                      Exchange& exchange) {
    std::optional<XmlMessage> message;
    const Merchant* merchant = nullptr;
    v2::SignType type = v2::SignType::md5;

    const auto run = [&]() -> Result<std::string, Refusal> {
        WXPAY_TRY(message, read(request));
        exchange.mch_id = message->get("mch_id");
        exchange.out_trade_no = message->get("out_trade_no");
        WXPAY_TRY(merchant, identify(*message, context.directory));
        WXPAY_TRY(type, authenticate(*message, *merchant, context.directory, exchange));
        if (auto refusal =
                check_fields(endpoint, *message, context.settings.strict, exchange.notes)) {
            return Failure{std::move(*refusal)};
        }
        try {
            Work work(context);
            WXPAY_TRY(const Reply reply,
                      endpoint.handle(Call{*message, *merchant, type, exchange.notes}, work));
            work.commit();  // first: others wait for the store, and nobody for the signature
            v2::Message out =
                common_part(*message, context.random, reply.shows_device_info, reply.device_info);
            out.text("result_code", "SUCCESS").append(reply.business).sign(merchant->api_key, type);
            return out.render();
        } catch (const std::exception& problem) {
            spdlog::error("{} (exchange {}): {}", endpoint.path, exchange.id, problem.what());
            return refuse(Code::system_error, "the sandbox could not store this; see its log");
        }
    };

    auto result = run();
    if (result) {
        exchange.verdict = "ok";
        return respond(std::move(*result), context);
    }
    const Refusal& refusal = result.error();
    exchange.verdict = "refused";
    const std::string_view err_code = words(refusal.code).err_code;
    exchange.error =
        err_code.empty() ? text_of(refusal) : fmt::format("{} {}", err_code, text_of(refusal));
    exchange.hint = refusal.hint;
    return respond(render(refusal, message ? &*message : nullptr, merchant, type, context.random),
                   context);
}

}  // namespace wxpay::sandbox::api_v2
