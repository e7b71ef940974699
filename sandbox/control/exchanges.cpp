// What went over the wire.
#include <utility>

#include <nlohmann/json.hpp>

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

/// Which order `order=` means, also one that was refused and so never came to be.
Result<std::pair<std::string, std::string>, Problem> key_of(const Call& call,
                                                            const std::string& id) {
    if (const std::size_t colon = id.find(':'); colon != std::string::npos) {
        return std::pair(id.substr(0, colon), id.substr(colon + 1));
    }
    const auto order = find_order(*call.context.store.begin(), id);
    if (!order) return Failure{not_found("no order '" + id + "'")};
    return std::pair(order->mch_id.str(), order->out_trade_no.str());
}

/// Wherever clients put a key or a secret: nobody reads it here.
std::string masked(std::string text, const Directory& directory) {
    for (const std::string_view secret : directory.secrets()) {
        for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;)
            text.replace(at, secret.size(), "***");
    }
    return text;
}

Result<http::Answer, Problem> list(const Call& call) {
    WXPAY_CHECK(call.allow_query({"order", "mch_id", "limit"}));
    WXPAY_TRY(const std::size_t limit, call.limit());
    std::string mch_id = call.query("mch_id").value_or("");
    std::string out_trade_no;
    if (const auto id = call.query("order")) {
        WXPAY_TRY(std::tie(mch_id, out_trade_no), key_of(call, *id));
    }
    const auto wanted = [&](const Exchange& exchange) {
        return (mch_id.empty() || exchange.mch_id == mch_id) &&
               (out_trade_no.empty() || exchange.out_trade_no == out_trade_no);
    };
    Json out{{"exchanges", Json::array()}};
    for (const auto& exchange : call.context.exchanges.list(limit, wanted)) {
        out["exchanges"].push_back(to_json(*exchange, false));
    }
    out["dropped"] = call.context.exchanges.dropped();
    return json_response(masked(dump(out), call.context.directory));
}

Result<http::Answer, Problem> show(const Call& call) {
    const std::string& text = call.arguments[0];
    const auto exchange = call.context.exchanges.find(text);
    if (!exchange)
        return Failure{not_found("no exchange '" + text +
                                 "'; the oldest are dropped when there are too many")};
    return json_response(masked(dump(to_json(*exchange, true)), call.context.directory));
}

constexpr Route kRoutes[] = {
    {"GET", "/_sandbox/v1/exchanges", list},
    {"GET", "/_sandbox/v1/exchanges/{id}", show},
};

}  // namespace

std::span<const Route> exchange_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
