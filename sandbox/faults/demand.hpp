#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

#include "sandbox/faults/fault.hpp"

namespace wxpay::sandbox {

/// What a call is told that asks for something that does not exist.
inline constexpr std::string_view kDemandNotUnderstood =
    "sandbox: Wechatpay-Negative-Test not understood";

/// What a Wechatpay-Negative-Test header asks for: `delay=2s`, `delay=200ms..2s`,
/// `http_status=502`, `drop=before`, `drop=after`, `truncate=10`, `corrupt_sign` or
/// `err_code=SYSTEMERROR`, a delay also beside another one ("delay=1s, drop=after"); an err_code
/// may stand there alone ("SYSTEMERROR, delay=1s"). Anything else is a word that the endpoint may
/// know, by which WeChat's texts are asked for. Errors name the part that cannot be read.
Result<Effect> read_demand(std::string_view header);

/// The call itself asked for it, and not a fault.
bool is_demanded(const Injection& fault);
/// The hint of a refusal that a call's header or a fault asks for.
std::string who_asked_for(const Injection& fault);

}  // namespace wxpay::sandbox
