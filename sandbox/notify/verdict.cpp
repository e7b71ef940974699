#include "sandbox/notify/verdict.hpp"

#include <string_view>

#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"
#include "core/codec/utf8.hpp"
#include "core/codec/xml.hpp"
#include "core/http/dispatcher.hpp"

namespace wxpay::sandbox {
namespace {

using Kind = http::Outcome::Kind;

constexpr std::size_t kQuoteBytesMax = 128;

/// The start of a text that the merchant wrote, on one line and harmless to a terminal.
std::string excerpt(std::string_view text) {
    const std::string_view start = utf8_prefix(text, kQuoteBytesMax);
    std::string clean;
    for (std::size_t i = 0; i < start.size(); ++i) {
        const auto byte = static_cast<unsigned char>(start[i]);
        // U+0080 to U+009F control terminals too.
        const bool is_c1 = byte == 0xc2 && static_cast<unsigned char>(start[i + 1]) < 0xa0;
        if (is_c1) ++i;
        clean += byte < 0x20 || byte == 0x7f || is_c1 ? ' ' : start[i];
    }
    return clean + (start.size() < text.size() ? "…" : "");
}

std::string quote(std::string_view text) {
    if (!is_utf8(text)) return "(not UTF-8)";
    return '"' + excerpt(text) + '"';
}

std::string_view without_padding(std::string_view body) {
    if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
    const auto first = body.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return body.substr(first, body.find_last_not_of(" \t\r\n") - first + 1);
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
    return http::equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

/// What a body that cannot be read as V2 XML seems to be.
std::string looks_like(std::string_view whole, const Error& error) {
    const std::string_view body = without_padding(whole);
    if (body.empty()) return "an empty body";
    if (error.code == Errc::not_utf8) return "bytes that are not UTF-8";
    if (starts_with_ignoring_case(body, "<!doctype html") ||
        starts_with_ignoring_case(body, "<html"))
        return "HTML";
    if (body.starts_with("<")) {
        const bool has_escape = body.find("\\n") != std::string_view::npos;
        return "XML that cannot be read (" + excerpt(error.detail) + ")" +
               (has_escape ? "; it holds a backslash and an n instead of a line end" : "");
    }
    if (body.starts_with("{") || body.starts_with("[")) return "JSON " + quote(body);
    if (body.starts_with("\"")) return "a JSON string " + quote(body);
    return "plain text " + quote(body);
}

Judgement bad_answer(const std::string& what, std::string_view wanted) {
    return {Verdict::bad_answer, what + "; wanted: HTTP 200 with " + std::string(wanted)};
}

Judgement judge_status(const http::Response& response, std::string_view wanted) {
    const std::string status = "HTTP " + std::to_string(response.status);
    if (response.status < 300 || response.status >= 400) return bad_answer(status, wanted);
    const auto location = response.headers.find("Location");
    return bad_answer(
        status + (location ? " to " + quote(*location) : "") + ", and redirects are not followed",
        wanted);
}

Judgement judge_body(std::string_view body, std::string_view wanted) {
    const auto message = XmlMessage::parse(body);
    if (!message) return bad_answer(looks_like(body, message.error()), wanted);
    const auto return_code = message->find("return_code");
    if (!return_code) return bad_answer("XML without return_code", wanted);
    const auto return_msg = message->find("return_msg");
    if (*return_code == "SUCCESS")
        return {Verdict::ok,
                return_msg
                    ? ""
                    : "no return_msg: WeChat is said to have repeated callbacks answered so"};
    std::string reason = "return_code is " + quote(*return_code);
    if (return_msg) reason += ", return_msg " + quote(*return_msg);
    return {Verdict::refused, reason};
}

/// Of an attempt that no answer came to.
std::optional<Judgement> judge_silence(const http::Outcome& outcome, std::string_view wanted) {
    switch (outcome.kind) {
        case Kind::answered:
            break;
        case Kind::timed_out:
            return Judgement{Verdict::timeout, outcome.reason};
        case Kind::unreachable:
        case Kind::not_allowed:
            return Judgement{Verdict::unreachable, outcome.reason};
        case Kind::malformed:
            return bad_answer(outcome.reason, wanted);
    }
    return std::nullopt;
}

}  // namespace

const char* name(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok:
            return "ok";
        case Verdict::refused:
            return "refused";
        case Verdict::bad_answer:
            return "bad_answer";
        case Verdict::timeout:
            return "timeout";
        case Verdict::unreachable:
            return "unreachable";
    }
    return "";
}

std::optional<Verdict> parse_verdict(std::string_view word) {
    for (const Verdict verdict : {Verdict::ok, Verdict::refused, Verdict::bad_answer,
                                  Verdict::timeout, Verdict::unreachable}) {
        if (word == name(verdict)) return verdict;
    }
    return std::nullopt;
}

Judgement judge_v2(const http::Outcome& outcome, std::string_view wanted) {
    if (auto without_answer = judge_silence(outcome, wanted)) return *std::move(without_answer);
    if (outcome.response.status != 200) return judge_status(outcome.response, wanted);
    return judge_body(outcome.response.body, wanted);
}

Judgement judge_v3(const http::Outcome& outcome) {
    constexpr std::string_view kWanted = R"({"code":"SUCCESS","message":"成功"} or an empty body)";
    if (auto without_answer = judge_silence(outcome, kWanted)) return *std::move(without_answer);
    const http::Response& response = outcome.response;
    if (response.status >= 400) {
        return {Verdict::refused, "HTTP " + std::to_string(response.status) +
                                      (response.body.empty() ? "" : ", " + quote(response.body))};
    }
    if (response.status != 200 && response.status != 204) return judge_status(response, kWanted);
    if (response.body.empty()) return {Verdict::ok, ""};
    const auto json = parse_json(response.body);
    if (json && json->is_object() && json->value("code", nlohmann::json("SUCCESS")) == "SUCCESS")
        return {Verdict::ok, ""};
    return {Verdict::ok,
            "the status decides, but the body says otherwise: " + quote(response.body)};
}

}  // namespace wxpay::sandbox
