#pragma once

#include <string>
#include <string_view>

#include "sandbox/directory.hpp"

namespace wxpay::sandbox {

// A merchant's twin in the acceptance sandbox keeps its ledger under the merchant's number with an
// 's' before it. That is the sandbox's own affair: no such number comes from the wire or leaves by
// it, nor by the control API.

inline std::string twin_id(std::string_view mch_id) { return "s" + std::string(mch_id); }
inline bool is_twin(std::string_view mch_id) { return mch_id.starts_with('s'); }
/// The merchant's number, for both of its ledgers.
inline std::string_view wire_id(std::string_view mch_id) {
    return is_twin(mch_id) ? mch_id.substr(1) : mch_id;
}
/// Whom a number from the wire names.
inline const Merchant* find_on_wire(const Directory& directory, std::string_view mch_id) {
    return is_twin(mch_id) ? nullptr : directory.find_merchant(mch_id);
}

}  // namespace wxpay::sandbox
