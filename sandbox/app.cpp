#include "sandbox/app.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/codec/xml.hpp"
#include "core/v2/message.hpp"

#include "sandbox/api_v2/acceptance.hpp"
#include "sandbox/api_v2/endpoints.hpp"
#include "sandbox/api_v2/not_simulated.hpp"
#include "sandbox/api_v3/endpoints.hpp"
#include "sandbox/api_v3/pipeline.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/diagnosis/call.hpp"
#include "sandbox/diagnosis/nearest.hpp"
#include "sandbox/faults/answer_faults.hpp"
#include "sandbox/faults/demand.hpp"
#include "sandbox/faults/fault_set.hpp"
#include "sandbox/known_paths.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/waiters.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::string_view kDemandHeader = "Wechatpay-Negative-Test";

/// Hints quote what clients have sent.
std::string for_a_header(std::string hint) {
    for (char& c : hint) {
        if (c < ' ' || c > '~') c = '?';
    }
    return hint;
}

/// What was probably meant by a path that is nobody's.
std::string hint_for(const http::Request& request) {
    for (const api_v2::DirectCall& call : api_v2::direct_calls())
        if (call.path == request.path) return fmt::format("this path takes {}", call.method);
    const std::string_view meant = diagnosis::nearest_path(request.path, known_paths());
    return meant.empty() ? "WeChat has no such path, as far as the sandbox knows"
                         : fmt::format("did you mean {}?", meant);
}

/// Where no call is, there is none to be refused with an err_code.
void drop_err_code(Exchange& exchange) {
    if (exchange.fault && exchange.fault->is(Effect::Kind::err_code)) exchange.fault.reset();
}

/// What an unknown path gets; v2.md 1.5 row 1, our choice.
http::Response unknown_path(const http::Request& request, Exchange& exchange) {
    exchange.verdict = "refused";
    exchange.error = "404";
    exchange.hint = hint_for(request);
    drop_err_code(exchange);
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

const api_v2::DirectCall* find_direct_call(const http::Request& request) {
    const auto all = api_v2::direct_calls();
    const auto found = std::find_if(all.begin(), all.end(), [&request](const auto& call) {
        return call.path == request.path && call.method == request.method;
    });
    return found == all.end() ? nullptr : &*found;
}

/// The answer after a while of real time; without one, the connection is cut then. It holds no
/// worker meanwhile.
http::Answer later(http::Response response, Millis delay, Context& context) {
    return http::Later([&context, delay, response = std::move(response)](const http::Reply& reply) {
        Waiters::Waiter waiter;
        waiter.order_id = 0;  // no order's: no change ends it
        waiter.check = [] { return std::nullopt; };
        waiter.timeout = delay;
        waiter.give_up = [response] { return response; };
        waiter.reply = reply;
        if (!context.waiters.add(std::move(waiter))) reply(response);
    });
}

/// What goes wrong with this call on purpose: what it asks for itself, or else what a fault says.
Result<std::optional<Injection>> choose_fault(Exchange& exchange, Context& context) {
    const http::Request& request = exchange.request;
    const std::string_view demanded =
        context.settings.strict ? "" : request.headers.get(kDemandHeader);
    if (demanded.empty() && context.faults.empty()) return std::optional<Injection>{};
    // A call that the fault keeps from its endpoint belongs to its order all the same.
    if (api_v3::is_v3_path(request.path)) {
        api_v3::name_subject(request, exchange);
    } else if (const auto message = XmlMessage::parse(request.body)) {
        exchange.mch_id = message->get(message->get("mch_id").empty() ? "mchid" : "mch_id");
        exchange.out_trade_no = message->get("out_trade_no");
    }
    if (!demanded.empty()) {
        WXPAY_TRY(Effect effect, read_demand(demanded));
        return std::optional(context.faults.demand(std::move(effect)));
    }
    return context.faults.draw({.on = Fault::On::api,
                                .path = request.path,
                                .mch_id = exchange.mch_id,
                                .out_trade_no = exchange.out_trade_no});
}

/// API V3's words for the status that a fault asks for; nothing where a gateway's page fits.
/// source  [A] spec V3 1.7: errors are JSON, also those of a service that is down
std::optional<api_v3::Words> words_for_status(const Injection& fault,
                                              const http::Request& request) {
    if (!fault.is(Effect::Kind::http_status) || !api_v3::is_v3_path(request.path))
        return std::nullopt;
    return api_v3::words_of_status(fault.effect.http_status);
}

/// The header asks for something that does not exist.
http::Response unknown_demand(const Error& error, Context& context, Exchange& exchange) {
    exchange.verdict = "refused";
    exchange.error = kDemandNotUnderstood;
    exchange.hint = fmt::format("Wechatpay-Negative-Test, {}: {}", error.field, error.detail);
    if (api_v3::is_v3_path(exchange.request.path))
        return api_v3::refuse_unread({400, "INVALID_REQUEST", exchange.error}, exchange.request,
                                     context);
    return api_v2::respond(
        v2::Message().text("return_code", "FAIL").text("return_msg", exchange.error).render(),
        context);
}

}  // namespace

