#include "sandbox/ledger/refund.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/assert.hpp"
#include "core/codec/json.hpp"
#include "core/v2/refund_notification.hpp"

#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/identifiers.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/notify/notification.hpp"
#include "sandbox/notify/v3_callback.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::array<std::pair<RefundState, std::string_view>, 4> kStates{
    {{RefundState::processing, "PROCESSING"},
     {RefundState::success, "SUCCESS"},
     {RefundState::closed, "CLOSED"},
     {RefundState::abnormal, "ABNORMAL"}}};

RefundState state_after(RefundOutcome outcome) {
    switch (outcome) {
        case RefundOutcome::success:
            return RefundState::success;
        case RefundOutcome::closed:
            return RefundState::closed;
        case RefundOutcome::abnormal:
            return RefundState::abnormal;
        case RefundOutcome::hold:
            break;
    }
    return RefundState::processing;
}

/// What earlier refunds have left of an order.
struct Left {
    Fen fee;
    Fen cash;
    std::vector<v2::Coupon> coupons;
    int refunds = 0;  ///< accepted so far
};

Left left_of(const Order& order, const std::vector<Refund>& refunds) {
    Left left{order.total, order.cash(), order.coupons, static_cast<int>(refunds.size())};
    for (const Refund& refund : refunds) {
        if (!refund.holds_money()) continue;
        left.fee = Fen{left.fee.count() - refund.fee.count()};
        left.cash = Fen{left.cash.count() - refund.cash.count()};
        for (std::size_t i = 0; i < refund.coupons.size(); ++i) {
            left.coupons[i].fee = Fen{left.coupons[i].fee.count() - refund.coupons[i].fee.count()};
        }
    }
    return left;
}

/// The cash part is in proportion, rounded down; the rest comes from the coupons, in proportion as
/// well; the last refund takes what is left. (v2.md 6.4: our choice.)
void split(Refund& refund, const Order& order, const Left& left) {
    const std::int64_t coupons_left = left.fee.count() - left.cash.count();
    const std::int64_t in_proportion =
        refund.fee.count() - refund.fee.count() * order.cash().count() / order.total.count();
    const std::int64_t from_coupons =
        refund.fee == left.fee ? coupons_left : std::min(in_proportion, coupons_left);
    refund.cash = Fen{refund.fee.count() - from_coupons};
    if (refund.cash > left.cash) refund.cash = left.cash;

    std::int64_t open = refund.fee.count() - refund.cash.count();
    const std::int64_t share_of = open;
    refund.coupons = left.coupons;
    for (v2::Coupon& coupon : refund.coupons) {  // each its share …
        const std::int64_t share =
            coupons_left == 0 ? 0 : share_of * coupon.fee.count() / coupons_left;
        coupon.fee = Fen{share};
        open -= share;
    }
    for (std::size_t i = 0; i < refund.coupons.size() && open > 0; ++i) {  // … and the crumbs
        const std::int64_t more =
            std::min(open, left.coupons[i].fee.count() - refund.coupons[i].fee.count());
        refund.coupons[i].fee = Fen{refund.coupons[i].fee.count() + more};
        open -= more;
    }
    WXPAY_ASSERT(open == 0);
}

bool is_same(const Refund& stored, const Order& order, const RefundRequest& request) {
    return stored.order_id == order.id && stored.fee == request.fee &&
           stored.total == request.total;
}

