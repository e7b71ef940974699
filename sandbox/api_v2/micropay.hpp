#pragma once

#include <string>
#include <string_view>

#include "core/v2/message.hpp"

#include "sandbox/ledger/order.hpp"

namespace wxpay::sandbox::api_v2 {

/// A payment code: 18 digits that begin with 10 to 15.
bool is_auth_code(std::string_view value);

/// The openid of the user who shows this code.
std::string payer_of(std::string_view auth_code);

/// What the answer to a code payment says of the paid order, behind result_code.
v2::Message paid_by_code(const Order& order);

}  // namespace wxpay::sandbox::api_v2
