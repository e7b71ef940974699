#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"

#include "merchant/api/routes.hpp"
#include "merchant/journal.hpp"
#include "merchant/limits.hpp"
#include "merchant/settle_refund.hpp"
#include "merchant/shop/log_text.hpp"

namespace wxpay::merchant::api {
namespace {

/// What makes two requests one; empty for a client that says nothing.
Result<std::string, Problem> request_of(const nlohmann::json& body) {
    if (!body.contains("request_id")) return std::string();
    WXPAY_TRY(const std::string id, text_field(body, "request_id", kRequestIdBytesMax));
    return "id " + id;
}

/// The same for a client that says nothing. While a refund of that fee is not through, it repeats
/// itself: to pay the same fee back twice is the mistake that costs money. Afterwards it wants
/// another one.
std::string unnamed_request(const std::vector<Refund>& refunds, Fen fee) {
    const std::string first = fmt::format("fee {}", fee.count());
    std::string request = first;
    for (std::size_t n = 2;; ++n) {
        const auto made = std::find_if(refunds.begin(), refunds.end(), [&](const Refund& refund) {
            return refund.request == request;
        });
        const bool is_through = made != refunds.end() && (made->state == RefundState::succeeded ||
                                                          made->state == RefundState::closed);
        if (!is_through) return request;
        request = fmt::format("{}, number {}", first, n);
    }
}

Result<void, Problem> check_rest(const Order& order, const std::vector<Refund>& refunds, Fen fee) {
    std::int64_t rest = order.total.count();
    for (const Refund& refund : refunds)
        if (refund.holds_money()) rest -= refund.fee.count();
    if (fee.count() <= rest) return {};
    return Failure{
        Problem{409, "fee_too_large", fmt::format("{} fen can still be paid back", rest), "fee"}};
}

struct Noted {
    Order order;
    Refund refund;
};

/// Before WeChat is asked the refund is in the books, with its number: if we crash now, or the
/// answer is lost, the next try uses the same one and cannot pay back twice.
Result<Noted, Problem> note(const Call& call, const OpenId& openid, Fen fee, std::string request,
                            const Context& context) {
    const Instant now = context.clock.now();
    const auto books = context.store.begin();
    WXPAY_TRY(Order order, own_order(*books, call.id, openid));
    if (order.credits == 0) return Failure{Problem{409, "order_not_paid", "the order is not paid"}};
    const auto refunds = books->refunds_of(order.id);
    if (request.empty()) request = unnamed_request(refunds, fee);
    const auto known = std::find_if(refunds.begin(), refunds.end(), [&](const Refund& refund) {
        return refund.request == request;
    });
    if (known != refunds.end()) {
        if (known->fee != fee) {
            return Failure{Problem{409, "request_id_taken",
                                   "this request_id was used with another fee", "request_id"}};
        }
        if (known->state != RefundState::refused) return Noted{std::move(order), *known};
    }
    WXPAY_CHECK(check_rest(order, refunds, fee));

    Refund refund;
    if (known != refunds.end()) {
        refund = *known;
        refund.state = RefundState::asked;
        books->save_refund(refund);
    } else {
        if (refunds.size() >= kRefundsPerOrderMax)
            return Failure{Problem{409, "too_many_refunds", "an order has 50 refunds at most"}};
        refund.out_refund_no = "R" + format_compact_time(now) + context.random.digits(12);
        refund.order_id = order.id;
        refund.request = request;
        refund.fee = fee;
        refund.notify_url = context.settings.refund_notify_url;
        refund.asked_at = now;
        books->insert_refund(refund);
    }
    books->log(order.id, now, event::kRefundAsked,
               fmt::format("{} fen, out_refund_no {}", fee.count(), refund.out_refund_no));
    books->commit();
    return Noted{std::move(order), std::move(refund)};
}

Problem problem_of(bool is_final) {
    if (is_final) return {502, "refund_refused", "WeChat Pay refused; the order's log says why"};
    return {504, "wechat_unavailable",
            "whether WeChat Pay has made the refund is unknown; send the same request again"};
}

Problem wrong_answer() {
    return {502, "refund_refused",
            "WeChat Pay's answer is about something else; a person must look"};
}

Result<void, Problem> record_refusal(const Noted& noted, const Error& error,
                                     const Context& context) {
    const bool is_final = context.wechat.is_final_for_refund(error);
    const auto books = context.store.begin();
    Journal journal(*books, "refund", context.clock.now());
    // Another try of the same refund may have been luckier.
    auto refund = books->find_refund(noted.refund.out_refund_no).value();
    if (refund.state == RefundState::asked && is_final) {
        refund.state = RefundState::refused;
        books->save_refund(refund);
    }
    journal.add(noted.order.id, event::kRefundFailed,
                fmt::format("out_refund_no {}: {}", refund.out_refund_no, error.detail));
    books->commit();
    journal.publish(context.report);
    return Failure{problem_of(is_final)};
}

/// Asks WeChat for the refund. Any number of us may do so at once: the number is the same.
Result<void, Problem> ask(const Noted& noted, const Context& context) {
    const auto& [order, refund] = noted;
    const auto report = context.wechat.refund(order, refund);
    if (!report) return record_refusal(noted, report.error(), context);
    // An answer about another refund, however well signed, is no answer to our request.
    if (report->out_refund_no != refund.out_refund_no ||
        !settle_refund(*report, "refund", context).accepted)
        return Failure{wrong_answer()};
    return {};
}

}  // namespace

/// POST /api/orders/{id}/refund {"fee","request_id"}: pays back part of an order, or the rest. The
/// same request again is the same refund, and asks WeChat how it stands.
Outcome refund_order(const Call& call, const Context& context) {
    WXPAY_TRY(const OpenId openid, signed_in(call, context));
    WXPAY_TRY(const nlohmann::json body, read_object(call.request));
    WXPAY_TRY(const std::int64_t fee, count_field(body, "fee", kOrderTotalMax.count()));
    WXPAY_TRY(const std::string request, request_of(body));
    WXPAY_TRY(const Noted noted, note(call, openid, Fen{fee}, request, context));
    const std::string& number = noted.refund.out_refund_no;
    // No transaction is open while WeChat works: its callbacks must get through.
    if (noted.refund.state == RefundState::asked) {
        WXPAY_CHECK(ask(noted, context));
    } else if (noted.refund.state == RefundState::accepted) {
        // Without an answer it stands as it stood: the callback will come, or the next query.
        if (const auto asked = ask_about_refund(number, context); !asked) {
            context.report(Severity::warning, fmt::format("refundquery: out_refund_no {}: {}",
                                                          number, log_text(asked.error().detail)));
        }
    }
    const Refund refund = context.store.begin()->find_refund(number).value();
    return json_answer(200, {{"out_refund_no", refund.out_refund_no},
                             {"fee", refund.fee.count()},
                             {"state", name(refund.state)}});
}

}  // namespace wxpay::merchant::api
