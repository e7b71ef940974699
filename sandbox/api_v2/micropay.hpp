#pragma once

#include "core/v2/message.hpp"

#include "sandbox/ledger/order.hpp"

namespace wxpay::sandbox::api_v2 {

/// What the answer to a code payment says of the paid order, behind result_code.
v2::Message paid_by_code(const Order& order);

}  // namespace wxpay::sandbox::api_v2
