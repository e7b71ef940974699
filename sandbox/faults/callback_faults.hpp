#pragma once

#include <string>

#include "core/base/secret.hpp"

#include "sandbox/faults/fault.hpp"

namespace wxpay::sandbox {

/// A callback's body as the fault leaves it.
///   tamper        fields changed, signed anew: only a comparison with the order shows it
///   forge         fields changed, the old sign left
///   corrupt_sign  a wrong sign over the right fields
/// A refund's callback has no sign; its fields are those inside req_info, and what proves its
/// origin is the key of that cipher. So tamper encrypts anew, forge and corrupt_sign under a key
/// that is not the merchant's. A body that cannot be read stays as it is.
std::string spoiled_callback(const std::string& body, const Effect& effect, const Secret& key);

}  // namespace wxpay::sandbox
