#include "sandbox/cli/v3_message.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/codec/base64.hpp"
#include "core/http/framing.hpp"
#include "core/program/program.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/sign.hpp"
#include "core/v3/signature_headers.hpp"

#include "sandbox/diagnosis/signature.hpp"
#include "sandbox/diagnosis/v3_signature.hpp"
#include "sandbox/directory.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/platform/platform.hpp"

namespace wxpay::sandbox::cli {
namespace {

struct Message {
    http::MessageHead head;
    std::string body;
};

/// A head that an editor has saved has bare line ends.
std::string with_http_line_ends(std::string_view head) {
    std::string out;
    for (const char c : head) {
        if (c == '\n' && !out.ends_with('\r')) out += '\r';
        out += c;
    }
    return out;
}

/// The body is what follows the head, cut at its Content-Length: an editor's last line end is no
/// part of it.
Result<Message> read_message(const std::string& bytes) {
    std::size_t head_size = bytes.find("\r\n\r\n");
    head_size = head_size == std::string::npos ? bytes.find("\n\n") + 2 : head_size + 4;
    if (head_size < 4) return Failure{Error{Errc::malformed, "the empty line behind its head"}};
    const std::string head = with_http_line_ends(std::string_view(bytes).substr(0, head_size));
    const http::MessageReader::Limits limits{kHeadBytesMax, kBodyBytesMax};
    auto reader = bytes.starts_with("HTTP/") ? http::MessageReader::response(limits, false)
                                             : http::MessageReader::request(limits);
    const std::string whole = head + bytes.substr(head_size);
    auto complete = reader.read(whole);
    if (complete && !*complete) complete = reader.finish(whole);
    if (!complete) return Failure{Error{Errc::malformed, complete.error().detail}};
    std::string body = reader.take_body(whole);
    const bool has_length = !reader.head().headers.get("Content-Length").empty() ||
                            !reader.head().headers.get("Transfer-Encoding").empty();
    if (!has_length) body = bytes.substr(head_size);
    return Message{reader.take_head(), std::move(body)};
}

Diagnosed right(std::string what, std::string text) {
    Diagnosed out;
    out.right = true;
    out.explanation = fmt::format("the signature is right: {}\nstring to sign:\n{}", what,
                                  diagnosis::shown_text(text));
    out.what = std::move(what);
    out.string_to_sign = std::move(text);
    return out;
}

Diagnosed diagnose_call(const Message& message, const v3::Authorization& authorization) {
    http::Request request;
    request.method = message.head.method;
    http::set_target(request, message.head.target);
    request.headers = message.head.headers;
    request.body = message.body;
    const Directory directory = demo_directory();
    const Merchant* const merchant = directory.find_merchant(authorization.mchid);
    if (merchant == nullptr || !merchant->public_key) {
        throw UsageError(
            fmt::format("no certificate: '{}' is none of the demo merchants; ask the server that "
                        "has it, by the exchange's number",
                        diagnosis::shown_text(authorization.mchid)));
    }
    std::string text = v3::request_string(request.method, request.target, authorization.timestamp,
                                          authorization.nonce_str, request.body);
    const std::string what =
        fmt::format("{} under the certificate of {}", v3::kScheme, authorization.mchid);
    const auto signature = base64_decode(authorization.signature);
    if (signature && merchant->public_key->verify_sha256(text, *signature))
        return right(what, std::move(text));
    auto found = diagnosis::diagnose_v3_signature(request, authorization, *merchant, directory);
    return {false,
            what,
            diagnosis::names(found.findings),
            std::move(found.hint),
            std::move(found.explanation),
            std::move(text)};
}

/// The moment that it names; 1970 when it names none.
Instant moment_of(const std::string& timestamp) {
    std::int64_t seconds = 0;
    std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
    return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

Diagnosed diagnose_platforms(const Message& message, const v3::SignatureHeaders& headers) {
    const Platform platform;
    v3::PlatformKeys keys;
    for (const Platform::Key* const key :
         {&platform.first(), &platform.second(), &platform.public_key()})
        keys.add(key->serial, key->key.public_key());
    std::string text = v3::response_string(headers.timestamp, headers.nonce, message.body);
    const auto verified = v3::verify_signature(message.head.headers, message.body, keys,
                                               moment_of(headers.timestamp));
    const std::string what =
        fmt::format("{} under the platform key {}", v3::kScheme, headers.serial);
    if (verified) return right(what, std::move(text));
    Diagnosed out;
    out.what = what;
    if (verified.error().field == "Wechatpay-Serial") {
        out.hint = "Wechatpay-Serial names no key of this sandbox's platform";
    } else if (headers.signature.starts_with(kProbeMark)) {
        out.hint = "a signature probe: it is wrong on purpose, and must be refused";
    } else if (verified.error().code == Errc::signature_mismatch) {
        out.hint =
            "not this body's signature: was it changed, or serialised anew? Verify the raw bytes";
    } else {
        out.hint = verified.error().detail;
    }
    out.explanation = fmt::format("{}.\nstring to sign:\n{}", diagnosis::shown_text(out.hint),
                                  diagnosis::shown_text(text));
    out.string_to_sign = std::move(text);
    return out;
}

}  // namespace

bool is_http_message(std::string_view bytes) {
    if (bytes.starts_with("HTTP/1.")) return true;
    std::string_view line = bytes.substr(0, bytes.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0");
}

Result<Diagnosed> diagnose_v3(const std::string& bytes) {
    WXPAY_TRY(const Message message, read_message(bytes));
    const http::Headers& headers = message.head.headers;
    if (!headers.get("Wechatpay-Signature").empty()) {
        WXPAY_TRY(const v3::SignatureHeaders signature, v3::read_signature(headers));
        return diagnose_platforms(message, signature);
    }
    const auto authorization = v3::parse_authorization(headers.get("Authorization"));
    if (!authorization) {
        return Failure{
            Error{Errc::missing_field,
                  "neither Wechatpay-Signature nor Authorization: " + authorization.error().what}};
    }
    return diagnose_call(message, *authorization);
}

}  // namespace wxpay::sandbox::cli
