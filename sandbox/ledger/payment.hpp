#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/ledger/order.hpp"
#include "sandbox/ledger/work.hpp"

namespace wxpay::sandbox {

/// What the user does at the cashier.
enum class PayOutcome { success, cancel, not_enough, pay_error, user_paying };

/// The control API's words: "success", "cancel", "notenough", "payerror", "userpaying".
std::string_view wire_name(PayOutcome outcome);
std::optional<PayOutcome> parse_pay_outcome(std::string_view word);

/// Who pays an order that names no user (NATIVE, APP, MWEB).
inline constexpr std::string_view kDefaultPayer = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";

/// What is wrong with a payment's callback; Tencent's acceptance cases ask for it.
enum class CallbackQuirk { none, lost, twice, wrong_sign };

struct PayRequest {
    PayOutcome outcome = PayOutcome::success;
    std::string openid;     ///< empty: the order's, or kDefaultPayer
    std::string bank_type;  ///< empty: OTHERS
    std::vector<v2::Coupon> coupons;
    CallbackQuirk callback = CallbackQuirk::none;
    /// What the user does is decided already, by a payment code or an acceptance case: the openid
    /// has no say.
    bool is_decided = false;
};

struct PayResult {
    Order order;
    PayOutcome outcome;
    std::string message;  ///< what the user's phone shows, in WeChat's words
};

/// The user stands at the cashier; with a part of a combined order, for all its parts. With outcome
/// success the openid decides what really happens: test openids (oNOTENOUGH…, oCANCEL…, oPAYERROR…,
/// oSLOW…) fail or dawdle, any other one pays. A user who was typing the password pays as that
/// attempt began: with its openid, bank and coupons, where the request names none. A payment writes
/// its callback and the callback's first attempt in the same transaction. The caller commits.
Result<PayResult, PayProblem> user_pays(Work& work, const Order& order, const PayRequest& request);

/// The slow user (oSLOW…, outcome userpaying) has typed the password. Harmless when the order has
/// moved on.
void finish_paying(Work& work, const Order& order);

/// The slow user has given up: a code payment ends as PAYERROR. Harmless when the order has moved
/// on.
void fail_paying(Work& work, const Order& order);

/// Stores a new order, with what happens to it by itself. False when its number is taken.
bool add_order(Work& work, Order& order);

/// The order is closed, if nobody has paid it; a part of a combined order with all its parts.
/// Harmless when it has moved on.
void close_unpaid(Work& work, const Order& order);
/// Closes the orders that nobody has paid for a week.
void close_overdue(Work& work);

/// Nobody acts on the order any more: it is paid, closed or given back.
void forget_user(Work& work, const Order& order);
/// What a user under way would still do, to the order or to a part of the same combined order,
/// comes to nothing.
void forget_attempt(Work& work, const Order& order);

/// WeChat's words for what stands against a payment; spec grades B and C.
std::string_view text_of(PayProblem problem);
/// The word for programs: "ORDERPAID", "ORDERCLOSED", …
std::string_view code_of(PayProblem problem);

}  // namespace wxpay::sandbox
