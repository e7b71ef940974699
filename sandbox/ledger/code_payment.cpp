#include "sandbox/ledger/code_payment.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "sandbox/ledger/payment.hpp"
#include "sandbox/ledger/refund.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox {
namespace {

/// What really happens then: above a limit, the password is asked for.
Scan outcome_of(std::string_view auth_code, Fen total) {
    const Scan scan = scan_of(auth_code);
    return scan == Scan::pays && total > kPasswordFree ? Scan::password : scan;
}

/// Whether the first answer left the cashier in doubt, so that repeating the call is right.
bool left_in_doubt(Scan scan) {
    return scan != Scan::pays && scan != Scan::pays_by_credit_card &&
           scan != Scan::pays_as_second_user;
}

std::string payer(Scan scan) {
    constexpr std::string_view kSecondUser = "oUpF8uN95-Ptaags6E_roPHg7AG0";
    return std::string(scan == Scan::pays_as_second_user ? kSecondUser : kDefaultPayer);
}

Result<CodePaid, CodeProblem> take_payment(Work& work, const Order& order, Scan scan) {
    PayRequest request;
    request.is_decided = true;
    request.openid = payer(scan);
    if (scan == Scan::pays_by_credit_card) request.bank_type = "CMB_CREDIT";
    auto result = user_pays(work, order, request);
    if (result) return CodePaid{std::move(result->order)};
    return Failure{result.error() == PayProblem::card_not_supported
                       ? CodeProblem::card_not_supported
                       : CodeProblem::order_expired};
}

/// The user has to act before anything is decided.
void wait_for_user(Work& work, Order order, TimerKind end) {
    order.state = TradeState::user_paying;
    order.payer = kDefaultPayer;
    work.store().update_order(order);
    forget_attempt(work, order);
    work.schedule(work.context().clock.now() + kSlowPayer, end, order.id);
    work.changed(order);
}

Result<CodePaid, CodeProblem> scan(Work& work, const Order& order, std::string_view auth_code) {
    const Scan scanned = outcome_of(auth_code, order.total);
    switch (scanned) {
        case Scan::pays:
        case Scan::pays_by_credit_card:
        case Scan::pays_as_second_user:
            return take_payment(work, order, scanned);
        case Scan::password:
            wait_for_user(work, order, TimerKind::finish_paying);
            return Failure{CodeProblem::user_paying};
        case Scan::gives_up:
            wait_for_user(work, order, TimerKind::fail_paying);
            return Failure{CodeProblem::user_paying};
        case Scan::not_enough:
            return Failure{CodeProblem::not_enough};
        case Scan::expired:
            return Failure{CodeProblem::code_expired};
        case Scan::error_but_paid:
            WXPAY_CHECK(take_payment(work, order, Scan::pays));
            return Failure{CodeProblem::error_but_paid};
        case Scan::bank_error:
            return Failure{CodeProblem::bank_error};
        case Scan::silence_but_paid: {
            WXPAY_TRY(CodePaid paid, take_payment(work, order, Scan::pays));
            paid.never_arrives = true;
            return paid;
        }
        case Scan::unknown:
            break;
    }
    return Failure{CodeProblem::code_unknown};
}

/// One code, one order; and a code that is nobody's leaves nothing behind.
Result<void, CodeProblem> use_up(Work& work, const Order& order, std::string_view auth_code) {
    const Scan scanned = scan_of(auth_code);
    if (scanned == Scan::unknown) return Failure{CodeProblem::code_unknown};
    if (scanned == Scan::expired) return Failure{CodeProblem::code_expired};
    if (!work.store().use_login_code(order.appid, "auth_code:" + std::string(auth_code)))
        return Failure{CodeProblem::code_used};
    return {};
}

/// What the order's state says to another scan; nothing: it can still be paid.
std::optional<CodeProblem> why_not_again(TradeState state) {
    switch (state) {
        case TradeState::success:
        case TradeState::refund:
            return CodeProblem::already_paid;
        case TradeState::closed:
            return CodeProblem::closed;
        case TradeState::revoked:
            return CodeProblem::reversed;
        case TradeState::pay_error:
            return CodeProblem::given_up;
        case TradeState::user_paying:
            return CodeProblem::still_paying;
        case TradeState::not_paid:
            break;
    }
    return std::nullopt;
}

}  // namespace