void add_callback(Work& work, const Order& order, const Refund& refund) {
    const Context& context = work.context();
    const Merchant* const merchant = context.directory.find_merchant(order.mch_id.str());
    if (merchant == nullptr || refund.notify_url.empty()) return;
    if (refund.api == ApiVersion::v3) {
        Notification notification;
        notification.kind = NotificationKind::refund;
        notification.mch_id = order.mch_id;
        notification.out_trade_no = order.out_trade_no;
        notification.url = refund.notify_url;
        notification.platform_serial = refund.platform_serial;
        add_v3_callback(work, std::move(notification), refund_event(refund.state),
                        dump_json(v3_refund_result(refund, order)), *merchant);
        return;
    }
    v2::RefundNotification message;
    message.appid = order.appid.str();
    message.mch_id = merchant->wire_id();
    message.sub_appid = order.sub_appid;
    message.sub_mch_id = order.sub_mch_id;
    message.nonce_str = work.context().random.hex(32);
    message.transaction_id = order.transaction_id.str();
    message.out_trade_no = order.out_trade_no.str();
    message.refund_id = refund.refund_id;
    message.out_refund_no = refund.out_refund_no;
    message.total_fee = order.total;
    message.refund_fee = refund.fee;
    message.settlement_total_fee = order.settlement_total().value_or(order.total);
    message.settlement_refund_fee = refund.settlement_fee();
    message.refund_status = v2_name(refund.state);
    message.success_time = refund.succeeded_at;
    message.refund_recv_accout = recipient(order);
    message.refund_account = refund.account;
    message.refund_request_source = "API";

    Notification notification;
    notification.kind = NotificationKind::refund;
    notification.mch_id = order.mch_id;
    notification.out_trade_no = order.out_trade_no;
    notification.url = refund.notify_url;
    notification.body = v2::render_refund_notification(message, merchant->api_key);
    notification.next_at = context.clock.now();
    work.store().insert_notification(notification);
    work.schedule(*notification.next_at, TimerKind::deliver, notification.id);
    work.changed(notification);
}

/// Nothing when the merchant's account holds less than what goes back.
std::optional<Refund> accept(Work& work, const Order& order, Refund refund, const Left& left) {
    const Instant now = work.context().clock.now();
    refund.order_id = order.id;
    refund.mch_id = order.mch_id;
    refund.refund_id = next_refund_id(work.context().random, now);
    refund.total = order.total;
    refund.created_at = now;
    split(refund, order, left);
    const Merchant* const merchant = work.context().directory.find_merchant(order.mch_id.str());
    if (merchant == nullptr || balance(work, *merchant) < refund.settlement_fee())
        return std::nullopt;  // a merchant that a later start does not know has no account
    if (refund.notify_url.empty() && !refund.is_reversal())
        refund.notify_url = merchant->refund_notify_url;
    work.store().insert_refund(refund);
    book(work, *merchant, FundKind::refund, Fen{-refund.settlement_fee().count()}, refund.refund_id,
         refund.is_reversal() ? order.out_trade_no.str() : refund.out_refund_no, refund.reason);
    return refund;
}

}  // namespace

std::string_view wire_name(RefundState state) {
    for (const auto& [each, word] : kStates) {
        if (each == state) return word;
    }
    return {};
}

std::optional<RefundState> parse_refund_state(std::string_view word) {
    for (const auto& [state, each] : kStates) {
        if (each == word) return state;
    }
    return std::nullopt;
}

std::string_view v2_name(RefundState state) {
    switch (state) {
        case RefundState::closed:
            return "REFUNDCLOSE";
        case RefundState::abnormal:
            return "CHANGE";
        case RefundState::processing:
        case RefundState::success:
            break;
    }
    return wire_name(state);
}

std::vector<v2::Coupon> Refund::coupons_returned() const {
    std::vector<v2::Coupon> out = coupons;
    std::erase_if(out, [](const v2::Coupon& coupon) { return coupon.fee == Fen{}; });
    return out;
}

Fen Refund::settlement_fee() const {
    std::int64_t settled = fee.count();
    for (const v2::Coupon& coupon : coupons) {
        if (coupon.type == "NO_CASH") settled -= coupon.fee.count();
    }
    return Fen{settled};
}

std::string recipient(const Order& order) {
    // "ICBC_DEBIT" and its kin are cards; whatever else pays from the balance.
    if (order.bank_type.ends_with("_DEBIT")) return "银行卡借记卡0000";
    if (order.bank_type.ends_with("_CREDIT")) return "银行卡信用卡0000";
    return "支付用户零钱";
}

