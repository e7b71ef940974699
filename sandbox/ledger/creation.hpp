#pragma once

#include <string_view>

#include "sandbox/ledger/order.hpp"

// What an order made by API V2 keeps of its call in Order::creation: names and values. (An order
// made by API V3 keeps JSON there.)
namespace wxpay::sandbox {

/// Adds a parameter. Names and values hold no control characters, as in XML.
void keep_in_creation(Order& order, std::string_view name, std::string_view value);

/// The value of a parameter; empty when there is none, or the order was made by API V3.
std::string_view created_with(const Order& order, std::string_view name);

}  // namespace wxpay::sandbox
