#include "sandbox/control/call.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "core/codec/json.hpp"
#include "core/codec/pieces.hpp"

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/base_url.hpp"
#include "sandbox/ledger/combination.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::control {
namespace {

Result<std::int64_t, Problem> number(const std::string& text, const char* field, std::int64_t from,
                                     std::int64_t to) {
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || value < from || value > to) {
        return Failure{
            bad_request(fmt::format("{} is a number from {} to {}", field, from, to), field)};
    }
    return value;
}

std::string joined(std::span<const std::string_view> names) {
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Problem bad_request(std::string message, std::string field) {
    return {400, "bad_request", std::move(message), std::move(field)};
}
Problem not_found(std::string message) { return {404, "not_found", std::move(message)}; }
Problem conflict(std::string code, std::string message) {
    return {409, std::move(code), std::move(message)};
}

Problem conflict(PayProblem problem) {
    return conflict(std::string(code_of(problem)), std::string(text_of(problem)));
}

std::optional<std::string> Call::query(std::string_view name) const {
    auto value = request.parameter(name);
    if (value && value->empty()) return std::nullopt;
    return value;
}

Result<std::size_t, Problem> Call::limit() const {
    const auto text = query("limit");
    if (!text) return kListDefault;
    WXPAY_TRY(const std::int64_t limit,
              number(*text, "limit", 1, static_cast<std::int64_t>(kListMax)));
    return static_cast<std::size_t>(limit);
}

Result<std::optional<std::int64_t>, Problem> Call::cursor() const {
    const auto text = query("cursor");
    if (!text) return std::optional<std::int64_t>{};
    WXPAY_TRY(const std::int64_t cursor, number(*text, "cursor", 1, INT64_MAX));
    return std::optional(cursor);
}

Result<std::pair<std::string, std::string>, Problem> Call::subject() const {
    const auto id = query("order");
    if (!id) return std::pair(std::string(wire_id(query("mch_id").value_or(""))), std::string());
    if (const std::size_t colon = id->find(':'); colon != std::string::npos) {
        return std::pair(std::string(wire_id(id->substr(0, colon))), id->substr(colon + 1));
    }
    const auto order = find_order(*context.store.begin(), *id);
    if (!order) return Failure{no_such_order(*id)};
    return std::pair(std::string(wire_id(order->mch_id.str())), order->out_trade_no.str());
}

std::string Call::base_url() const { return sandbox::base_url(request, context.settings); }

Result<void, Problem> check_query(const Route& route, const http::Request& request) {
    if (request.query.empty()) return {};
    const std::vector<std::string_view> known = pieces_of(route.query, ' ');
    for (const auto& [written, value] : http::query_parameters(request.query)) {
        const std::string name = http::percent_decode(written, true);
        if (std::find(known.begin(), known.end(), name) == known.end())
            return Failure{
                bad_request(fmt::format("unknown parameter; known: {}", joined(known)), name)};
        const std::string given = http::percent_decode(value, true);
        if (name == "mch_id" && !given.empty() && (!MchId::parse(given) || is_twin(given)))
            return Failure{bad_request("mch_id is 8 to 10 digits", "mch_id")};
    }
    return {};
}

Result<nlohmann::json, Problem> Call::object() const {
    if (request.body.empty()) return nlohmann::json::object();
    auto parsed = parse_json(request.body);
    if (!parsed && parsed.error().code == Errc::too_large)
        return Failure{bad_request(std::move(parsed.error().detail))};
    if (!parsed || !parsed->is_object())
        return Failure{bad_request("the body is not a JSON object")};
    return *std::move(parsed);
}

Result<nlohmann::json, Problem> Call::body(std::initializer_list<std::string_view> known) const {
    WXPAY_TRY(nlohmann::json json, object());
    for (const auto& [name, value] : json.items()) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return Failure{bad_request(
                fmt::format("unknown member; known: {}", joined({known.begin(), known.size()})),
                name)};
        }
    }
    return json;
}

Result<std::string, Problem> text_member(const nlohmann::json& body, const char* name,
                                         std::size_t bytes_max) {
    const auto found = body.find(name);
    if (found == body.end()) return std::string();
    if (!found->is_string() || found->get_ref<const std::string&>().size() > bytes_max) {
        return Failure{
            bad_request(fmt::format("{} is a text of at most {} bytes", name, bytes_max), name)};
    }
    return found->get<std::string>();
}

Result<std::string, Problem> openid_member(const nlohmann::json& body) {
    constexpr std::size_t kOpenidMax = 128;
    WXPAY_TRY(std::string openid, text_member(body, "openid", kOpenidMax));
    if (!openid.empty() && !OpenId::parse(openid))
        return Failure{
            bad_request("an openid begins with 'o'; then letters, digits, '_' and '-'", "openid")};
    return openid;
}

Problem no_such_order(const std::string& id) {
    return not_found(fmt::format(
        "no order '{}': a prepay_id, a transaction_id or mch_id:out_trade_no is wanted", id));
}

bool can_name_an_order(const std::string& id) {
    if (const std::size_t colon = id.find(':'); colon != std::string::npos)
        return MchId::parse(std::string_view(id).substr(0, colon)) &&
               OutTradeNo::parse(std::string_view(id).substr(colon + 1));
    return PrepayId::parse(id) || TransactionId::parse(id);
}

std::optional<Order> find_order(Transaction& transaction, const std::string& id) {
    if (const std::size_t colon = id.find(':'); colon != std::string::npos) {
        const auto mch_id = MchId::parse(std::string_view(id).substr(0, colon));
        const auto out_trade_no = OutTradeNo::parse(std::string_view(id).substr(colon + 1));
        if (!mch_id || !out_trade_no) return std::nullopt;
        const std::vector<Order> found = orders_named(transaction, *mch_id, *out_trade_no);
        if (!found.empty()) return found.front();
        const auto twin = MchId::parse(twin_id(mch_id->str()));
        return twin ? transaction.find_order(*twin, *out_trade_no) : std::nullopt;
    }
    if (const auto prepay_id = PrepayId::parse(id)) return transaction.find_order(*prepay_id);
    if (const auto transaction_id = TransactionId::parse(id))
        return transaction.find_order(*transaction_id);
    return std::nullopt;
}

Problem internal_error() {
    return {500, "internal_error", "the sandbox could not do this; see its log"};
}

void reply_with(const http::Reply& reply, const std::function<http::Response()>& make) {
    http::Response response;
    try {
        response = make();
    } catch (const std::exception& problem) {
        spdlog::error("control API: {}", problem.what());
        response = problem_response(internal_error());
    }
    reply(std::move(response));
}

http::Response json_response(std::string text, int status) {
    http::Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json; charset=utf-8");
    response.headers.add("Cache-Control", "no-store");
    response.body = std::move(text);
    return response;
}

http::Response problem_response(const Problem& problem) {
    nlohmann::ordered_json error{{"code", problem.code}, {"message", problem.message}};
    if (!problem.field.empty()) error["field"] = problem.field;
    if (!problem.hint.empty()) error["hint"] = problem.hint;
    const nlohmann::ordered_json body{{"error", std::move(error)}};
    return json_response(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                         problem.status);
}

}  // namespace wxpay::sandbox::control
