// The orders, and what the user does with them: list, look, pay, wait.
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "core/base/duration.hpp"

#include "sandbox/control/both_ledgers.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/ledger/combination.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/waiters.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

Result<v2::Coupon, Problem> coupon_from(const nlohmann::json& json) {
    const auto wrong = Failure{
        bad_request(R"(a coupon is {"id":"…","type":"CASH"|"NO_CASH","fee":fen})", "coupons")};
    if (!json.is_object()) return wrong;
    const auto id = json.find("id");
    const auto type = json.find("type");
    const auto fee = json.find("fee");
    constexpr std::size_t kIdMax = 20;
    if (id == json.end() || !id->is_string() || id->get_ref<const std::string&>().empty() ||
        id->get_ref<const std::string&>().size() > kIdMax) {
        return wrong;
    }
    if (type == json.end() || (*type != "CASH" && *type != "NO_CASH")) return wrong;
    if (fee == json.end() || !fee->is_number_integer()) return wrong;
    const auto amount = parse_total_fee(fee->dump());
    if (!amount) return wrong;
    return v2::Coupon{id->get<std::string>(), type->get<std::string>(), *amount};
}

Result<std::vector<v2::Coupon>, Problem> coupons_from(const nlohmann::json& body, Fen total) {
    std::vector<v2::Coupon> out;
    const auto coupons = body.find("coupons");
    if (coupons == body.end()) return out;
    if (!coupons->is_array() || coupons->size() > kCouponsMax) {
        return Failure{
            bad_request(fmt::format("coupons is a list of at most {}", kCouponsMax), "coupons")};
    }
    std::int64_t sum = 0;
    for (const nlohmann::json& each : *coupons) {
        WXPAY_TRY(out.emplace_back(), coupon_from(each));
        sum += out.back().fee.count();
    }
    if (sum > total.count())
        return Failure{bad_request("the coupons are worth more than the order", "coupons")};
    return out;
}

Result<PayRequest, Problem> pay_request_from(const Call& call, Fen total) {
    WXPAY_TRY(const nlohmann::json body, call.body({"outcome", "openid", "bank_type", "coupons"}));
    PayRequest request;
    WXPAY_TRY(const std::string word, text_member(body, "outcome", kWordMax));
    const auto outcome = parse_pay_outcome(word.empty() ? "success" : word);
    if (!outcome) {
        return Failure{bad_request("outcome is success, cancel, notenough, payerror or userpaying",
                                   "outcome")};
    }
    request.outcome = *outcome;
    WXPAY_TRY(request.openid, openid_member(body));
    WXPAY_TRY(request.bank_type, text_member(body, "bank_type", kWordMax));
    WXPAY_TRY(request.coupons, coupons_from(body, total));
    return request;
}

Result<http::Answer, Problem> list(const Call& call) {
    OrderFilter filter;
    filter.mch_id = call.query("mch_id").value_or("");
    filter.out_trade_no = call.query("out_trade_no").value_or("");
    if (const auto word = call.query("state")) {
        filter.state = parse_trade_state(*word);
        if (!filter.state) {
            return Failure{bad_request(
                "state is NOTPAY, USERPAYING, PAYERROR, SUCCESS, REFUND, CLOSED or REVOKED",
                "state")};
        }
    }
    WXPAY_TRY(const std::size_t limit, call.limit());
    WXPAY_TRY(filter.before_id, call.cursor());
    filter.limit = limit + 1;  // one more tells whether there is a next page
    const auto transaction = call.context.store.begin();
    std::vector<Order> orders = from_both_ledgers(
        filter, [&](const OrderFilter& each) { return transaction->orders(each); });
    Json out{{"orders", Json::array()}};
    const bool more = orders.size() > limit;
    if (more) orders.pop_back();
    for (const Order& order : orders) out["orders"].push_back(to_json(order, *transaction));
    if (more) out["next_cursor"] = std::to_string(orders.back().id);
    return json_response(dump(out));
}

Result<http::Answer, Problem> show(const Call& call) {
    const auto transaction = call.context.store.begin();
    const auto order = find_order(*transaction, call.arguments[0]);
    if (!order) return Failure{no_such_order(call.arguments[0])};
    return json_response(dump(to_json(*order, *transaction)));
}

Result<http::Answer, Problem> pay(const Call& call) {
    Work work(call.context);
    const auto order = find_order(work.store(), call.arguments[0]);
    if (!order) return Failure{no_such_order(call.arguments[0])};
    WXPAY_TRY(const PayRequest request, pay_request_from(call, order->total));
    const auto result = user_pays(work, *order, request);
    if (!result) return Failure{conflict(result.error())};
    Json out = to_json(result->order, work.store());
    work.commit();
    out["payment"] = {{"outcome", wire_name(result->outcome)}, {"message", result->message}};
    return json_response(dump(out));
}

enum class Until { paid, notified, refunded, closed };

/// The newest callback of the order, or of the combined order that it is part of.
NotificationFilter callbacks_of(const Order& order, Transaction& transaction) {
    NotificationFilter filter;
    const auto combination = combination_of(transaction, order);
    filter.mch_id = combination ? combination->mch_id.str() : order.mch_id.str();
    filter.out_trade_no = combination ? combination->number.str() : order.out_trade_no.str();
    filter.limit = 1;
    return filter;
}

