#include "sandbox/diagnosis/callback.hpp"

#include <algorithm>
#include <initializer_list>
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

// API V3. source  spec V3 10, pitfalls 13 to 22 and 30. What goes wrong inside the handler shows
// only as far as its answer says so; and not at all:
//   18, 20          which argument or which key was wrong: only that verifying or decrypting failed
//   27              that its client hides the reason
//   30              that the body was read before (Go): it verifies an empty one
// The links stand beside the tests: tests/component/v3_diagnosis_test.cpp.
constexpr Cause kV3Signature{
    "the handler could not verify the signature: does it verify the raw body?",
    "Verify over timestamp LF nonce LF body LF with the body's bytes as they came, before any JSON "
    "reader: serialised anew, read in another charset than UTF-8, or read twice (the second time "
    "empty) it differs. Look the key up by Wechatpay-Serial: a platform certificate's or "
    "PUB_KEY_ID_…, never the merchant's. Check the order of your library's arguments: signature, "
    "nonce and timestamp are all texts."};
constexpr Cause kV3Key{
    "the handler has no key for this Wechatpay-Serial: a renewed certificate, or PUB_KEY_ID_...?",
    "Wechatpay-Serial names the key of WeChat Pay that has signed, never the merchant's own "
    "certificate. A serial that is not known: fetch /v3/certificates anew, not only at the start. "
    "PUB_KEY_ID_…: that is the WeChat Pay public key, a file without a certificate, to be had from "
    "the console."};
constexpr Cause kV3Cipher{
    "the handler could not decrypt resource: APIv3 key, nonce and associated_data as they came?",
    "AES-256-GCM under the 32 bytes of the APIv3 key itself (not the V2 key, no hash of it), with "
    "resource.nonce and resource.associated_data; the last 16 bytes of the cipher text are the "
    "tag."};
constexpr Cause kV3SaysNo{"the handler refused it; its answer says why",
                          "Answer 200 or 204 once it is verified and stored, also to repeats."};
constexpr Cause kV3Threw{
    "the handler failed: an exception, perhaps after its work was done",
    "The callback comes again, for a day: what was already credited must not be credited twice. "
    "Catch "
    "errors, roll back, and answer 4xx or 5xx with {\"code\":\"FAIL\",\"message\":\"…\"}."};
constexpr Cause kV3MediaType{
    "the handler does not take application/json",
    "The body is JSON: read its raw bytes first, they are what is signed."};
constexpr Cause kV3Status{"only 200 and 204 say that it was received",
                          "Answer 204 without a body, or 200."};
constexpr Cause kV3NotVerified{
    "the handler accepts what WeChat has not signed",
    "WeChat sends probes with a wrong signature (WECHATPAY/SIGNTEST/) to find such handlers. That "
    "the resource decrypts is no proof of who sent it: verify Wechatpay-Signature first."};

bool is_v3(const Exchange& exchange) {
    return exchange.request.headers.find("Wechatpay-Signature").has_value();
}

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

bool holds_one_of(std::string_view text, std::initializer_list<std::string_view> parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [text](std::string_view part) { return holds(text, part); });
}

/// "serial", but not "serialize" and its kin.
bool names_a_serial(std::string_view text) {
    constexpr std::string_view kTail = "erial";
    for (std::size_t at = text.find(kTail, 1); at != text.npos; at = text.find(kTail, at + 1)) {
        const bool is_word = text[at - 1] == 's' || text[at - 1] == 'S';
        if (is_word && text.substr(at + kTail.size(), 1) != "i") return true;
    }
    return false;
}

Cause cause_of_v3_refusal(const Exchange& exchange) {
    const int status = exchange.response.status;
    const std::string& said = exchange.response.body;
    if (holds_one_of(said, {"ecrypt", "解密", "AEAD", "ag mismatch", "cipher"})) return kV3Cipher;
    if (names_a_serial(said) || holds_one_of(said, {"ertificate", "证书", "PUB_KEY_ID"}))
        return kV3Key;
    if (holds_one_of(said, {"ignature", "SIGN", "erify", "erification", "签"})) return kV3Signature;
    if (status == 415) return kV3MediaType;
    if (status >= 500) return kV3Threw;
    const Cause cause = cause_of_status(status);
    return cause.hint == kNotXml.hint ? kV3SaysNo : cause;
}

Cause cause_of_v3(const Exchange& exchange, const Judgement& judgement) {
    switch (judgement.verdict) {
        case Verdict::ok:
            break;
        case Verdict::refused:
            return cause_of_v3_refusal(exchange);
        case Verdict::timeout:
            return kSlow;
        case Verdict::unreachable:
            return cause_of_silence(exchange, judgement.reason);
        case Verdict::bad_answer:
            if (holds(judgement.reason, "forged signature")) return kV3NotVerified;
            return exchange.response.status >= 300 ? kRedirected : kV3Status;
    }
    return {};
}

/// What is received all the same, and would be wrong elsewhere.
void note_v3_answer(Exchange& exchange) {
    const std::string& said = exchange.response.body;
    if (said.starts_with("<")) {
        exchange.notes.emplace_back(
            "XML is an answer of API V2, and a page no answer at all: V3 looks at the status "
            "alone, "
            "so a failure that answers so is taken for a success");
    } else if (holds(said, "FAIL")) {
        exchange.notes.emplace_back(
            "FAIL with status 200 counts as received and does not come again: answer 4xx or 5xx");
    }
    if (exchange.fault && (exchange.fault->is(Effect::Kind::corrupt_sign) ||
                           exchange.fault->is(Effect::Kind::forge))) {
        exchange.notes.emplace_back(
            "accepted although its signature is wrong: the handler does not verify it");
    }
}

Cause cause_of(const Exchange& exchange, const Judgement& judgement) {
    if (is_v3(exchange)) return cause_of_v3(exchange, judgement);
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
    if (judgement.verdict == Verdict::ok && is_v3(exchange)) {
        note_v3_answer(exchange);
    } else if (judgement.verdict == Verdict::ok && merchant != nullptr && !is_refund(exchange)) {
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
