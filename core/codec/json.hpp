#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"

namespace wxpay {

/// How deep WeChat's JSON and ours may be nested.
inline constexpr int kJsonDepthMax = 32;

/// Whether objects and lists stand in each other more than depth_max deep: to be known before a
/// text is read. Of one that is no JSON it says nothing useful.
bool is_json_deeper(std::string_view text, int depth_max = kJsonDepthMax);

/// Reads a JSON text. Errors: not_utf8, too_large (nested deeper than depth_max), malformed. Of a
/// member that stands twice in one object the last one counts, as with most readers.
Result<nlohmann::json> parse_json(std::string_view text, int depth_max = kJsonDepthMax);

/// Compact; bytes that are not UTF-8 become U+FFFD.
std::string dump_json(const nlohmann::json& json);
std::string dump_json(const nlohmann::ordered_json& json);

/// The same with the members of each object in the order of their names, as WeChat's answers have
/// them.
std::string dump_sorted(const nlohmann::ordered_json& json);

}  // namespace wxpay
