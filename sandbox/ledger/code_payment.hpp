#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

#include "sandbox/ledger/order.hpp"
#include "sandbox/ledger/work.hpp"

// Code payment, which both API versions have: the cashier scans the code on the user's phone.
namespace wxpay::sandbox {

/// A payment code: 18 digits that begin with 10 to 15.
bool is_auth_code(std::string_view value);

/// What happens when a code is scanned; its last four digits say so. v2.md 6.8 and, below
/// 9000, FIDELITY.md "Code payment": our choice.
enum class Scan {
    pays,
    pays_by_credit_card,
    pays_as_second_user,
    password,  ///< USERPAYING, then paid
    gives_up,  ///< USERPAYING, then PAYERROR
    not_enough,
    expired,
    error_but_paid,
    bank_error,
    silence_but_paid,
    unknown
};
Scan scan_of(std::string_view auth_code);

/// The openid of the user who shows this code.
std::string payer_of(std::string_view auth_code);

/// Why the cashier is not told that the code has paid.
enum class CodeProblem {
    // The order is there, and can be queried.
    user_paying,
    not_enough,
    card_not_supported,
    error_but_paid,
    bank_error,
    // Nothing is left behind.
    code_expired,
    code_used,
    code_unknown,
    order_expired,
    number_burnt,  ///< closed before it was ordered
    // The order was scanned for before.
    already_paid,
    closed,
    reversed,
    given_up,
    still_paying,
    another_payer
};

/// Whether the order is to be kept though the call is refused: the caller commits.
bool keeps_order(CodeProblem problem);
/// One line that says what to do about it.
std::string_view hint_of(CodeProblem problem);

struct CodePaid {
    Order order;
    bool never_arrives = false;  ///< the cashier waits for the answer in vain
};

/// A code is scanned for a new order. The caller commits.
Result<CodePaid, CodeProblem> pay_by_code(Work& work, Order order, std::string_view auth_code);
/// A code is scanned for an order that `last_code` was scanned for before. `order` is the stored
/// one with the parameters of this call. The caller commits.
Result<CodePaid, CodeProblem> pay_by_code_again(Work& work, const Order& order,
                                                std::string_view last_code,
                                                std::string_view auth_code);

/// Why a code payment cannot be given up.
enum class ReverseProblem { not_by_code, overdue, balance_too_low, refunded, closed };
std::string_view hint_of(ReverseProblem problem);

/// The cashier gives the payment up, paid or not: REVOKED, the money goes back. An order that was
/// reversed before stays as it is. The caller commits.
Result<Order, ReverseProblem> give_up_code_payment(Work& work, Order order);

}  // namespace wxpay::sandbox
