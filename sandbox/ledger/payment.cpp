#include "sandbox/ledger/payment.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"

#include "sandbox/ledger/combination.hpp"
#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/identifiers.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/notify/v3_callback.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::array<std::pair<PayOutcome, std::string_view>, 5> kOutcomes{
    {{PayOutcome::success, "success"},
     {PayOutcome::cancel, "cancel"},
     {PayOutcome::not_enough, "notenough"},
     {PayOutcome::pay_error, "payerror"},
     {PayOutcome::user_paying, "userpaying"}}};

/// What test users do when they pay. Any other user simply pays.
constexpr std::array<std::pair<std::string_view, PayOutcome>, 4> kTestUsers{
    {{"oNOTENOUGH", PayOutcome::not_enough},
     {"oCANCEL", PayOutcome::cancel},
     {"oPAYERROR", PayOutcome::pay_error},
     {"oSLOW", PayOutcome::user_paying}}};

PayOutcome outcome_of(const PayRequest& request, const std::string& openid,
                      const Settings& settings) {
    if (request.outcome != PayOutcome::success || request.is_decided) return request.outcome;
    for (const TestOpenid& test : settings.test_openids) {
        if (openid.starts_with(test.prefix)) return test.outcome;
    }
    for (const auto& [prefix, outcome] : kTestUsers) {
        if (openid.starts_with(prefix)) return outcome;
    }
    return PayOutcome::success;
}

void add_v3_callback(Work& work, const Order& order, const Merchant& merchant) {
    Notification notification;
    notification.kind = NotificationKind::payment;
    notification.mch_id = order.mch_id;
    notification.out_trade_no = order.out_trade_no;
    notification.url = order.notify_url;
    notification.platform_serial = order.platform_serial;
    sandbox::add_v3_callback(work, std::move(notification), kPaymentSucceeded,
                             dump_json(v3_transaction(order)), merchant);
}

/// The one callback of a combined order, for whom its number belongs to.
void add_combined_callback(Work& work, const Combination& combination,
                           const std::vector<Order>& parts) {
    const Merchant* const merchant =
        work.context().directory.find_merchant(combination.mch_id.str());
    if (merchant == nullptr || combination.notify_url.empty()) return;
    Notification notification;
    notification.kind = NotificationKind::payment;
    notification.mch_id = combination.mch_id;
    notification.out_trade_no = combination.number;
    notification.url = combination.notify_url;
    notification.platform_serial = combination.platform_serial;
    sandbox::add_v3_callback(work, std::move(notification), kPaymentSucceeded,
                             dump_json(v3_combination(combination, parts)), *merchant);
}

/// The callback of a paid order. Its bytes are made now: they say what the ledger says at this
/// commit.
void add_callback(Work& work, const Order& order, CallbackQuirk quirk) {
    const Context& context = work.context();
    const Merchant* const merchant = context.directory.find_merchant(order.mch_id.str());
    if (merchant == nullptr || order.notify_url.empty() || quirk == CallbackQuirk::lost)
        return;  // a merchant that a later start does not know
    if (order.api == ApiVersion::v3) {
        add_v3_callback(work, order, *merchant);
        return;
    }
    v2::PaymentNotification message;
    message.appid = order.appid.str();
    message.mch_id = merchant->wire_id();
    message.sub_appid = order.sub_appid;
    message.sub_mch_id = order.sub_mch_id;
    message.device_info = order.device_info;
    message.nonce_str = order.nonce_str;
    message.openid = order.openid;
    message.sub_openid = order.payers_sub_openid();
    message.trade_type = wxpay::wire_name(order.trade_type);
    message.bank_type = order.bank_type;
    message.out_trade_no = order.out_trade_no.str();
    message.transaction_id = order.transaction_id.str();
    message.attach = order.attach;
    message.total_fee = order.total;
    message.cash_fee = order.cash();
    message.settlement_total_fee = order.settlement_total();
    message.coupons = order.coupons;
    message.time_end = *order.paid_at;

    Notification notification;
    notification.kind = NotificationKind::payment;
    notification.mch_id = order.mch_id;
    notification.out_trade_no = order.out_trade_no;
    notification.url = order.notify_url;
    const Secret wrong_key("00000000000000000000000000000000");
    notification.body = v2::render_payment_notification(
        message, quirk == CallbackQuirk::wrong_sign ? wrong_key : merchant->api_key,
        order.sign_type, merchant->announces_sign_type);
    notification.next_at = context.clock.now();
    for (int n = 0; n < (quirk == CallbackQuirk::twice ? 2 : 1); ++n) {
        work.store().insert_notification(notification);
        work.schedule(*notification.next_at, TimerKind::deliver, notification.id);
        work.changed(notification);
    }
}

