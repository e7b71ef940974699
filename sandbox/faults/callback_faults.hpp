#pragma once

#include <string>

#include "core/base/secret.hpp"
#include "core/http/dispatcher.hpp"

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

/// Whether it is the fault that says how the attempt ends, whatever the merchant does.
bool decides_the_attempt(const Effect& effect);
/// Whether only a part of the callback leaves, and the connection is cut then.
bool cuts_the_callback(const Effect& effect);
/// The answer as it reaches WeChat: not at all (drop after), or with another status.
http::Outcome spoiled_answer(http::Outcome outcome, const Effect& effect);

}  // namespace wxpay::sandbox
