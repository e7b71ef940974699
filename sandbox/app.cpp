#include "sandbox/app.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sandbox/api_v2/acceptance.hpp"
#include "sandbox/api_v2/endpoints.hpp"
#include "sandbox/api_v2/not_simulated.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/diagnosis/call.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/waiters.hpp"

namespace wxpay::sandbox {
namespace {

/// What an unknown path gets; v2.md 1.5 row 1, our choice.
http::Response unknown_path(const http::Request& request, Exchange& exchange) {
    std::vector<std::string_view> known;
    for (const api_v2::Endpoint& endpoint : api_v2::endpoints()) known.push_back(endpoint.path);
    for (const api_v2::DirectCall& call : api_v2::direct_calls()) known.push_back(call.path);
    const std::string_view meant = api_v2::nearest(request.path, known);
    exchange.verdict = "refused";
    exchange.error = "404";
    exchange.hint = meant.empty() ? "WeChat has no such path, as far as the sandbox knows"
                                  : fmt::format("did you mean {}?", meant);
    http::Response response;
    response.status = 404;
    response.headers.add("Server", "nginx");
    response.headers.add("Content-Type", "text/html");
    response.body =
        "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not "
        "Found</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
    return response;
}

const api_v2::Endpoint* find_endpoint(std::string_view path) {
    for (const auto all : {api_v2::endpoints(), api_v2::acceptance_endpoints()}) {
        for (const api_v2::Endpoint& endpoint : all) {
            if (endpoint.path == path) return &endpoint;
        }
    }
    return nullptr;
}

const api_v2::DirectCall* find_direct_call(const http::Request& request) {
    const auto all = api_v2::direct_calls();
    const auto found = std::find_if(all.begin(), all.end(), [&request](const auto& call) {
        return call.path == request.path && call.method == request.method;
    });
    return found == all.end() ? nullptr : &*found;
}

/// The answer that never comes: the connection stays open as long as callers wait, and is cut.
http::Answer silence(Context& context) {
    return http::Later([&context](const http::Reply& reply) {
        Waiters::Waiter waiter;
        waiter.order_id = 0;  // no order's: no change ends it
        waiter.check = [] { return std::nullopt; };
        waiter.timeout = kSilence;
        waiter.give_up = [] { return http::Response{.cut = true}; };
        waiter.reply = reply;
        if (!context.waiters.add(std::move(waiter))) reply(http::Response{.cut = true});
    });
}

}  // namespace

http::Answer App::handle(http::Request request) {
    if (control::is_control_path(request.path)) return control::answer(request, context_);
    return handle_wechat(std::move(request));
}

http::Answer App::handle_wechat(http::Request given) {
    Exchange exchange;
    exchange.id = context_.exchanges.next_id(exchange.kind);
    exchange.at = context_.clock.now();
    exchange.request = std::move(given);
    const http::Request& request = exchange.request;

    std::optional<http::Response> response;
    if (const api_v2::Endpoint* const endpoint = find_endpoint(request.path)) {
        exchange.endpoint = endpoint->path;
        response = api_v2::answer(*endpoint, request, context_, exchange);
    } else if (const api_v2::DirectCall* const call = find_direct_call(request)) {
        exchange.endpoint = call->path;
        response = call->answer(request, context_, exchange);
    } else if (api_v2::is_known_elsewhere(request.path)) {
        response = api_v2::not_simulated(request, context_, exchange);
    } else {
        response = unknown_path(request, exchange);
    }
    if (response) diagnosis::explain_call(exchange, *response);
    if (response && exchange.verdict != "ok" && !context_.settings.strict) {
        response->headers.add("Wxpay-Sandbox-Exchange", name_of(exchange));
        if (!exchange.hint.empty()) response->headers.add("Wxpay-Sandbox-Hint", exchange.hint);
    }
    exchange.response = response.value_or(http::Response{.status = 0});
    context_.exchanges.add(std::move(exchange));
    if (!response) return silence(context_);
    return std::move(*response);
}

}  // namespace wxpay::sandbox
