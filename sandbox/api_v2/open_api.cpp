#include "sandbox/api_v2/open_api.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "core/crypto/digest.hpp"

#include "sandbox/faults/demand.hpp"

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

std::optional<Json> demanded_refusal(std::span<const Problem> own, Context& context,
                                     Exchange& exchange) {
    if (!exchange.fault || !exchange.fault->is(Effect::Kind::err_code)) return std::nullopt;
    const std::string wanted = exchange.fault->effect.err_code;
    const std::string hint = who_asked_for(*exchange.fault);
    // How API V2 spells the one that everybody asks for.
    if (wanted == "SYSTEMERROR")
        return refusal_body({kBusy.errcode, kBusy.words, hint}, context, exchange);
    int number = 0;
    const auto [end, problem] =
        std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    if (problem != std::errc{} || end != wanted.data() + wanted.size()) {
        const std::string_view words = is_demanded(*exchange.fault)
                                           ? kDemandNotUnderstood
                                           : "sandbox: the fault's err_code is not understood here";
        exchange.fault.reset();
        return refusal_body({kBusy.errcode, words, "the err_codes of this call are numbers"},
                            context, exchange);
    }
    const auto known = std::find_if(
        own.begin(), own.end(), [number](const Problem& each) { return each.errcode == number; });
    const std::string_view words = known == own.end() ? "sandbox: asked for" : known->words;
    return refusal_body({number, words, hint}, context, exchange);
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
