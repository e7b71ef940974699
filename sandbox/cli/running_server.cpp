#include "sandbox/cli/running_server.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/http/client.hpp"
#include "core/http/follow.hpp"

namespace wxpay::sandbox::cli {
namespace {

constexpr Millis kAnswerTimeout = std::chrono::seconds(10);

Error no_server(const std::string& url, const Error& problem) {
    if (problem.code == Errc::malformed && problem.detail.starts_with("url"))
        return {Errc::malformed, fmt::format("--url '{}': {}", url, problem.detail)};
    return {Errc::unreachable,
            fmt::format("no server at {} ({}); start wxpay-sandbox, or name it: --url", url,
                        problem.detail)};
}

}  // namespace

Result<http::Response> RunningServer::send(http::Request request, Millis timeout) const {
    http::Client::Options to;
    to.base_url = url;
    to.answer_timeout = timeout;
    const auto client = http::Client::create(std::move(to));
    if (!client) return Failure{no_server(url, client.error())};
    if (!control_token.empty()) request.headers.add("Authorization", "Bearer " + control_token);
    auto answer = (*client)->send(request);
    if (!answer) return Failure{no_server(url, answer.error())};
    return answer;
}

Result<http::Response> RunningServer::follow(
    http::Request request, const std::function<void()>& on_begin,
    const std::function<bool(std::string_view)>& on_bytes) const {
    if (!control_token.empty()) request.headers.add("Authorization", "Bearer " + control_token);
    auto answer = http::follow(url, request, on_begin, on_bytes);
    if (!answer) return Failure{no_server(url, answer.error())};
    return answer;
}

Result<nlohmann::json> RunningServer::get(const std::string& path, const std::string& query) const {
    http::Request request;
    request.path = path;
    request.query = query;
    WXPAY_TRY(const http::Response answer, send(std::move(request), kAnswerTimeout));
    auto body = nlohmann::json::parse(answer.body, nullptr, false);
    if (answer.status == 200 && body.is_object()) return body;
    std::string why = fmt::format("HTTP {}", answer.status);
    if (body.is_object() && body.contains("error") && body["error"].is_object())
        why = body["error"].value("message", why);
    const bool lets_us_in = answer.status != 401 && answer.status != 403;
    return Failure{
        Error{lets_us_in ? Errc::refused : Errc::unreachable, fmt::format("{}: {}", url, why)}};
}

}  // namespace wxpay::sandbox::cli
