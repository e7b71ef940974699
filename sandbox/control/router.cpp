#include <algorithm>
#include <arpa/inet.h>
#include <exception>
#include <netinet/in.h>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/crypto/digest.hpp"
#include "core/http/url.hpp"

#include "sandbox/control/routes.hpp"

namespace wxpay::sandbox::control {
namespace {

constexpr std::string_view kPrefix = "/_sandbox/";

std::vector<Route> all_routes() {
    std::vector<Route> out;
    for (const auto& group :
         {server_routes(), order_routes(), cashier_routes(), refund_routes(), transfer_routes(),
          comment_routes(), fault_routes(), merchant_routes(), platform_routes(), scan_routes(),
          notification_routes(), clock_routes(), exchange_routes(), environment_routes(),
          event_routes(), trigger_routes(), report_routes(), metrics_routes(), openapi_routes()}) {
        out.insert(out.end(), group.begin(), group.end());
    }
    return out;
}

/// The segments for "{…}" when `path` fits `pattern`.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
    std::vector<std::string> arguments;
    while (!pattern.empty() && !path.empty()) {
        pattern.remove_prefix(1);  // both stand at a '/'
        path.remove_prefix(1);
        const std::string_view wanted = pattern.substr(0, pattern.find('/'));
        const std::string_view given = path.substr(0, path.find('/'));
        if (wanted.starts_with('{')) {
            if (given.empty()) return std::nullopt;
            arguments.emplace_back(given);
        } else if (wanted != given) {
            return std::nullopt;
        }
        pattern.remove_prefix(wanted.size());
        path.remove_prefix(given.size());
    }
    if (!pattern.empty() || !path.empty()) return std::nullopt;
    return arguments;
}

/// The host of "host:port" or "[v6]:port".
std::string_view host_of(std::string_view authority) {
    if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
    return authority.substr(0, authority.find(':'));
}

/// Names that no page on the web can own. "127.evil.example" is not one of them: only an address
/// counts.
bool is_loopback_name(std::string_view host) {
    if (host == "localhost" || host.ends_with(".localhost") || host == "[::1]") return true;
    in_addr address{};
    constexpr std::uint32_t kLoopbackNet = 127;
    return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
           ntohl(address.s_addr) >> 24U == kLoopbackNet;
}

/// Any web page can reach loopback, and by rebinding its own name it can even pass for the same
/// origin. So a foreign Origin is refused, and without a token the Host must be a name that no page
/// can own.
Result<void, Problem> guard(const http::Request& request, const Settings& settings, bool is_probe) {
    const std::string_view host = request.headers.get("Host");
    if (const auto origin = request.headers.find("Origin")) {
        const bool same =
            *origin == "http://" + std::string(host) || *origin == "https://" + std::string(host);
        if (!same)
            return Failure{Problem{403, "foreign_origin",
                                   "the control API answers no page of another origin"}};
    }
    if (!settings.control_token.empty()) {
        if (is_probe) return {};
        const std::string wanted = "Bearer " + settings.control_token;
        if (equal_in_constant_time(wanted, request.headers.get("Authorization"))) return {};
        return Failure{Problem{
            401, "token_required",
            request.headers.get("Authorization").empty()
                ? "Authorization: Bearer TOKEN is wanted, see --control-token"
                : "this token is not the right one: Authorization: Bearer TOKEN, with that of "
                  "the server's --control-token"}};
    }
    const auto public_url = http::Url::parse(settings.public_url);
    if (host.empty() || is_loopback_name(host_of(host)) ||
        (public_url && public_url->authority() == host))
        return {};
    return Failure{Problem{
        403, "foreign_host",
        fmt::format(
            "the control API is not served under the name '{}'; use 127.0.0.1, localhost or "
            "--public-url",
            host_of(host))}};
}

Result<http::Answer, Problem> dispatch(const http::Request& request, Context& context) {
    const bool is_probe = request.path == "/_sandbox/health" || request.path == "/_sandbox/readyz";
    WXPAY_CHECK(guard(request, context.settings, is_probe));
    std::string methods;
    for (const Route& route : routes()) {
        auto arguments = match(route.pattern, request.path);
        if (!arguments) continue;
        // The edge sends no body to HEAD.
        if (route.method == (request.method == "HEAD" ? "GET" : request.method)) {
            WXPAY_CHECK(check_query(route, request));
            return route.handle(Call{request, std::move(*arguments), context});
        }
        methods += methods.empty() ? "" : ", ";
        methods += route.method;
    }
    if (!methods.empty()) {
        Problem problem{405, "method_not_allowed",
                        fmt::format("{} takes {}", request.path, methods)};
        problem.allow = std::move(methods);
        return Failure{std::move(problem)};
    }
    return Failure{not_found(fmt::format("the control API has no {}", request.path))};
}

}  // namespace

const std::vector<Route>& routes() {
    static const std::vector<Route> all = all_routes();
    return all;
}

bool is_control_path(std::string_view path) { return path.starts_with(kPrefix); }

http::Response answer_unread(int status, std::string_view detail) {
    const char* const code = status == 413   ? "body_too_large"
                             : status == 431 ? "headers_too_large"
                                             : "malformed_request";
    return problem_response({status, code, std::string(detail)});
}

http::Answer answer(const http::Request& request, Context& context) {
    try {
        auto result = dispatch(request, context);
        if (result) return std::move(*result);
        http::Response response = problem_response(result.error());
        if (!result.error().allow.empty()) response.headers.add("Allow", result.error().allow);
        return response;
    } catch (const std::exception& problem) {
        spdlog::error("{} {}: {}", request.method, request.path, problem.what());
        return problem_response(internal_error());
    }
}

}  // namespace wxpay::sandbox::control
