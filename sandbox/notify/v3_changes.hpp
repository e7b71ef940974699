#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sandbox/faults/fault.hpp"

namespace wxpay::sandbox {

/// Changes members of what is sealed in a V3 callback, by their dotted names: "amount.total". V2's
/// "total_fee" means the amount here, too.
void apply_v3_changes(const std::vector<Effect::Change>& changes, nlohmann::ordered_json& json);

}  // namespace wxpay::sandbox
