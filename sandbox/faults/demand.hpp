#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

#include "sandbox/faults/fault.hpp"

namespace wxpay::sandbox {

/// What a Wechatpay-Negative-Test header asks for: `delay=2s`, `delay=200ms..2s`,
/// `http_status=502`, `drop=before`, `drop=after`, `truncate=10`, `corrupt_sign` or
/// `err_code=SYSTEMERROR`, a delay also beside another one ("delay=1s, drop=after"). Anything else
/// is a word that the endpoint may know, and mostly an err_code. Errors name the part that cannot
/// be read.
Result<Effect> read_demand(std::string_view header);

/// The hint of a refusal that a call's header or a fault asks for.
std::string who_asked_for(const Injection& fault);

}  // namespace wxpay::sandbox