bool is_auth_code(std::string_view value) {
    constexpr std::size_t kLength = 18;
    return value.size() == kLength && value[0] == '1' && value[1] >= '0' && value[1] <= '5' &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Scan scan_of(std::string_view auth_code) {
    const std::string_view digits = auth_code.substr(auth_code.size() - 4);
    if (digits < "7000") return Scan::pays;
    if (digits < "8000") return Scan::pays_by_credit_card;
    if (digits < "9000") return Scan::pays_as_second_user;
    if (digits == "9001") return Scan::password;
    if (digits == "9002") return Scan::gives_up;
    if (digits == "9003") return Scan::not_enough;
    if (digits == "9004") return Scan::expired;
    if (digits == "9005") return Scan::error_but_paid;
    if (digits == "9006") return Scan::bank_error;
    if (digits == "9007") return Scan::silence_but_paid;
    return Scan::unknown;
}

std::string payer_of(std::string_view auth_code) { return payer(scan_of(auth_code)); }

bool keeps_order(CodeProblem problem) {
    return problem == CodeProblem::user_paying || problem == CodeProblem::not_enough ||
           problem == CodeProblem::card_not_supported || problem == CodeProblem::error_but_paid ||
           problem == CodeProblem::bank_error;
}

std::string_view hint_of(CodeProblem problem) {
    switch (problem) {
        case CodeProblem::user_paying:
            return "the user types the password: query every 5 s, reverse in the end";
        case CodeProblem::not_enough:
            return "the user has too little money";
        case CodeProblem::card_not_supported:
            return "limit_pay is no_credit, and this user pays by credit card";
        case CodeProblem::error_but_paid:
        case CodeProblem::bank_error:
            return "the outcome is unknown: query it";
        case CodeProblem::code_expired:
            return "a payment code is good for about a minute, once";
        case CodeProblem::code_used:
            return "a payment code works once; make another one up";
        case CodeProblem::code_unknown:
            return "no user shows this code; see the README for those that work";
        case CodeProblem::order_expired:
            return "time_expire has passed";
        case CodeProblem::number_burnt:
            return "this number was closed before it was ordered";
        case CodeProblem::already_paid:
            return "the order is paid; a new payment needs a new out_trade_no";
        case CodeProblem::closed:
            return "the order is closed";
        case CodeProblem::reversed:
            return "the order was reversed";
        case CodeProblem::given_up:
            return "the user gave up; reverse this order and make a new one";
        case CodeProblem::still_paying:
            return "the user is typing the password: query, or call again";
        case CodeProblem::another_payer:
            return "another user tried to pay this order before";
    }
    return {};
}

Result<CodePaid, CodeProblem> pay_by_code(Work& work, Order order, std::string_view auth_code) {
    WXPAY_CHECK(use_up(work, order, auth_code));
    if (!add_order(work, order)) return Failure{CodeProblem::number_burnt};
    return scan(work, order, auth_code);
}

Result<CodePaid, CodeProblem> pay_by_code_again(Work& work, const Order& order,
                                                std::string_view last_code,
                                                std::string_view auth_code) {
    if (const auto problem = why_not_again(order.state)) {
        const bool was_in_doubt = order.is_paid() && last_code == auth_code &&
                                  left_in_doubt(outcome_of(last_code, order.total));
        if (was_in_doubt) return CodePaid{order};
        return Failure{*problem};
    }
    if (payer_of(last_code) != payer_of(auth_code)) return Failure{CodeProblem::another_payer};
    if (auth_code != last_code) {
        WXPAY_CHECK(use_up(work, order, auth_code));
        work.store().update_creation(order);
    }
    return scan(work, order, auth_code);
}

std::string_view hint_of(ReverseProblem problem) {
    switch (problem) {
        case ReverseProblem::not_by_code:
            return "only code payments are reversed; close or refund this order";
        case ReverseProblem::overdue:
            return "paid more than 7 days ago: refund it instead";
        case ReverseProblem::balance_too_low:
            return "the merchant's account holds less than was paid";
        case ReverseProblem::refunded:
        case ReverseProblem::closed:
            return "the order was refunded or closed: nothing to reverse";
    }
    return {};
}

Result<Order, ReverseProblem> give_up_code_payment(Work& work, Order order) {
    if (order.trade_type != TradeType::micropay) return Failure{ReverseProblem::not_by_code};
    switch (order.state) {
        case TradeState::not_paid:
        case TradeState::user_paying:
        case TradeState::pay_error:
            order.state = TradeState::revoked;
            work.store().update_order(order);
            forget_user(work, order);
            work.changed(order);
            break;
        case TradeState::success: {
            if (work.context().clock.now() > *order.paid_at + kReverseWindow)
                return Failure{ReverseProblem::overdue};
            auto reversed = reverse(work, std::move(order));
            if (!reversed) return Failure{ReverseProblem::balance_too_low};
            return *std::move(reversed);
        }
        case TradeState::refund:
            return Failure{ReverseProblem::refunded};
        case TradeState::closed:
            return Failure{ReverseProblem::closed};
        case TradeState::revoked:
            break;
    }
    return order;
}

}  // namespace wxpay::sandbox