http::Answer App::handle(http::Request request) {
    if (control::is_control_path(request.path)) return control::answer(request, context_);
    return handle_wechat(std::move(request));
}

/// Nothing: the answer never arrives.
std::optional<http::Response> App::respond(Exchange& exchange) {
    const http::Request& request = exchange.request;
    auto chosen = choose_fault(exchange, context_);
    if (!chosen) return unknown_demand(chosen.error(), context_, exchange);
    exchange.fault = std::move(*chosen);
    if (exchange.fault && prevents_the_work(*exchange.fault)) {
        exchange.verdict = "failed";
        exchange.hint =
            fmt::format("fault {}: {}", exchange.fault->id, describe(exchange.fault->effect));
        if (auto words = words_for_status(*exchange.fault, request))
            return api_v3::refuse_unread(*words, request, context_);
        return answer_without_work(*exchange.fault);
    }

    std::optional<http::Response> response;
    if (api_v3::is_v3_path(request.path)) {
        response = api_v3::answer(request, context_, exchange);
    } else if (const api_v2::Endpoint* const endpoint = api_v2::find_endpoint(request.path)) {
        exchange.endpoint = endpoint->path;
        response = api_v2::answer(*endpoint, request, context_, exchange);
    } else if (const api_v2::DirectCall* const call = find_direct_call(request)) {
        exchange.endpoint = call->path;
        response = call->answer(request, context_, exchange);
    } else if (api_v2::is_known_elsewhere(request.path)) {
        response = api_v2::not_simulated(request, context_, exchange);
        drop_err_code(exchange);
    } else {
        response = unknown_path(request, exchange);
    }
    if (response) diagnosis::explain_call(exchange, *response);
    if (response && exchange.fault) response = spoiled(*std::move(response), *exchange.fault);
    return response;
}

http::Answer App::handle_wechat(http::Request given) {
    const auto began = context_.stopwatch.exact();
    Exchange exchange;
    exchange.id = context_.exchanges.next_id(exchange.kind);
    exchange.at = context_.clock.now();
    exchange.request = std::move(given);

    std::optional<http::Response> response = respond(exchange);
    if (response && exchange.verdict != "ok" && !context_.settings.strict) {
        response->headers.add("Wxpay-Sandbox-Exchange", name_of(exchange));
        if (!exchange.hint.empty())
            response->headers.add("Wxpay-Sandbox-Hint", for_a_header(exchange.hint));
    }
    const Millis delay = exchange.fault ? exchange.fault->delay : Millis{0};
    exchange.response = response.value_or(http::Response{.status = 0});
    exchange.took = context_.stopwatch.exact() - began;
    context_.exchanges.add(std::move(exchange));
    if (!response) return later(http::Response{.cut = true}, kSilence, context_);
    if (delay > Millis{0}) return later(std::move(*response), delay, context_);
    return std::move(*response);
}

}  // namespace wxpay::sandbox
