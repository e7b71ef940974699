#include "merchant/app.hpp"

#include <array>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "merchant/api/routes.hpp"

namespace wxpay::merchant {
namespace {

api::Outcome health(const api::Call&, const Context&) {
    return api::json_answer(200, {{"status", "ok"}});
}

struct Route {
    std::string_view method;
    std::string_view path;  ///< "{id}" stands for one segment
    api::Handler* handler;
};

/// Everything that the shop answers.
constexpr std::array kRoutes{
    Route{"GET", "/healthz", health},
    Route{"POST", "/api/login", api::login},
    Route{"GET", "/api/products", api::list_products},
    Route{"POST", "/api/orders", api::create_order},
    Route{"GET", "/api/orders/{id}", api::show_order},
    Route{"POST", "/api/orders/{id}/pay", api::pay_order},
    Route{"POST", "/api/orders/{id}/refund", api::refund_order},
    Route{"POST", "/api/reconcile", api::reconcile_now},
    Route{"POST", "/wxpay/notify", api::notify},
    Route{"POST", "/wxpay/refund_notify", api::notify_refund},
};

/// The {id} of the path, empty where the route has none; nothing when the path is not the route's.
std::optional<std::string_view> match(std::string_view route, std::string_view path) {
    constexpr std::string_view kId = "{id}";
    const std::size_t at = route.find(kId);
    if (at == std::string_view::npos)
        return route == path ? std::optional(std::string_view{}) : std::nullopt;
    const std::string_view head = route.substr(0, at);
    const std::string_view tail = route.substr(at + kId.size());
    if (path.size() <= head.size() + tail.size() || !path.starts_with(head) ||
        !path.ends_with(tail))
        return std::nullopt;
    const auto id = path.substr(head.size(), path.size() - head.size() - tail.size());
    return id.find('/') == std::string_view::npos ? std::optional(id) : std::nullopt;
}

api::Outcome dispatch(const http::Request& request, const Context& context) {
    std::string allowed;
    for (const Route& route : kRoutes) {
        const auto id = match(route.path, request.path);
        if (!id) continue;
        if (route.method == request.method) return route.handler({request, *id}, context);
        allowed += allowed.empty() ? route.method : fmt::format(", {}", route.method);
    }
    if (allowed.empty()) return Failure{api::Problem{404, "not_found", "no such path"}};
    auto response = api::problem_answer(
        {405, "method_not_allowed", fmt::format("this path takes {}", allowed)});
    response.headers.add("Allow", allowed);
    return response;
}

}  // namespace

http::Answer App::handle(const http::Request& request) const {
    try {
        auto outcome = dispatch(request, context_);
        return outcome ? *std::move(outcome) : api::problem_answer(outcome.error());
    } catch (const std::exception& problem) {
        context_.report(Severity::error,
                        fmt::format("{} {}: {}", request.method, request.path, problem.what()));
        return api::problem_answer({500, "internal_error", "our fault; try again"});
    }
}

}  // namespace wxpay::merchant
