#include "sandbox/control/render.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/diagnosis/signed_text.hpp"
#include "sandbox/exchanges/exchange_line.hpp"
#include "sandbox/faults/fault_json.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMask = "***";

void put(Json& json, const char* name, std::string_view value) {
    if (!value.empty()) json[name] = value;
}

void put(Json& json, const char* name, const std::optional<Instant>& at) {
    if (at) json[name] = format_rfc3339(*at);
}

/// Whose it is. Twins in the acceptance sandbox go by the merchant's number, too.
void put_merchant(Json& json, const MchId& mch_id) {
    json["mch_id"] = wire_id(mch_id.str());
    if (is_twin(mch_id.str())) json["acceptance"] = true;
}

/// Path and query of a call.
std::string shown_target(const http::Request& request) {
    return request.query.empty() ? request.path : request.path + "?" + request.query;
}

Json headers_of(const http::Headers& headers) {
    Json out = Json::array();
    for (const auto& [name, value] : mask_headers(headers)) out.push_back({name, value});
    return out;
}

/// The answers of jscode2session and cgi-bin/token carry a secret.
std::string mask_body(const Exchange& exchange) {
    const std::string& body = exchange.response.body;
    for (const char* const name : {"session_key", "access_token"}) {
        if (body.find(name) == std::string::npos) continue;
        Json json = Json::parse(body, nullptr, false);
        if (!json.is_object() || !json.contains(name)) continue;
        json[name] = kMask;
        return json.dump();
    }
    return body;
}

}  // namespace

Json to_json(const Refund& refund) {
    Json out;
    put(out, "out_refund_no", refund.out_refund_no);
    out["refund_id"] = refund.refund_id;
    out["refund_fee"] = refund.fee.count();
    out["state"] = wire_name(refund.state);
    put(out, "reason", refund.reason);
    put(out, "notify_url", refund.notify_url);
    put(out, "created_at", refund.created_at);
    put(out, "succeeded_at", refund.succeeded_at);
    return out;
}

Json to_json(const Order& order, Transaction& transaction) {
    Json out;
    put_merchant(out, order.mch_id);
    out["appid"] = order.appid.str();
    put(out, "sub_mch_id", order.sub_mch_id);
    put(out, "sub_appid", order.sub_appid);
    out["out_trade_no"] = order.out_trade_no.str();
    put(out, "transaction_id", order.transaction_id.str());
    put(out, "prepay_id", order.prepay_id.str());
    out["api"] = wire_name(order.api);
    out["trade_type"] = wxpay::wire_name(order.trade_type);
    out["state"] = wxpay::wire_name(order.state);
    put(out, "body", order.body);
    put(out, "attach", order.attach);
    put(out, "openid", order.openid);
    put(out, "sub_openid", order.sub_openid);
    out["total_fee"] = order.total.count();
    out["refunded_fee"] = order.refunded.count();
    if (order.is_paid()) {
        out["cash_fee"] = order.cash().count();
        put(out, "bank_type", order.bank_type);
    }
    put(out, "code_url", order.code_url);
    put(out, "mweb_url", order.mweb_url);
    put(out, "notify_url", order.notify_url);
    put(out, "created_at", order.created_at);
    put(out, "expires_at", order.expires_at);
    put(out, "paid_at", order.paid_at);
    out["refunds"] = Json::array();
    if (order.paid_at) {
        for (const Refund& refund : transaction.refunds_of(order.id))
            out["refunds"].push_back(to_json(refund));
    }
    return out;
}

Json to_json(const Notification& notification) {
    Json out;
    out["id"] = std::to_string(notification.id);
    out["kind"] = wire_name(notification.kind);
    put_merchant(out, notification.mch_id);
    out["out_trade_no"] = notification.out_trade_no.str();
    out["url"] = notification.url;
    out["state"] = wire_name(notification.state);
    put(out, "next_at", notification.next_at);
    out["attempts"] = Json::array();
    for (const Attempt& attempt : notification.attempts) {
        Json row;
        row["n"] = attempt.n;
        row["at"] = format_rfc3339(attempt.at);
        if (attempt.http_status != 0) row["http_status"] = attempt.http_status;
        row["latency_ms"] = attempt.latency.count();
        row["verdict"] = name(attempt.verdict);
        put(row, "reason", attempt.reason);
        put(row, "response_body", attempt.response_body);
        out["attempts"].push_back(std::move(row));
    }
    return out;
}

Json to_json(const Exchange& exchange, bool whole) {
    const bool is_call = exchange.kind == Exchange::Kind::api;
    Json out;
    out["id"] = name_of(exchange);
    out["kind"] = is_call ? "api" : "callback";
    out["at"] = format_rfc3339(exchange.at);
    out["method"] = exchange.request.method;
    out["url"] = mask_url(is_call ? shown_target(exchange.request) : exchange.url);
    put(out, "endpoint", exchange.endpoint);
    put(out, "mch_id", merchant_of(exchange));
    put(out, "out_trade_no", exchange.out_trade_no);
    if (exchange.response.status != 0) out["http_status"] = exchange.response.status;
    out["verdict"] = exchange.verdict;
    if (exchange.fault) {
        out["fault"] = {{"id", exchange.fault->id},
                        {"do", sandbox::to_json(exchange.fault->effect)}};
    }
    put(out, "error", exchange.error);
    put(out, "hint", exchange.hint);
    if (!exchange.notes.empty()) out["notes"] = exchange.notes;
    if (!is_call) out["latency_ms"] = exchange.latency.count();
    if (!whole) return out;

    put(out, "diagnosis", exchange.explanation);
    put(out, "remote_address", exchange.request.remote_address);
    out["request"] = {{"headers", headers_of(exchange.request.headers)},
                      {"body", exchange.request.body}};
    out["response"] = {{"headers", headers_of(exchange.response.headers)},
                       {"body", mask_body(exchange)}};
    put(out, "string_to_sign", diagnosis::signed_text(exchange.request));
    return out;
}

Json to_json(const VirtualClock& clock) {
    return {{"now", format_rfc3339(clock.now())}, {"mode", clock.mode().str()}};
}

std::string mask_url(std::string url) {
    for (const std::string_view marker : {"?secret=", "&secret="}) {
        const std::size_t at = url.find(marker);
        if (at == std::string::npos) continue;
        const std::size_t from = at + marker.size();
        url.replace(from, std::min(url.find('&', from), url.size()) - from, kMask);
    }
    return url;
}

std::vector<std::pair<std::string, std::string>> mask_headers(const http::Headers& headers) {
    constexpr std::array<std::string_view, 3> kSecret{"Authorization", "Cookie",
                                                      "Proxy-Authorization"};
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [name, value] : headers) {
        const bool is_secret =
            std::any_of(kSecret.begin(), kSecret.end(), [name = name](std::string_view each) {
                return http::equals_ignoring_case(each, name);
            });
        out.emplace_back(name, is_secret ? kMask : value);
    }
    return out;
}

std::string masked(std::string json, const Directory& directory) {
    return directory.without_secrets(std::move(json), kMask);
}

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wxpay::sandbox::control
