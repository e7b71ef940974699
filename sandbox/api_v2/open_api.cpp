#include "sandbox/api_v2/open_api.hpp"

#include <exception>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "core/crypto/digest.hpp"

namespace wxpay::sandbox::api_v2 {
namespace {

using Json = nlohmann::ordered_json;

/// Three groups of hex digits; the first is the time.
std::string request_id(Context& context) {
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(context.clock.now()).time_since_epoch().count();
    return fmt::format("{:08x}-{}-{}", seconds & 0xffffffff, context.random.hex(8),
                       context.random.hex(8));
}

}  // namespace

Json refusal_body(const Problem& problem, Context& context, Exchange& exchange) {
    std::string words(problem.words);
    if (const std::size_t at = words.find("{}"); at != std::string::npos)
        words.replace(at, 2, request_id(context));
    exchange.verdict = "refused";
    exchange.error = fmt::format("{} {}", problem.errcode, words);
    exchange.hint = problem.hint;
    return Json{{"errcode", problem.errcode}, {"errmsg", words}};
}

http::Response answer_json(const http::Request& request, Context& context, Exchange& exchange,
                           Json (*body)(const http::Request& request, Context& context,
                                        Exchange& exchange)) {
    Json json;
    try {
        exchange.verdict = "ok";
        json = body(request, context, exchange);
    } catch (const std::exception& problem) {
        spdlog::error("{} (exchange {}): {}", request.path, exchange.id, problem.what());
        json = refusal_body(kBusy, context, exchange);
    }
    http::Response response;
    response.headers.add("Content-Type", "application/json; charset=utf-8");
    response.body = json.dump();
    return response;
}

bool is_secret_of(const WechatApp& app, std::string_view given) {
    return equal_in_constant_time(app.secret.reveal(), given);
}

}  // namespace wxpay::sandbox::api_v2