/// Whether it can still be paid when other orders have closed by themselves.
bool outlives_a_week(const Order& order) {
    return order.expires_at && *order.expires_at > order.created_at + kUnpaidLife;
}

void forget_payer(Order& order) {
    order.payer.clear();
    order.bank_type.clear();
    order.coupons.clear();
}

/// A payment as the attempt that it confirms began.
PayRequest confirmed(PayRequest request, const Order& order) {
    if (request.openid.empty()) request.openid = order.payer;
    if (request.bank_type.empty()) request.bank_type = order.bank_type;
    if (request.coupons.empty()) request.coupons = order.coupons;
    return request;
}

/// The order is paid; who is told of it comes later.
Result<Order, PayProblem> take_payment(Work& work, const Order& order, const PayRequest& request,
                                       const std::string& openid,
                                       const std::vector<v2::Coupon>& coupons) {
    const Instant now = work.context().clock.now();
    const Payment payment{next_transaction_id(work.context().random, now), openid,
                          request.bank_type.empty() ? "OTHERS" : request.bank_type, coupons};
    WXPAY_TRY(Order paid, pay(order, payment, now));
    work.store().update_order(paid);
    forget_user(work, paid);
    if (const Merchant* const merchant =
            work.context().directory.find_merchant(order.mch_id.str())) {
        const Fen income = paid.settlement_total().value_or(paid.total);
        book(work, *merchant, FundKind::payment, income, paid.transaction_id.str(),
             paid.out_trade_no.str(), paid.body);
    }
    work.changed(paid);
    return paid;
}

/// Pays the order or, all or nothing, the combined order that it is a part of. Coupons are the
/// named part's; another part keeps those that the attempt began with. What stands against one part
/// stands against all, so the first one fails before anything is written.
Result<Order, PayProblem> settle(Work& work, const Order& order, const PayRequest& request,
                                 const std::string& openid) {
    const auto combination = combination_of(work.store(), order);
    if (!combination) {
        WXPAY_TRY(Order paid, take_payment(work, order, request, openid, request.coupons));
        add_callback(work, paid, request.callback);
        return paid;
    }
    std::vector<Order> parts = parts_of(work.store(), *combination);
    Order named = order;
    for (Order& part : parts) {
        const bool is_named = part.id == order.id;
        WXPAY_TRY(part, take_payment(work, part, request, openid,
                                     is_named ? request.coupons : part.coupons));
        if (is_named) named = part;
    }
    add_combined_callback(work, *combination, parts);
    return named;
}

/// Changes the order and those that change with it; what has become of the order itself.
template <class Change>
Order change_together(Work& work, const Order& order, Change change) {
    Order named = order;
    for (Order& each : together_with(work.store(), order)) {
        change(each);
        work.store().update_order(each);
        work.changed(each);
        if (each.id == order.id) named = each;
    }
    return named;
}

}  // namespace

std::string_view wire_name(PayOutcome outcome) {
    for (const auto& [each, word] : kOutcomes) {
        if (each == outcome) return word;
    }
    return {};
}

std::optional<PayOutcome> parse_pay_outcome(std::string_view word) {
    for (const auto& [outcome, each] : kOutcomes) {
        if (each == word) return outcome;
    }
    return std::nullopt;
}

Result<PayResult, PayProblem> user_pays(Work& work, const Order& order, const PayRequest& request) {
    const Instant now = work.context().clock.now();
    if (const auto problem = why_not_payable(order, now)) return Failure{*problem};
    // A user who is already typing the password and now pays, pays: the test openid has had its
    // effect.
    const bool confirms =
        order.state == TradeState::user_paying && request.outcome == PayOutcome::success;
    const PayRequest made = confirms ? confirmed(request, order) : request;
    std::string openid = made.openid.empty() ? order.openid : made.openid;
    if (openid.empty()) openid = kDefaultPayer;

    const PayOutcome outcome =
        confirms ? PayOutcome::success : outcome_of(made, openid, work.context().settings);
    std::string_view message;
    switch (outcome) {
        case PayOutcome::success: {
            WXPAY_TRY(Order paid, settle(work, order, made, openid));
            return PayResult{std::move(paid), outcome, "支付成功"};
        }
        case PayOutcome::user_paying:
            if (order.limit_pay == "no_credit" && made.bank_type.ends_with("_CREDIT"))
                return Failure{PayProblem::card_not_supported};
            forget_attempt(work, order);
            work.schedule(now + kSlowPayer, TimerKind::finish_paying, order.id);
            message = "需要用户输入支付密码";
            break;
        case PayOutcome::cancel:
        case PayOutcome::not_enough:
        case PayOutcome::pay_error:
            forget_attempt(work, order);
            message = outcome == PayOutcome::cancel       ? "用户取消支付"
                      : outcome == PayOutcome::not_enough ? "余额不足"
                                                          : "支付失败，请重新下单支付";
            break;
    }
    Order changed = change_together(work, order, [&](Order& each) {
        if (outcome == PayOutcome::user_paying) {
            each.state = TradeState::user_paying;
            each.payer = openid;
            each.bank_type = made.bank_type;
            each.coupons = each.id == order.id ? made.coupons : std::vector<v2::Coupon>();
            return;
        }
        // A failed attempt leaves the order as it was; only code payment knows PAYERROR
        // (events.md 1).
        each.state = each.trade_type == TradeType::micropay && outcome == PayOutcome::pay_error
                         ? TradeState::pay_error
                         : TradeState::not_paid;
        forget_payer(each);
    });
    return PayResult{std::move(changed), outcome, std::string(message)};
}

