#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"

#include "sandbox/faults/fault.hpp"
#include "sandbox/faults/fault_set.hpp"

namespace wxpay::sandbox {

/// Reads a fault as the control API and the config file write it. The error's `field` names the
/// member at fault ("every", "do.delay"), its `detail` says what is wanted.
Result<Fault> fault_from_json(const nlohmann::json& json);

/// The same members, the id first.
nlohmann::ordered_json to_json(const Fault& fault);
/// With `matched` and `injected`.
nlohmann::ordered_json to_json(const FaultSet::Counted& counted);
/// The value of "do".
nlohmann::ordered_json to_json(const Effect& effect);

/// Whether the text can be a delay: "2s", "200ms..2s". Errors say what is wanted.
Result<Effect::Delay> parse_delay(std::string_view text);
/// What err_codes look like: capitals, digits, _ and -.
bool is_err_code(std::string_view text);

}  // namespace wxpay::sandbox
