#include "sandbox/diagnosis/callback.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "core/codec/xml.hpp"
#include "core/http/url.hpp"
#include "core/program/program.hpp"
#include "core/v2/sign.hpp"

namespace wxpay::sandbox::diagnosis {
namespace {

struct Cause {
    std::string_view hint;    ///< ASCII
    std::string_view advice;  ///< UTF-8
};

// source  v2.md 8.2 and 13, mistakes 8 to 11, 14, 15, 17
constexpr Cause kHmac{
    "the callback is signed by HMAC-SHA256, as its order was; does the handler assume MD5?",
    "Choose the hash by the sign_type element, or by the sign's length: 64 digits are "
    "HMAC-SHA256."};
constexpr Cause kSaysNo{
    "the handler refused it; its return_msg says why",
    "The sign covers every element with a value except sign itself, also those that your code does "
    "not know, such as coupon_fee_0. Check amount and mch_id against your order before crediting, "
    "and answer SUCCESS to repeats."};
constexpr Cause kRefundUnsigned{
    "a refund callback has no sign by design: its req_info is encrypted instead",
    "Do not verify a sign here. Who can decrypt req_info has the API key, and that is the proof."};
constexpr Cause kRefundCipher{
    "req_info is AES-256-ECB under the lower-case hex MD5 of the V2 API key",
    "The key is the 32 characters of the MD5 in lower-case hex, leading zeros and all: not the 16 "
    "bytes of the digest, not upper case, not the API V3 key; the mode is ECB, not CBC."};
constexpr Cause kSlow{
    "the handler takes too long; answer first, work later",
    "WeChat waits about 5 s. Store the callback, answer SUCCESS, then do the slow work; and make a "
    "repeat harmless, since this one comes again."};
constexpr Cause kRedirected{
    "a redirect: a login filter, or http turned into https, in front of the handler?",
    "Callbacks carry no session and follow no redirect: take notify_url out of login and CSRF "
    "filters, and give its final address."};
constexpr Cause kForbidden{"a login filter, CSRF check or firewall in front of the handler?",
                           "Callbacks carry no session and no token; the signature is their proof. "
                           "Let this path through."};
constexpr Cause kNotThere{"notify_url does not lead to a handler for POST",
                          "Compare the path with your routes; prefixes of proxies count too."};
constexpr Cause kMediaType{"the handler does not take text/xml",
                           "The body is XML with the Content-Type text/xml: read the raw body."};
constexpr Cause kThrew{
    "the handler failed: an exception, perhaps after its work was done",
    "The callback comes again: what was already credited must not be credited twice. Catch errors, "
    "roll back, and answer FAIL in WeChat's XML."};
constexpr Cause kPage{"a page instead of WeChat's XML: a login filter in front of the handler?",
                      "Take notify_url out of filters that answer with pages."};
constexpr Cause kJson{"JSON is the answer of API V3; V2 wants XML",
                      "Answer <xml><return_code><![CDATA[SUCCESS]]></return_code>…</xml>."};
constexpr Cause kWord{"a bare word is no answer to WeChat (Alipay takes 'success')",
                      "Answer <xml><return_code><![CDATA[SUCCESS]]></return_code>…</xml>."};
constexpr Cause kNotXml{"the answer is not WeChat's XML",
                        "Answer <xml><return_code><![CDATA[SUCCESS]]></return_code>…</xml>."};
constexpr Cause kCertificate{
    "the https certificate of notify_url cannot be verified: self-signed, or its chain is cut?",
    "WeChat trusts public CAs only, and wants the whole chain. Here plain http works as well."};
constexpr Cause kLoopback{
    "nobody listens there; in a container, localhost is the sandbox itself",
    "Start the handler first, or name its machine in notify_url. The real WeChat reaches public "
    "addresses only, never localhost."};
constexpr Cause kNoConnection{
    "no connection: wrong host or port, a firewall, or the handler is not running?",
    "Try the address from the sandbox's machine with curl."};

bool is_hmac(const Exchange& exchange) {
    constexpr std::size_t kDigits = 64;
    const auto message = XmlMessage::parse(exchange.request.body);
    return message && message->get("sign").size() == kDigits;
}

bool is_refund(const Exchange& exchange) {
    return exchange.request.body.find("<req_info>") != std::string::npos;
}

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

Cause cause_of_status(int status) {
    if (status >= 300 && status < 400) return kRedirected;
    if (status == 401 || status == 403) return kForbidden;
    if (status == 404 || status == 405) return kNotThere;
    if (status == 415) return kMediaType;
    return status >= 500 ? kThrew : kNotXml;
}

Cause cause_of_body(std::string_view reason) {
    if (reason.starts_with("HTML")) return kPage;
    if (reason.starts_with("JSON") || reason.starts_with("a JSON")) return kJson;
    if (reason.starts_with("plain text")) return kWord;
    return kNotXml;
}

Cause cause_of_silence(const Exchange& exchange, std::string_view reason) {
    if (holds(reason, "--allow-notify") || holds(reason, "callbacks never go")) return {};
    if (holds(reason, "certificate")) return kCertificate;
    const auto url = http::Url::parse(exchange.url);
    return url && is_loopback(url->host) ? kLoopback : kNoConnection;
}

Cause cause_of_refused_refund(std::string_view reason) {
    return holds(reason, "sign") || holds(reason, "签名") ? kRefundUnsigned : kRefundCipher;
}

Cause cause_of(const Exchange& exchange, const Judgement& judgement) {
    switch (judgement.verdict) {
        case Verdict::ok:
            break;
        case Verdict::refused:
            if (is_refund(exchange)) return cause_of_refused_refund(judgement.reason);
            return is_hmac(exchange) ? kHmac : kSaysNo;
        case Verdict::timeout:
            return kSlow;
        case Verdict::unreachable:
            return cause_of_silence(exchange, judgement.reason);
        case Verdict::bad_answer:
            return exchange.response.status == 200 ? cause_of_body(judgement.reason)
                                                   : cause_of_status(exchange.response.status);
    }
    return {};
}

/// Acceptance cases 33 and 34 send what no handler may accept. Mistake 11.
void warn_of_blind_trust(Exchange& exchange, const Merchant& merchant) {
    const auto message = XmlMessage::parse(exchange.request.body);
    if (!message) return;
    const std::string_view sign = message->get("sign");
    const auto type = is_hmac(exchange) ? v2::SignType::hmac_sha256 : v2::SignType::md5;
    if (!v2::verify(message->fields(), sign, merchant.api_key, type)) {
        exchange.notes.emplace_back(
            "accepted although its sign is wrong: the handler does not verify it");
    } else if (merchant.in_acceptance() && message->get("total_fee") == "20000") {
        exchange.notes.emplace_back(
            "accepted although total_fee is not the order's: the handler does not compare it");
    }
}

}  // namespace

void explain_callback(Exchange& exchange, const Judgement& judgement, bool answered_before,
                      const Merchant* merchant) {
    if (answered_before) {
        exchange.notes.emplace_back(
            "this callback was answered with SUCCESS before: credit the order once, and answer "
            "SUCCESS again");
    }
    if (judgement.verdict == Verdict::ok && merchant != nullptr && !is_refund(exchange)) {
        warn_of_blind_trust(exchange, *merchant);
    }
    if (judgement.verdict == Verdict::ok) {
        if (!judgement.reason.empty()) exchange.notes.push_back(judgement.reason);
        return;
    }
    const Cause cause = cause_of(exchange, judgement);
    exchange.hint = cause.hint;
    exchange.explanation = judgement.reason + ".\n";
    if (!cause.hint.empty())
        exchange.explanation += fmt::format("{}\n{}\n", cause.hint, cause.advice);
    if (holds(exchange.url, "?")) {
        exchange.notes.emplace_back(
            "notify_url has a query string: WeChat forbids one, and some gateways lose it");
    }
}

}  // namespace wxpay::sandbox::diagnosis
