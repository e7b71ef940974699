// What becomes of refunds: of those that an order will have, and of those that are on their way.
#include <utility>

#include <nlohmann/json.hpp>

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/ledger/refund.hpp"

namespace wxpay::sandbox::control {
namespace {

Result<RefundOutcome, Problem> outcome_from(const Call& call) {
    WXPAY_TRY(const nlohmann::json body, call.body({"outcome"}));
    const auto word = body.find("outcome");
    const auto outcome = word != body.end() && word->is_string()
                             ? parse_refund_outcome(word->get<std::string>())
                             : std::nullopt;
    if (!outcome)
        return Failure{bad_request("outcome is success, closed, abnormal or hold", "outcome")};
    return *outcome;
}

/// A refund_id, or mch_id:out_refund_no.
std::optional<Refund> find_refund(Transaction& transaction, const std::string& id) {
    const std::size_t colon = id.find(':');
    if (colon == std::string::npos) return transaction.find_refund_by_id(id);
    const auto mch_id = MchId::parse(id.substr(0, colon));
    if (!mch_id) return std::nullopt;
    const std::string number = id.substr(colon + 1);
    if (auto refund = transaction.find_refund(*mch_id, number)) return refund;
    const auto twin = MchId::parse(twin_id(mch_id->str()));
    return twin ? transaction.find_refund(*twin, number) : std::nullopt;
}

Problem no_such_refund(const std::string& id) {
    return not_found("no refund '" + id + "': a refund_id or mch_id:out_refund_no is wanted");
}

Result<http::Answer, Problem> show(const Call& call) {
    const auto refund = find_refund(*call.context.store.begin(), call.arguments[0]);
    if (!refund) return Failure{no_such_refund(call.arguments[0])};
    return json_response(dump(to_json(*refund)));
}

Result<http::Answer, Problem> end(const Call& call) {
    WXPAY_TRY(const RefundOutcome outcome, outcome_from(call));
    Work work(call.context);
    auto refund = find_refund(work.store(), call.arguments[0]);
    if (!refund) return Failure{no_such_refund(call.arguments[0])};
    if (refund->state != RefundState::processing && refund->state != RefundState::abnormal) {
        return Failure{conflict("REFUND_ENDED", "the refund has ended: it is " +
                                                    std::string(wire_name(refund->state)))};
    }
    work.store().erase_timers(TimerKind::settle_refund, refund->id);
    end_refund(work, *refund, outcome);
    refund = work.store().find_refund(refund->id);
    work.commit();
    return json_response(dump(to_json(*refund)));
}

Result<http::Answer, Problem> plan(const Call& call) {
    WXPAY_TRY(const RefundOutcome outcome, outcome_from(call));
    Work work(call.context);
    auto order = find_order(work.store(), call.arguments[0]);
    if (!order) return Failure{no_such_order(call.arguments[0])};
    order->refund_outcome = outcome;
    work.store().update_order(*order);
    auto out = to_json(*order, work.store());
    work.commit();
    return json_response(dump(out));
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/refunds/{id}",
     .handle = show,
     .summary = "A refund, by refund_id or mch_id:out_refund_no",
     .answer = "Refund"},
    {.method = "POST",
     .pattern = "/_sandbox/v1/refunds/{id}",
     .handle = end,
     .summary = "Ends a refund that was held",
     .answer = "Refund",
     .body = "RefundOutcome"},
    {.method = "POST",
     .pattern = "/_sandbox/v1/orders/{id}/refund-outcome",
     .handle = plan,
     .summary = "How the order's next refunds end",
     .answer = "Order",
     .body = "RefundOutcome"},
};

}  // namespace

std::span<const Route> refund_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
