#pragma once

#include <string_view>
#include <vector>

namespace wxpay::sandbox {

/// The paths of all simulated calls of both versions; "{…}" in one of V3 stands for any segment.
std::vector<std::string_view> known_paths();

/// Whether WeChat has a call there, simulated or not.
bool is_known_path(std::string_view path);

}  // namespace wxpay::sandbox
