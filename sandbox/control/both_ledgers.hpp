#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sandbox/acceptance_twin.hpp"

namespace wxpay::sandbox::control {

/// What `list` gives for the filter's merchant, in production and in the acceptance sandbox alike:
/// the newest come first.
template <class Filter, class List>
auto from_both_ledgers(Filter filter, List list) {
    auto rows = list(filter);
    if (filter.mch_id.empty() || is_twin(filter.mch_id)) return rows;
    filter.mch_id = twin_id(filter.mch_id);
    auto of_twin = list(filter);
    rows.insert(rows.end(), of_twin.begin(), of_twin.end());
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.id > b.id; });
    if (rows.size() > filter.limit)
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(filter.limit), rows.end());
    return rows;
}

}  // namespace wxpay::sandbox::control
