#pragma once

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

// What the rules about wx.requestPayment have in common.

/// Adds a finding for each time a phone was given arguments with this mistake in them.
void add_slips(const Case& subject, Slip slip, Found& found);
/// What the phone said and why, for a finding. The step is an invocation.
std::string text_of_slip(const Step& step);

}  // namespace wxpay::sandbox::verdict
