#pragma once

#include <string>
#include <string_view>

#include "core/v2/message.hpp"

#include "sandbox/ledger/order.hpp"

namespace wxpay::sandbox::api_v2 {

/// A payment code: 18 digits that begin with 10 to 15.
bool is_auth_code(std::string_view value);

/// What happens when a code is scanned; its last four digits say so. v2.md 6.8 and, below
/// 9000, FIDELITY.md "Payment codes": our choice.
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

/// What the answer to a code payment says of the paid order, behind result_code.
v2::Message paid_by_code(const Order& order);

}  // namespace wxpay::sandbox::api_v2
