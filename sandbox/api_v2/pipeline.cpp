#include "sandbox/api_v2/pipeline.hpp"

#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/api_v2/endpoints.hpp"
#include "sandbox/api_v2/judged_refusals.hpp"
#include "sandbox/certificates/issue.hpp"
#include "sandbox/diagnosis/signature.hpp"
#include "sandbox/faults/demand.hpp"
#include "sandbox/faults/fault_json.hpp"
#include "sandbox/ledger/identifiers.hpp"

namespace wxpay::sandbox::api_v2 {
namespace {

Failure<Refusal> refuse(const Words& words, std::string hint, std::string_view field = {}) {
    return Failure{Refusal{words, std::string(field), std::move(hint)}};
}

/// Row 2: the page that nginx shows for a client certificate that is missing or not accepted.
/// source  [B] github.com/binarywang/weixin-java-pay-demo/issues/60
http::Response certificate_page(std::string_view text) {
    http::Response response;
    response.status = 400;
    response.headers.add("Server", "nginx");
    response.headers.add("Content-Type", "text/html");
    response.headers.add("Connection", "close");
    response.body = fmt::format(
        "<html>\r\n<head><title>400 {0}</title></head>\r\n<body>\r\n<center><h1>400 Bad "
        "Request</h1></center>\r\n<center>{0}</center>\r\n<hr><center>nginx</center>\r\n"
        "</body>\r\n</html>\r\n",
        text);
    return response;
}

std::optional<http::Response> check_certificate(const Endpoint& endpoint,
                                                const http::Request& request,
                                                const Context& context, Exchange& exchange) {
    const auto page = [&exchange](std::string_view title, const char* hint) {
        exchange.verdict = "refused";
        exchange.error = fmt::format("400 {}", title);
        exchange.hint = hint;
        return certificate_page(title);
    };
    // Whatever the call: who sends it by mistake must hear of it.
    if (request.certificate != nullptr && is_tenpay(request.certificate->issuer)) {
        return page(kCertificateWrong,
                    "a real certificate, issued by Tenpay: production credentials do not belong "
                    "in a test; wxpay-sandbox env names the demo merchant's");
    }
    if (!endpoint.needs_certificate) return std::nullopt;
    if (!request.secure && !context.settings.strict) {
        exchange.notes.emplace_back(
            "over plain HTTP this call works without a client certificate; WeChat demands one");
        return std::nullopt;
    }
    if (request.certificate == nullptr) {
        return page(kCertificateNotSent,
                    "this call wants the merchant's client certificate (apiclient_cert), over TLS");
    }
    if (!request.certificate->trusted &&
        !context.directory.has_certificate(request.certificate->fingerprint)) {
        return page(kCertificateWrong,
                    "the client certificate is not one of this WeChat's, or it has expired");
    }
    return std::nullopt;
}

/// Rows 3 and 4 of the order of checks: method, body, XML.
Result<XmlMessage, Refusal> read(const http::Request& request) {
    if (request.method != "POST")
        return refuse(kMethodNotPost, "V2 calls are POST with an XML body");
    if (request.body.empty())
        return refuse(kPostDataEmpty, "the body is empty; V2 calls carry XML");
    auto message = XmlMessage::parse(request.body);
    if (message) return std::move(*message);
    if (message.error().code == Errc::not_utf8)
        return refuse(kNotUtf8, "the body is not UTF-8 (GBK?)");
    std::string hint = "not the XML of a V2 call: ";
    for (const char c : message.error().detail) hint += c >= ' ' && c <= '~' ? c : '?';
    return refuse(kXmlMalformed, std::move(hint));
}

/// Rows 5 to 7: who calls.
Result<const Merchant*, Refusal> identify(const Endpoint& endpoint, const XmlMessage& message,
                                          const Directory& directory) {
    const std::string_view mch_id = message.get(endpoint.mch_id_name);
    if (!MchId::parse(mch_id) || is_twin(mch_id)) {
        return refuse(kParamFormat,
                      mch_id.empty() ? fmt::format("'{}' is missing", endpoint.mch_id_name)
                                     : fmt::format("{} is 8 to 10 digits", endpoint.mch_id_name),
                      endpoint.mch_id_name);
    }
    for (const std::string_view name :
         {endpoint.appid_name, std::string_view("nonce_str"), std::string_view("sign")}) {
        if (!name.empty() && !message.find(name))
            return refuse(kParamMissing, fmt::format("'{}' is missing", name), name);
    }
    const Merchant* const merchant = endpoint.in_acceptance ? directory.find_in_acceptance(mch_id)
                                                            : directory.find_merchant(mch_id);
    if (merchant == nullptr) {
        return refuse(kMerchantUnknown,
                      fmt::format("mch_id {} does not exist here; try 1900000109", mch_id),
                      endpoint.mch_id_name);
    }
    const std::string_view sub_mch_id = message.get("sub_mch_id");
    if (merchant->provider && sub_mch_id.empty() && endpoint.names_sub_merchant &&
        endpoint.style != Style::own) {
        return refuse(kSubMchIdRequired,
                      fmt::format("{} is a service provider: name a sub_mch_id", mch_id),
                      "sub_mch_id");
    }
    if (!sub_mch_id.empty() && !acts_for(*merchant, sub_mch_id)) {
        return refuse(kMerchantUnknown, fmt::format("{} does not act for this sub_mch_id", mch_id),
                      "sub_mch_id");
    }
    if (endpoint.in_acceptance) {  // takes any app
        if (!endpoint.appid_name.empty() && !AppId::parse(message.get(endpoint.appid_name)))
            return refuse(kAppidUnknown, "not an appid", endpoint.appid_name);
    } else if (!endpoint.appid_name.empty()) {
        const std::string_view appid = message.get(endpoint.appid_name);
        if (directory.find_app(appid) == nullptr) {
            return refuse(kAppidUnknown, "this appid does not exist here; try wx8888888888888888",
                          endpoint.appid_name);
        }
        if (!is_bound(*merchant, appid)) {
            return refuse(kAppidNotBound,
                          fmt::format("appid {} is not bound to mch_id {}", appid, mch_id),
                          endpoint.appid_name);
        }
    }
    return merchant;
}

bool is_signed(const Endpoint& endpoint, const XmlMessage& message, const Merchant& merchant,
               v2::SignType type) {
    const std::string_view sign = message.get("sign");
    if (v2::verify(message.fields(), sign, merchant.api_key, type)) return true;
    const auto encoded = message.find(endpoint.encoded_field);
    if (!encoded) return false;
    const std::string decoded = http::percent_decode(*encoded);
    std::vector<FieldView> fields(message.fields().begin(), message.fields().end());
    for (FieldView& field : fields) {
        if (field.name == endpoint.encoded_field) field.value = decoded;
    }
    return v2::verify(fields, sign, merchant.api_key, type);
}

/// Row 8: the signature.
Result<v2::SignType, Refusal> authenticate(const Endpoint& endpoint, const XmlMessage& message,
                                           const Merchant& merchant, const Directory& directory,
                                           Exchange& exchange) {
    const std::string_view word = message.get("sign_type");
    const auto asked = word.empty() ? endpoint.only_sign_type.value_or(v2::SignType::md5)
                                    : v2::parse_sign_type(word);
    if (!asked) return refuse(kSignWrong, "sign_type is neither MD5 nor HMAC-SHA256", "sign_type");
    if (endpoint.only_sign_type && *asked != *endpoint.only_sign_type) {
        return refuse(
            kSignWrong,
            fmt::format("{} takes only {}", endpoint.path, v2::wire_name(*endpoint.only_sign_type)),
            "sign_type");
    }
    if (!is_signed(endpoint, message, merchant, *asked)) {
        auto diagnosis = diagnosis::diagnose_signature(message, exchange.request.body, merchant,
                                                       directory, *asked);
        exchange.explanation = std::move(diagnosis.explanation);
        return refuse(kSignWrong, std::move(diagnosis.hint), "sign");
    }
    return *asked;
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
        return Refusal{kParamFormat, "nonce_str", "nonce_str has 1 to 32 characters"};
    }
    constexpr std::array kSubAppid{FieldRule{"sub_appid", Need::optional, 32}};
    if (auto refusal = find_malformed(message, kSubAppid, notes)) return refusal;
    return find_malformed(message, endpoint.fields, notes);
}

/// The tables list these as err_code; real traffic shows them as return_msg, and so do we, unless
/// asked. source  [A] pay.weixin.qq.com/doc/v2/merchant/4011936530
constexpr std::array kDocumentedForms{
    Words{"APPID_NOT_EXIST", "APPID不存在"},
    Words{"MCHID_NOT_EXIST", "MCHID不存在"},
    Words{"APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配"},
    Words{"LACK_PARAMS", "缺少参数"},
    Words{"SIGNERROR", "签名错误"},
    Words{"XML_FORMAT_ERROR", "XML格式错误"},
    Words{"REQUIRE_POST_METHOD", "请使用post方法"},
    Words{"POST_DATA_EMPTY", "post数据为空"},
    Words{"NOT_UTF8", "编码格式错误"},
};

/// Words of the acceptance sandbox's cases, which its handlers look for themselves.
constexpr std::string_view kCasePrefix = "MICROPAY_";

/// WeChat's text for an err_code that this endpoint does not have: another endpoint's.
std::string_view text_elsewhere(std::string_view err_code) {
    for (const Endpoint& endpoint : endpoints()) {
        for (const Words& words : endpoint.on_demand) {
            if (words.err_code == err_code) return words.text;
        }
    }
    return "sandbox: asked for";
}

/// A refusal that was asked for, by its err_code or its text.
std::optional<Refusal> find_demanded(const Endpoint& endpoint,
                                     const std::optional<Injection>& fault) {
    if (!fault || !fault->is(Effect::Kind::err_code)) return std::nullopt;
    const std::string_view wanted = fault->effect.err_code;
    std::string hint = who_asked_for(*fault);
    const auto find = [wanted](std::span<const Words> among) -> const Words* {
        for (const Words& words : among) {
            if (words.err_code == wanted || words.text == wanted) return &words;
        }
        return nullptr;
    };
    const Words* known = find(endpoint.on_demand);
    if (known == nullptr && endpoint.style != Style::own) known = find(kDocumentedForms);
    if (known != nullptr) return Refusal{*known, {}, std::move(hint)};
    const bool is_case = wanted.starts_with(kCasePrefix);
    if (is_case && endpoint.in_acceptance) return std::nullopt;
    if (is_case || !is_err_code(wanted)) {
        return Refusal{Words{"", kDemandNotUnderstood},
                       {},
                       is_case ? "MICROPAY_... are cases of the acceptance sandbox"
                               : "neither an err_code, such as SYSTEMERROR, nor a text of this "
                                 "call's"};
    }
    return Refusal{{wanted, text_elsewhere(wanted)}, {}, std::move(hint)};
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

std::string render(v2::Message reply, const Endpoint& endpoint, const Merchant& merchant,
                   v2::SignType type) {
    reply.sign(merchant.api_key, type);
    if (endpoint.style == Style::sorted) reply.sort();
    return reply.render();
}

/// The order of a reply of Tencent's acceptance sandbox; it echoes the nonce.
/// source  [B] replies in juejin.cn/post/6911574490166558728
std::string render_acceptance(const Reply& reply, const XmlMessage& message,
                              const Merchant& merchant) {
    v2::Message out;
    out.append(reply.business)
        .text("nonce_str", message.get("nonce_str"))
        .text("return_code", "SUCCESS")
        .text("err_code_des", "ok")
        .text("mch_id", merchant.wire_id())
        .text("return_msg", "OK")
        .text("appid", message.get("appid"))
        .text("device_info", "sandbox")
        .text("result_code", "SUCCESS")
        .text("err_code", "SUCCESS");
    return out.sign(merchant.api_key, v2::SignType::md5, "err_code_des").render();
}

std::string render(const Reply& reply, const Endpoint& endpoint, const XmlMessage& message,
                   const Merchant& merchant, v2::SignType type, Random& random) {
    if (endpoint.style == Style::own) return reply.body;
    if (endpoint.in_acceptance) return render_acceptance(reply, message, merchant);
    v2::Message out = common_part(message, random, reply.shows_device_info, reply.device_info);
    out.text("result_code", "SUCCESS").append(reply.business);
    return render(std::move(out), endpoint, merchant, type);
}

/// Protocol failures are unsigned and say nothing else; business failures are signed like a
/// success.
std::string render(const Refusal& refusal, const Endpoint& endpoint, const XmlMessage* message,
                   const Merchant* merchant, v2::SignType type, Random& random) {
    if (endpoint.refuse != nullptr) return endpoint.refuse(refusal, message);
    if (endpoint.in_acceptance && refusal.words == kTotalFeeInvalid) {
        // [B] the old acceptance sandbox's own form
        return v2::Message()
            .text("return_code", "FAIL")
            .text("retmsg", "请确认请求参数是否正确total_fee")
            .text("retcode", "1")
            .render();
    }
    if (refusal.words.is_protocol_failure()) {
        return v2::Message()
            .text("return_code", "FAIL")
            .text("return_msg", text_of(refusal))
            .render();
    }
    v2::Message failure;
    failure.text("result_code", "FAIL")
        .text("err_code", refusal.words.err_code)
        .text("err_code_des", text_of(refusal));
    if (endpoint.style == Style::own) {
        return v2::Message()
            .text("return_code", "SUCCESS")
            .text("return_msg", "OK")
            .append(failure)
            .render();
    }
    WXPAY_ASSERT(message != nullptr && merchant != nullptr);
    const std::string_view device_info = message->get("device_info");
    v2::Message reply = common_part(*message, random, !device_info.empty(), device_info);
    reply.append(failure).append(refusal.business);
    return render(std::move(reply), endpoint, *merchant, type);
}

void rephrase(Refusal& refusal, const Endpoint& endpoint) {
    for (const Rephrased& each : endpoint.rephrased) {
        if (refusal.words == each.from && (each.field.empty() || each.field == refusal.field)) {
            refusal.words = each.to;
            return;
        }
    }
}

}  // namespace

/// source  [B] headers of a reply captured in 2024-05, developers.weixin.qq.com/community
http::Response respond(std::string body, Context& context) {
    http::Response response;
    response.headers.add("Server", "nginx");
    response.headers.add("Content-Type", "text/plain");
    response.headers.add("Keep-Alive", "timeout=8");
    response.headers.add("Cache-Control", "must-revalidate, no-cache");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Request-ID", next_request_id(context.random));
    response.body = std::move(body);
    return response;
}

std::optional<http::Response> answer(const Endpoint& endpoint, const http::Request& request,
                                     Context& context, Exchange& exchange) {
    if (auto page = check_certificate(endpoint, request, context, exchange)) return page;
    std::optional<XmlMessage> message;
    const Merchant* merchant = nullptr;
    v2::SignType type = v2::SignType::md5;

    const auto run = [&]() -> Result<Reply, Refusal> {
        WXPAY_TRY(message, read(request));
        exchange.mch_id = message->get(endpoint.mch_id_name);
        exchange.out_trade_no = message->get("out_trade_no");
        WXPAY_TRY(merchant, identify(endpoint, *message, context.directory));
        WXPAY_TRY(type, authenticate(endpoint, *message, *merchant, context.directory, exchange));
        if (endpoint.needs_certificate && request.certificate != nullptr &&
            request.certificate->common_name != merchant->mch_id.str()) {
            return refuse(kCertificateOfAnother,
                          "the client certificate is another merchant's than mch_id");
        }
        if (auto refusal =
                check_fields(endpoint, *message, context.settings.strict, exchange.notes)) {
            return Failure{std::move(*refusal)};
        }
        if (auto refusal = find_demanded(endpoint, exchange.fault)) {
            if (refusal->words.text == kDemandNotUnderstood) exchange.fault.reset();
            return Failure{std::move(*refusal)};
        }
        try {
            Work work(context);
            WXPAY_TRY(Reply reply,
                      endpoint.handle(Call{*message, *merchant, type, exchange.notes,
                                           request.headers.get("Wechatpay-Negative-Test")},
                                      work));
            work.commit();  // before the answer is put together: others wait for the store
            return reply;
        } catch (const std::exception& problem) {
            spdlog::error("{} (exchange {}): {}", endpoint.path, exchange.id, problem.what());
            return refuse(kSystemError, "the sandbox could not store this; see its log");
        }
    };

    auto reply = run();
    if (reply) {
        exchange.verdict = "ok";
        if (reply->never_arrives) return std::nullopt;
        return respond(render(*reply, endpoint, *message, *merchant, type, context.random),
                       context);
    }
    Refusal& refusal = reply.error();
    rephrase(refusal, endpoint);
    if (endpoint.complete != nullptr && !refusal.words.is_protocol_failure())
        endpoint.complete(refusal);
    exchange.verdict = "refused";
    exchange.error = refusal.words.is_protocol_failure()
                         ? text_of(refusal)
                         : fmt::format("{} {}", refusal.words.err_code, text_of(refusal));
    exchange.hint = refusal.hint;
    return respond(
        render(refusal, endpoint, message ? &*message : nullptr, merchant, type, context.random),
        context);
}

}  // namespace wxpay::sandbox::api_v2