bool holds(Until until, const Order& order, Transaction& transaction) {
    switch (until) {
        case Until::paid:
            return order.is_paid();
        case Until::refunded:
            for (const Refund& refund : transaction.refunds_of(order.id))
                if (refund.state == RefundState::success) return true;
            return false;
        case Until::closed:
            return order.state == TradeState::closed || order.state == TradeState::revoked;
        case Until::notified: {
            NotificationFilter filter = callbacks_of(order, transaction);
            filter.state = NotificationState::delivered;
            return !transaction.notifications(filter).empty();
        }
    }
    return false;
}

/// What kept a wait from its end.
std::string why_not(Until until, const std::optional<Order>& order, Transaction& transaction) {
    if (!order) return "no such order so far";
    std::string out = fmt::format("state is {}", wxpay::wire_name(order->state));
    if (until == Until::refunded) {
        out += fmt::format(", refunded {} of {}", order->refunded.count(), order->total.count());
        for (const Refund& refund : transaction.refunds_of(order->id))
            if (refund.state != RefundState::success)
                out += fmt::format(", {} is {}", refund.out_refund_no, wire_name(refund.state));
    } else if (until == Until::notified) {
        NotificationFilter filter = callbacks_of(*order, transaction);
        const auto newest = transaction.notifications(filter);
        if (newest.empty()) return out + ", no callback so far";
        const auto& attempts = newest.front().attempts;
        out += attempts.empty() ? ", the callback has not been tried"
                                : fmt::format("; last callback {}", name(attempts.back().verdict));
        if (!attempts.empty() && !attempts.back().reason.empty())
            out += fmt::format(": {}", attempts.back().reason);
    }
    return out;
}

/// The answer to who waited in vain.
http::Response timed_out(Context& context, const std::string& id, Until until,
                         const std::string& word) {
    try {
        const auto transaction = context.store.begin();
        const auto order = find_order(*transaction, id);
        Json error{{"code", "timeout"},
                   {"message", fmt::format("'{}' was not {} in time: {}", id, word,
                                           why_not(until, order, *transaction))}};
        if (order) error["state"] = wxpay::wire_name(order->state);
        return json_response(dump({{"error", std::move(error)}}), 408);
    } catch (const std::runtime_error& problem) {
        spdlog::error("wait: {}", problem.what());
        return problem_response(internal_error());
    }
}

Result<http::Answer, Problem> wait(const Call& call) {
    const auto id = call.query("order");
    if (!id)
        return Failure{bad_request(
            "which order? order={prepay_id | transaction_id | mch_id:out_trade_no}", "order")};
    if (!can_name_an_order(*id)) {
        return Failure{
            bad_request(fmt::format("'{}' can never be an order: a prepay_id, a transaction_id or "
                                    "mch_id:out_trade_no is wanted",
                                    *id),
                        "order")};
    }
    const std::string word = call.query("until").value_or("paid");
    const std::optional<Until> until = word == "paid"       ? std::optional(Until::paid)
                                       : word == "notified" ? std::optional(Until::notified)
                                       : word == "refunded" ? std::optional(Until::refunded)
                                       : word == "closed"   ? std::optional(Until::closed)
                                                            : std::nullopt;
    if (!until) return Failure{bad_request("until is paid, notified, refunded or closed", "until")};
    const auto timeout = parse_duration(call.query("timeout").value_or("10s"));
    if (!timeout || *timeout > kWaitMax) {
        return Failure{bad_request(
            fmt::format("timeout is a duration of at most 10m, such as 10s: {}", kDurationForm),
            "timeout")};
    }

    Context& context = call.context;
    Waiters::Waiter waiter;
    if (const auto order = find_order(*context.store.begin(), *id)) waiter.order_id = order->id;
    waiter.check = [&context, id = *id, until = *until]() -> std::optional<http::Response> {
        try {
            const auto transaction = context.store.begin();
            const auto order = find_order(*transaction, id);
            if (!order || !holds(until, *order, *transaction)) return std::nullopt;
            return json_response(dump(to_json(*order, *transaction)));
        } catch (const std::runtime_error& problem) {
            spdlog::error("wait: {}", problem.what());
            return problem_response(internal_error());
        }
    };
    waiter.timeout = *timeout;
    waiter.give_up = [&context, id = *id, until = *until, word,
                      deadline = context.stopwatch.elapsed() + *timeout] {
        if (context.stopwatch.elapsed() >= deadline) return timed_out(context, id, until, word);
        return problem_response({503, "stopping", "the server stopped while this call waited"});
    };
    return http::Answer(
        http::Later([&context, waiter = std::move(waiter)](const http::Reply& reply) mutable {
            waiter.reply = reply;
            if (!context.waiters.add(std::move(waiter))) {
                reply(problem_response({503, "too_many_waiters",
                                        fmt::format("more than {} calls wait", kWaitersMax)}));
            }
        }));
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/orders",
     .handle = list,
     .summary = "Orders, newest first",
     .answer = "OrderList",
     .query = "mch_id out_trade_no state limit cursor"},
    {.method = "GET",
     .pattern = "/_sandbox/v1/orders/{id}",
     .handle = show,
     .summary = "One of them, by prepay_id, transaction_id or mch_id:out_trade_no",
     .answer = "Order"},
    {.method = "POST",
     .pattern = "/_sandbox/v1/orders/{id}/pay",
     .handle = pay,
     .summary = "The user pays, or does not",
     .answer = "Order",
     .body = "PayRequest"},
    {.method = "GET",
     .pattern = "/_sandbox/v1/wait",
     .handle = wait,
     .summary = "Answers when the order is as wanted; 408 when that takes too long",
     .answer = "Order",
     .query = "order until timeout"},
};

}  // namespace

std::span<const Route> order_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