Result<Refund, RefundProblem> request_refund(Work& work, const Order& order,
                                             const RefundRequest& request) {
    switch (order.state) {
        case TradeState::success:
        case TradeState::refund:
            break;
        case TradeState::closed:
        case TradeState::revoked:
            return Failure{RefundProblem::closed};
        case TradeState::not_paid:
        case TradeState::user_paying:
        case TradeState::pay_error:
            return Failure{RefundProblem::not_paid};
    }
    if (auto stored = work.store().find_refund(order.mch_id, request.out_refund_no)) {
        if (!is_same(*stored, order, request)) return Failure{RefundProblem::differs};
        return std::move(*stored);
    }
    if (request.total != order.total) return Failure{RefundProblem::differs};
    const Instant now = work.context().clock.now();
    if (now > *order.paid_at + kRefundWindow) return Failure{RefundProblem::overdue};
    const Left left = left_of(order, work.store().refunds_of(order.id));
    if (left.fee == Fen{}) return Failure{RefundProblem::nothing_left};
    if (left.refunds >= kRefundsMax) return Failure{RefundProblem::too_many};
    if (request.fee > left.fee) return Failure{RefundProblem::more_than_left};

    Refund refund;
    refund.out_refund_no = request.out_refund_no;
    refund.api = request.api;
    refund.fee = request.fee;
    refund.reason = request.reason;
    refund.account = request.account;
    refund.notify_url = request.notify_url;
    refund.platform_serial = request.platform_serial;
    auto accepted = accept(work, order, std::move(refund), left);
    if (!accepted) return Failure{RefundProblem::balance_too_low};

    Order changed = order;
    changed.state = TradeState::refund;
    changed.refunded = Fen{order.refunded.count() + accepted->fee.count()};
    work.store().update_order(changed);
    work.changed(changed);
    if (order.refund_outcome != RefundOutcome::hold) {
        work.schedule(now + work.context().settings.refund_delay, TimerKind::settle_refund,
                      accepted->id);
    }
    return std::move(*accepted);
}

void end_refund(Work& work, const Refund& refund, RefundOutcome outcome) {
    if (refund.state == state_after(outcome) || outcome == RefundOutcome::hold) return;
    // An abnormal one can still be sent on its way again, and then ends like any other.
    if (refund.state != RefundState::processing && refund.state != RefundState::abnormal) return;
    auto order = work.store().find_order(refund.order_id);
    if (!order) return;
    Refund ended = refund;
    ended.state = state_after(outcome);
    if (ended.state == RefundState::success) ended.succeeded_at = work.context().clock.now();
    work.store().update_refund(ended);
    if (ended.state == RefundState::closed) {
        order->refunded = Fen{order->refunded.count() - refund.fee.count()};
        // "Refund started" was taken back, if this was the only one (events.md 1, doubt).
        const auto all = work.store().refunds_of(order->id);
        if (std::none_of(all.begin(), all.end(),
                         [](const Refund& each) { return each.holds_money(); }))
            order->state = TradeState::success;
        work.store().update_order(*order);
        if (const Merchant* const merchant =
                work.context().directory.find_merchant(order->mch_id.str())) {
            book(work, *merchant, FundKind::refund_returned, refund.settlement_fee(),
                 refund.refund_id, refund.out_refund_no, "退款关闭");
        }
    }
    add_callback(work, *order, ended);
    work.changed(*order);
}

Refund send_again(Work& work, Refund refund) {
    WXPAY_ASSERT(refund.state == RefundState::abnormal);
    refund.state = RefundState::processing;
    work.store().update_refund(refund);
    auto order = work.store().find_order(refund.order_id);
    WXPAY_ASSERT(order.has_value());  // orders are never forgotten without their refunds
    if (order->refund_outcome != RefundOutcome::hold) {
        order->refund_outcome = RefundOutcome::success;
        work.store().update_order(*order);
        work.schedule(work.context().clock.now() + work.context().settings.refund_delay,
                      TimerKind::settle_refund, refund.id);
    }
    work.changed(*order);
    return refund;
}

std::optional<Order> reverse(Work& work, Order order) {
    WXPAY_ASSERT(order.state == TradeState::success);
    const Left left = left_of(order, {});
    Refund refund;
    refund.fee = order.total;
    refund.reason = "撤销";
    refund.account = "REFUND_SOURCE_UNSETTLED_FUNDS";
    refund.state = RefundState::success;
    refund.succeeded_at = work.context().clock.now();
    if (!accept(work, order, std::move(refund), left)) return std::nullopt;
    order.state = TradeState::revoked;
    order.refunded = order.total;
    work.store().update_order(order);
    work.changed(order);
    return order;
}

}  // namespace wxpay::sandbox
