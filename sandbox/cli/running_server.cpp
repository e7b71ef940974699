#include "sandbox/cli/running_server.hpp"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/http/client.hpp"

namespace wxpay::sandbox::cli {

Result<nlohmann::json> RunningServer::get(const std::string& path, const std::string& query) const {
    http::Client::Options to;
    to.base_url = url;
    const auto client = http::Client::create(std::move(to));
    if (!client) {
        return Failure{
            Error{Errc::malformed, fmt::format("--url '{}': {}", url, client.error().detail)}};
    }
    http::Request request;
    request.path = path;
    request.query = query;
    if (!control_token.empty()) request.headers.add("Authorization", "Bearer " + control_token);
    const auto answer = (*client)->send(request);
    if (!answer) {
        return Failure{
            Error{Errc::unreachable,
                  fmt::format("no server at {} ({}); start wxpay-sandbox, or name it: --url", url,
                              answer.error().detail)}};
    }
    auto body = nlohmann::json::parse(answer->body, nullptr, false);
    if (answer->status == 200 && body.is_object()) return body;
    std::string why = fmt::format("HTTP {}", answer->status);
    if (body.is_object() && body.contains("error") && body["error"].is_object())
        why = body["error"].value("message", why);
    return Failure{Error{Errc::refused, fmt::format("{}: {}", url, why)}};
}

}  // namespace wxpay::sandbox::cli