void finish_paying(Work& work, const Order& order) {
    if (order.state != TradeState::user_paying) return;
    PayRequest request;
    request.bank_type = order.bank_type;
    request.coupons = order.coupons;
    if (settle(work, order, request, order.payer)) return;
    // It expired while the password was typed: the attempt fails like any other.
    change_together(work, order, [](Order& each) {
        each.state = TradeState::not_paid;
        forget_payer(each);
    });
}

void fail_paying(Work& work, const Order& order) {
    if (order.state != TradeState::user_paying) return;
    Order failed = order;
    forget_payer(failed);
    failed.state =
        order.trade_type == TradeType::micropay ? TradeState::pay_error : TradeState::not_paid;
    work.store().update_order(failed);
    work.changed(failed);
}

void close_unpaid(Work& work, const Order& order) {
    for (Order& each : together_with(work.store(), order)) {
        if (each.state != TradeState::not_paid && each.state != TradeState::user_paying &&
            each.state != TradeState::pay_error)
            continue;
        each.state = TradeState::closed;
        work.store().update_order(each);
        forget_user(work, each);
        work.changed(each);
    }
}

void forget_attempt(Work& work, const Order& order) {
    for (const Order& each : together_with(work.store(), order)) {
        work.store().erase_timers(TimerKind::finish_paying, each.id);
        work.store().erase_timers(TimerKind::fail_paying, each.id);
    }
}

void forget_user(Work& work, const Order& order) {
    for (const TimerKind kind :
         {TimerKind::auto_pay, TimerKind::finish_paying, TimerKind::fail_paying}) {
        work.store().erase_timers(kind, order.id);
    }
    if (outlives_a_week(order)) work.store().erase_timers(TimerKind::close_expired, order.id);
}

bool add_order(Work& work, Order& order) {
    if (!work.store().insert_order(order)) return false;
    if (outlives_a_week(order)) {
        work.schedule(*order.expires_at, TimerKind::close_expired, order.id);
    } else if (!work.store().will_close_unpaid()) {
        work.schedule(order.created_at + kUnpaidLife, TimerKind::close_unpaid, 0);
    }
    const auto& auto_pay = work.context().settings.auto_pay;
    if (auto_pay && order.trade_type != TradeType::micropay)
        work.schedule(order.created_at + *auto_pay, TimerKind::auto_pay, order.id);
    return true;
}

void close_overdue(Work& work) {
    constexpr std::size_t kAtOnce = 500;
    constexpr std::chrono::seconds kPause{1};  // between two rounds, when orders come close by
    const Instant now = work.context().clock.now();
    const auto overdue = work.store().unpaid_orders(now - kUnpaidLife, kAtOnce);
    for (const Order& order : overdue) close_unpaid(work, order);
    work.store().erase_timers(TimerKind::close_unpaid, 0);
    const auto oldest = work.store().oldest_unpaid();
    if (!oldest) return;
    const Instant next = overdue.size() == kAtOnce ? now : now + kPause;
    work.schedule(std::max(next, *oldest + kUnpaidLife), TimerKind::close_unpaid, 0);
}

std::string_view text_of(PayProblem problem) {
    switch (problem) {
        case PayProblem::already_paid:
            return "该订单已支付";
        case PayProblem::closed:
            return "订单已关闭";
        case PayProblem::expired:
            return "交易有效截止时间非法";
        case PayProblem::card_not_supported:
            return "不支持卡类型";
        case PayProblem::failed:
            return "支付失败，请重新下单支付";
    }
    return {};
}

std::string_view code_of(PayProblem problem) {
    switch (problem) {
        case PayProblem::already_paid:
            return "ORDERPAID";
        case PayProblem::closed:
            return "ORDERCLOSED";
        case PayProblem::expired:
            return "EXPIRED";
        case PayProblem::card_not_supported:
            return "NOTSUPORTCARD";
        case PayProblem::failed:
            return "PAYERROR";
    }
    return {};
}

}  // namespace wxpay::sandbox
