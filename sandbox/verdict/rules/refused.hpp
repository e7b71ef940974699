#pragma once

#include <functional>
#include <string_view>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

// What the rules about refused calls have in common.

/// Whether WeChat refused it in these words, behind an error code or without one.
bool says(const Details& details, std::string_view words);
/// Whether the call was in the name of a merchant that does not exist, or has no certificate.
bool names_nobody(const Details& details);
/// Whether header and body name different merchants.
bool names_other_mchid(const Details& details);
/// Whether it was a refund of an order that has had its fifty.
bool is_past_last_refund(const Details& details);

/// Adds a finding for the calls that were refused so; those that were refused alike share one.
void add_refusals(const Case& subject, Found& found,
                  const std::function<bool(const Details&)>& is_it);

}  // namespace wxpay::sandbox::verdict
