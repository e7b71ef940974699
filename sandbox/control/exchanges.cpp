// What went over the wire.
#include <utility>

#include <nlohmann/json.hpp>

#include "sandbox/control/curl_line.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/control/signature.hpp"
#include "sandbox/exchanges/exchange_line.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

Result<http::Answer, Problem> list(const Call& call) {
    WXPAY_TRY(const std::size_t limit, call.limit());
    std::string mch_id;
    std::string out_trade_no;
    WXPAY_TRY(std::tie(mch_id, out_trade_no), call.subject());
    const auto wanted = [&](const Exchange& exchange) {
        return (mch_id.empty() || merchant_of(exchange) == mch_id) &&
               (out_trade_no.empty() || exchange.out_trade_no == out_trade_no);
    };
    Json out{{"exchanges", Json::array()}};
    for (const auto& exchange : call.context.exchanges.list(limit, wanted)) {
        out["exchanges"].push_back(to_json(*exchange, false));
    }
    out["dropped"] = call.context.exchanges.held().dropped;
    return json_response(masked(dump(out), call.context.directory));
}

Result<http::Answer, Problem> show(const Call& call) {
    const std::string& text = call.arguments[0];
    const auto exchange = call.context.exchanges.find(text);
    if (!exchange)
        return Failure{not_found("no exchange '" + text +
                                 "'; the oldest are dropped when there are too many")};
    Json out = to_json(*exchange, true);
    if (const auto signature = signature_of(*exchange, call.context)) {
        out["signature"] = {{"right", signature->right}};
        if (!signature->mistakes.empty()) out["signature"]["mistakes"] = signature->mistakes;
    }
    const bool is_callback = exchange->kind == Exchange::Kind::callback;
    out["curl"] = curl_line(*exchange, is_callback ? std::string() : call.base_url());
    return json_response(masked(dump(out), call.context.directory));
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/exchanges",
     .handle = list,
     .summary = "Calls and callbacks as they went over the wire, newest first",
     .answer = "ExchangeList",
     .query = "mch_id order limit"},
    {.method = "GET",
     .pattern = "/_sandbox/v1/exchanges/{id}",
     .handle = show,
     .summary = "One of them, whole, with the string to sign and the diagnosis",
     .answer = "Exchange"},
};

}  // namespace

std::span<const Route> exchange_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
