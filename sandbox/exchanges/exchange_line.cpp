#include "sandbox/exchanges/exchange_line.hpp"

#include <chrono>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/directory.hpp"
#include "sandbox/exchanges/exchange_log.hpp"
#include "sandbox/log_fields.hpp"

namespace wxpay::sandbox {
namespace {

/// Without the query: it may hold a secret.
std::string target_of(const Exchange& exchange) {
    if (exchange.kind == Exchange::Kind::api) return exchange.request.path;
    return exchange.url.substr(0, exchange.url.find('?'));
}

double milliseconds_of(const Exchange& exchange) {
    const std::chrono::nanoseconds time =
        exchange.kind == Exchange::Kind::api ? exchange.took : exchange.latency;
    return std::chrono::duration<double, std::milli>(time).count();
}

constexpr std::string_view kMask = "***";

nlohmann::ordered_json fields_of(const Exchange& exchange, const Directory& directory) {
    nlohmann::ordered_json out{{"exchange", name_of(exchange)},
                               {"kind", exchange.kind == Exchange::Kind::api ? "api" : "callback"},
                               {"method", exchange.request.method},
                               {"target", directory.without_secrets(target_of(exchange), kMask)},
                               {"http_status", exchange.response.status},
                               {"verdict", exchange.verdict},
                               {"duration_ms", milliseconds_of(exchange)}};
    const std::string mch_id(merchant_of(exchange));
    const std::pair<const char*, const std::string*> texts[] = {
        {"mch_id", &mch_id},
        {"out_trade_no", &exchange.out_trade_no},
        {"error", &exchange.error},
        {"hint", &exchange.hint}};
    for (const auto& [name, text] : texts)
        if (!text->empty()) out[name] = directory.without_secrets(*text, kMask);
    if (exchange.fault) out["fault"] = exchange.fault->id;
    return out;
}

std::string line_of(const Exchange& exchange) {
    std::string out = fmt::format("{} {} {}: {}", name_of(exchange), exchange.request.method,
                                  target_of(exchange), exchange.verdict);
    if (exchange.response.status != 0 && exchange.response.status != 200)
        out += fmt::format(", HTTP {}", exchange.response.status);
    if (!exchange.out_trade_no.empty())
        out += fmt::format(", {}:{}", merchant_of(exchange), exchange.out_trade_no);
    if (!exchange.error.empty()) out += ", " + exchange.error;
    if (!exchange.hint.empty()) out += " (" + exchange.hint + ")";
    return out + fmt::format(", {:.2f} ms", milliseconds_of(exchange));
}

}  // namespace

std::string_view merchant_of(const Exchange& exchange) {
    return exchange.kind == Exchange::Kind::callback ? wire_id(exchange.mch_id) : exchange.mch_id;
}

void log_exchange(const Exchange& exchange, const Directory& directory) {
    const auto level = exchange.verdict == "ok" ? spdlog::level::debug : spdlog::level::info;
    if (!spdlog::should_log(level)) return;
    const nlohmann::ordered_json fields = fields_of(exchange, directory);
    const LogFields about(fields);
    spdlog::log(level, "{}", directory.without_secrets(line_of(exchange), kMask));
}

}  // namespace wxpay::sandbox
