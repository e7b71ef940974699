#pragma once

#include <optional>

#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {

/// The caller's order that transaction_id or out_trade_no names; the transaction_id wins. Nothing
/// for another merchant's, or a sub merchant's that the call does not name.
std::optional<Order> find_order(const Call& call, Work& work);

/// Refuses a call that names neither number.
std::optional<Refusal> find_missing_number(const XmlMessage& message);

}  // namespace wxpay::sandbox::api_v2
