#include "sandbox/verdict/trace.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"
#include "core/codec/utf8.hpp"
#include "core/codec/xml.hpp"

#include "sandbox/notify/v3_callback.hpp"

namespace wxpay::sandbox::verdict {
namespace {

using Json = nlohmann::json;

/// What is kept of a text that somebody else wrote.
constexpr std::size_t kTextMax = 512;
constexpr std::size_t kNumberMax = 64;

std::string kept(std::string_view text, std::size_t bytes_max = kTextMax) {
    return std::string(utf8_prefix(text, bytes_max));
}

constexpr std::array<std::pair<std::string_view, Operation>, 12> kV2Calls{
    {{"/pay/unifiedorder", Operation::order},
     {"/pay/orderquery", Operation::query},
     {"/pay/closeorder", Operation::close},
     {"/pay/micropay", Operation::code_payment},
     {"/secapi/pay/reverse", Operation::reverse},
     {"/secapi/pay/refund", Operation::refund},
     {"/secapi/pay/refundv2", Operation::refund},
     {"/pay/refund", Operation::refund},
     {"/pay/refundquery", Operation::refund_query},
     {"/pay/refundqueryv2", Operation::refund_query},
     {"/pay/downloadbill", Operation::bill},
     {"/pay/downloadfundflow", Operation::bill}}};

/// Of a path below /v3/pay/…transactions/ or /v3/combine-transactions/.
Operation v3_order_operation(std::string_view method, std::string_view rest) {
    constexpr std::array<std::string_view, 4> kProducts{"jsapi", "app", "h5", "native"};
    if (rest == "codepay") return Operation::code_payment;
    if (method == "GET") return Operation::query;
    if (rest.ends_with("/close")) return Operation::close;
    if (rest.ends_with("/reverse")) return Operation::reverse;
    const bool is_order = std::find(kProducts.begin(), kProducts.end(), rest) != kProducts.end();
    return is_order ? Operation::order : Operation::other;
}

/// Of a path below /v3/profitsharing/.
Operation sharing_operation(std::string_view method, std::string_view rest) {
    if (rest == "orders") return Operation::share;
    if (rest == "orders/unfreeze") return Operation::unfreeze;
    if (rest == "return-orders") return Operation::share_return;
    return method == "GET" && rest.starts_with("orders/") ? Operation::share_query
                                                          : Operation::other;
}

constexpr std::string_view kCombined = "/v3/combine-transactions/";
constexpr std::string_view kSharing = "/v3/profitsharing/";

Operation v3_operation(std::string_view method, std::string_view path) {
    constexpr std::string_view kRefunds = "/v3/refund/domestic/refunds";
    for (const std::string_view start :
         {std::string_view("/v3/pay/transactions/"),
          std::string_view("/v3/pay/partner/transactions/"), kCombined}) {
        if (path.starts_with(start)) return v3_order_operation(method, path.substr(start.size()));
    }
    if (path == kRefunds) return Operation::refund;
    if (path.starts_with(kRefunds))
        return method == "GET" ? Operation::refund_query : Operation::other;
    if (path.starts_with(kSharing)) return sharing_operation(method, path.substr(kSharing.size()));
    return path.starts_with("/v3/bill/") ? Operation::bill : Operation::other;
}

/// Where Tencent's acceptance sandbox lies; each has the production paths below it.
constexpr std::array<std::string_view, 2> kAcceptance{"/sandboxnew", "/xdc/apiv2sandbox"};

std::optional<std::string_view> below_acceptance(std::string_view path) {
    for (const std::string_view prefix : kAcceptance) {
        if (path.starts_with(prefix)) return path.substr(prefix.size());
    }
    return std::nullopt;
}

/// Errors after which a call may or may not have been carried out, or is not finished.
bool is_open(std::string_view error) {
    constexpr std::array<std::string_view, 7> kCodes{
        "SYSTEMERROR", "SYSTEM_ERROR",      "BANKERROR",         "BANK_ERROR",
        "USERPAYING",  "BIZERR_NEED_RETRY", "BIZ_ERR_NEED_RETRY"};
    const std::string_view code = error.substr(0, error.find(' '));
    return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

bool is_wrongly_signed(const Exchange& exchange) {
    return exchange.fault && exchange.fault->is(Effect::Kind::corrupt_sign) &&
           exchange.verdict == "ok";
}

Outcome outcome_of_call(const Exchange& exchange) {
    constexpr int kServerErrors = 500;
    const http::Response& response = exchange.response;
    const bool has_answer = response.status > 0 && response.status < kServerErrors &&
                            !response.cut && !response.cut_at && exchange.verdict != "failed";
    if (!has_answer || is_wrongly_signed(exchange)) return Outcome::unknown;
    if (exchange.verdict == "ok") return Outcome::ok;
    return is_open(exchange.error) ? Outcome::unknown : Outcome::refused;
}

bool has_fraction(std::string_view text) {
    return text.find('.') != std::string_view::npos &&
           text.find_first_not_of("0123456789.-") == std::string_view::npos;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

void read_v2_fields(std::string_view body, Details& details) {
    const auto message = XmlMessage::parse(body);
    if (!message) return;
    details.out_refund_no = kept(message->get("out_refund_no"), kNumberMax);
    details.transaction_id = kept(message->get("transaction_id"), kNumberMax);
    details.fee = kept(message->get("refund_fee"), kNumberMax);
    details.total = whole_number(message->get("total_fee"));
    for (const std::string_view name : {"total_fee", "refund_fee", "amount", "total_amount"}) {
        const std::string_view value = message->get(name);
        if (details.fraction.empty() && has_fraction(value)) {
            details.fraction = fmt::format("{}={}", name, kept(value, kNumberMax));
        }
    }
}

bool is_amount(std::string_view name) {
    constexpr std::array<std::string_view, 6> kAmounts{
        "total", "refund", "total_amount", "transfer_amount", "payer_total", "amount"};
    return std::find(kAmounts.begin(), kAmounts.end(), name) != kAmounts.end();
}

/// The first amount that is no whole number, wherever it stands. (parse_json() bounds the depth.)
std::string fraction_in(const Json& json) {  // NOLINT(misc-no-recursion)
    if (!json.is_structured()) return {};
    for (const auto& [name, value] : json.items()) {
        const bool is_text = value.is_string() && has_fraction(value.get_ref<const std::string&>());
        if (json.is_object() && is_amount(name) && (value.is_number_float() || is_text))
            return fmt::format("{}={}", name, kept(dump_json(value), kNumberMax));
        if (std::string inside = fraction_in(value); !inside.empty()) return inside;
    }
    return {};
}

std::string text_in(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string()
               ? kept(found->get_ref<const std::string&>(), kNumberMax)
               : std::string();
}

/// The last part of "/v3/refund/domestic/refunds/{out_refund_no}" and the like.
std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

void read_v3_fields(const http::Request& request, Details& details) {
    if (request.path.find("/transactions/id/") != std::string::npos)
        details.transaction_id = kept(last_part(request.path), kNumberMax);
    const auto json = parse_json(request.body);
    if (!json || !json->is_object()) return;
    details.out_refund_no = text_in(*json, "out_refund_no");
    details.transaction_id = text_in(*json, "transaction_id");
    details.fraction = fraction_in(*json);
    const auto amount = json->find("amount");
    if (amount == json->end() || !amount->is_object()) return;
    if (const auto total = amount->find("total");
        total != amount->end() && total->is_number_integer())
        details.total = total->get<std::int64_t>();
    if (const auto fee = amount->find("refund"); fee != amount->end())
        details.fee = dump_json(*fee);
}

/// The value of an element that our own V2 answers hold as text; empty when there is none.
std::string element_of(std::string_view body, std::string_view name) {
    const std::string open = fmt::format("<{}><![CDATA[", name);
    const std::size_t at = body.find(open);
    if (at == std::string_view::npos) return {};
    const std::size_t from = at + open.size();
    return kept(body.substr(from, body.find(']', from) - from), kNumberMax);
}

/// How the order stands that a query asked for. Of a combined order's parts the first one counts:
/// they change together.
Told told_by(const Exchange& exchange, bool is_v3) {
    constexpr std::string_view kName = R"("trade_state":")";
    constexpr std::array<std::pair<std::string_view, Told>, 8> kStates{{{"NOTPAY", Told::open},
                                                                        {"USERPAYING", Told::open},
                                                                        {"ACCEPT", Told::open},
                                                                        {"SUCCESS", Told::paid},
                                                                        {"REFUND", Told::paid},
                                                                        {"PAYERROR", Told::failed},
                                                                        {"CLOSED", Told::ended},
                                                                        {"REVOKED", Told::ended}}};
    const std::string_view body = exchange.response.body;
    std::string state;
    if (!is_v3) {
        state = element_of(body, "trade_state");
    } else if (const std::size_t at = body.find(kName); at != std::string_view::npos) {
        const std::string_view rest = body.substr(at + kName.size());
        state = rest.substr(0, rest.find('"'));
    }
    const auto* const found = std::find_if(kStates.begin(), kStates.end(),
                                           [&](const auto& each) { return each.first == state; });
    return found == kStates.end() ? Told::nothing : found->second;
}

/// What a request for profit sharing asks for.
void read_sharing(std::string_view body, Details& details) {
    const auto json = parse_json(body);
    if (!json || !json->is_object()) return;
    const auto flag = json->find("unfreeze_unsplit");
    details.sets_rest_free = flag != json->end() && *flag == true;
    const auto receivers = json->find("receivers");
    details.can_be_returned =
        receivers != json->end() &&
        std::any_of(receivers->begin(), receivers->end(),
                    [](const Json& each) { return text_in(each, "type") == "MERCHANT_ID"; });
}

/// The out_order_no of a request for profit sharing, or of a question after one.
std::uint64_t sharing_mark(Operation operation, const http::Request& request) {
    if (operation == Operation::share_query) return mark_of(last_part(request.path));
    const auto json = parse_json(request.body);
    return json && json->is_object() ? mark_of(text_in(*json, "out_order_no")) : 0;
}

void read_fault(const Exchange& exchange, Details& details) {
    if (!exchange.fault) return;
    details.was_struck = true;
    details.effect = exchange.fault->effect.kind;
    const auto& changes = exchange.fault->effect.changes;
    details.changes_amount =
        std::any_of(changes.begin(), changes.end(), [](const Effect::Change& each) {
            return each.name == "total_fee" || each.name == "cash_fee" ||
                   each.name.starts_with("amount.") || each.name == "amount";
        });
}

/// Answers that took longer are looked at more closely.
constexpr std::chrono::seconds kQuick{1};

Reading read_callback(const Exchange& exchange) {
    Reading out{exchange.mch_id, exchange.out_trade_no, {}};
    Step& step = out.step;
    const std::string_view body = exchange.request.body;
    const Verdict verdict = parse_verdict(exchange.verdict).value_or(Verdict::unreachable);
    const bool probe = is_probe(exchange.request);
    step.operation = Operation::callback;
    step.is_v3 = body.starts_with("{");
    step.is_about_refund =
        body.find(step.is_v3 ? R"("event_type":"REFUND)" : "<req_info>") != std::string_view::npos;
    step.outcome = verdict == Verdict::ok ? Outcome::ok
                   : verdict == Verdict::refused || verdict == Verdict::bad_answer
                       ? Outcome::refused
                       : Outcome::unknown;
    step.mark = mark_of(body);
    step.latency = std::chrono::duration_cast<decltype(step.latency)>(exchange.latency);
    if (step.outcome == Outcome::ok && !exchange.fault && !probe && exchange.latency < kQuick)
        return out;
    Details details;
    details.call = kept(exchange.url);
    details.error = kept(exchange.error);
    details.hint = kept(exchange.hint);
    details.verdict = verdict;
    details.status = exchange.response.status;
    details.is_probe = probe;
    read_fault(exchange, details);
    step.details = std::make_shared<const Details>(std::move(details));
    return out;
}

/// Of whom a V2 call that names no order's number is: its answer knows, or the other number.
std::string other_number(const Exchange& exchange) {
    if (std::string answered = element_of(exchange.response.body, "out_trade_no");
        !answered.empty())
        return answered;
    const auto message = XmlMessage::parse(exchange.request.body);
    return message ? kept(message->get("transaction_id"), kNumberMax) : std::string();
}

bool belongs_to_an_order(Operation operation) {
    return operation != Operation::bill && operation != Operation::other;
}

Reading read_call(const Exchange& exchange) {
    const http::Request& request = exchange.request;
    Reading out{kept(exchange.mch_id, kNumberMax), kept(exchange.out_trade_no, kNumberMax), {}};
    Step& step = out.step;
    step.operation = operation_of(request.method, request.path);
    step.is_v3 = request.path.starts_with("/v3/");
    step.is_combined = request.path.starts_with(kCombined);
    step.outcome = outcome_of_call(exchange);
    const bool is_share = step.operation == Operation::share;
    if (step.outcome != Outcome::ok || exchange.fault || is_share) {
        Details details;
        details.call = kept(request.method + " " + request.path);
        details.error = kept(exchange.error);
        details.hint = kept(exchange.hint);
        details.is_known_path = !exchange.endpoint.empty();
        details.is_answer_wrongly_signed = is_wrongly_signed(exchange);
        read_fault(exchange, details);
        if (step.is_v3) {
            read_v3_fields(request, details);
            if (is_share) read_sharing(request.body, details);
        } else {
            read_v2_fields(request.body, details);
        }
        if (out.out_trade_no.empty()) out.out_trade_no = details.transaction_id;
        step.details = std::make_shared<const Details>(std::move(details));
    }
    if (step.operation == Operation::query && step.outcome == Outcome::ok)
        step.told = told_by(exchange, step.is_v3);
    if (is_share || step.operation == Operation::share_query)
        step.mark = sharing_mark(step.operation, request);
    if (out.out_trade_no.empty() && !step.is_v3 && belongs_to_an_order(step.operation))
        out.out_trade_no = other_number(exchange);
    // The acceptance sandbox has orders of its own, under the merchant's twin.
    if (!step.is_v3 && !out.mch_id.empty() && below_acceptance(request.path))
        out.mch_id.insert(0, 1, 's');
    return out;
}

}  // namespace

Operation operation_of(std::string_view method, std::string_view path) {
    if (path.starts_with("/v3/")) return v3_operation(method, path);
    const std::string_view plain = below_acceptance(path).value_or(path);
    const auto* const found =
        std::find_if(kV2Calls.begin(), kV2Calls.end(),
                     [plain](const auto& each) { return each.first == plain; });
    return found == kV2Calls.end() ? Operation::other : found->second;
}

std::string Step::name() const {
    if (operation == Operation::invoke) return {};
    return (operation == Operation::callback ? "c" : "") + std::to_string(exchange);
}

bool Step::is_refusal() const {
    return operation != Operation::callback && operation != Operation::invoke &&
           outcome == Outcome::refused && details->effect != Effect::Kind::err_code;
}

bool Step::is_genuine() const {
    if (operation != Operation::callback) return false;
    if (!details) return true;
    constexpr std::array kNotReal{Effect::Kind::lose,        Effect::Kind::tamper,
                                  Effect::Kind::forge,       Effect::Kind::corrupt_sign,
                                  Effect::Kind::drop_before, Effect::Kind::drop_after,
                                  Effect::Kind::truncate,    Effect::Kind::http_status};
    return !details->is_probe &&
           std::find(kNotReal.begin(), kNotReal.end(), details->effect) == kNotReal.end();
}

bool Trace::is_plain() const {
    return std::all_of(steps.begin(), steps.end(),
                       [](const Step& step) { return step.details == nullptr; });
}

Reading read(const Exchange& exchange) {
    Reading out =
        exchange.kind == Exchange::Kind::callback ? read_callback(exchange) : read_call(exchange);
    out.step.exchange = exchange.id;
    out.step.at = exchange.at;
    return out;
}

Reading read(const Invocation& invocation) {
    Reading out{invocation.mch_id, invocation.out_trade_no, {}};
    out.step.operation = Operation::invoke;
    out.step.outcome = Outcome::refused;
    out.step.at = invocation.at;
    Details details;
    details.call = "wx.requestPayment";
    details.error = kept(invocation.error);
    details.hint = kept(invocation.hint);
    details.slip = invocation.slip;
    out.step.details = std::make_shared<const Details>(std::move(details));
    return out;
}

std::shared_ptr<const Details> refund_details(const Exchange& exchange) {
    const http::Request& request = exchange.request;
    auto out = std::make_shared<Details>();
    out->call = kept(request.method + " " + request.path);
    if (request.path.starts_with("/v3/") && request.method == "GET") {
        out->out_refund_no = kept(last_part(request.path), kNumberMax);
    } else if (request.path.starts_with("/v3/")) {
        read_v3_fields(request, *out);
    } else {
        read_v2_fields(request.body, *out);
    }
    return out;
}

std::uint64_t mark_of(std::string_view text) {
    return std::max<std::uint64_t>(std::hash<std::string_view>()(text), 1);
}

}  // namespace wxpay::sandbox::verdict
