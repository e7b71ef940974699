#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/domain/fen.hpp"

/// Reading the members of what WeChat sends. `object` must be one. Absent, null and "" are the same
/// (source: [A] spec V3 1.2, partners' edition of the rules); errors name the member as their
/// field.
namespace wxpay::v3 {

/// missing_field when it is there and no text.
Result<std::string> text_member(const nlohmann::json& object, const char* name);
/// missing_field also when it is empty.
Result<std::string> needed_text(const nlohmann::json& object, const char* name);
/// invalid_value for what is no whole number of fen, 0 or more.
Result<std::optional<Fen>> fen_member(const nlohmann::json& object, const char* name);
Result<Fen> needed_fen(const nlohmann::json& object, const char* name);
/// RFC 3339; invalid_value for what is no such time.
Result<std::optional<Instant>> time_member(const nlohmann::json& object, const char* name);
/// The object of that name; one without members when there is none.
const nlohmann::json& object_member(const nlohmann::json& object, const char* name);
/// Reads a text that is an object. Errors: those of parse_json().
Result<nlohmann::json> parse_object(std::string_view text);

}  // namespace wxpay::v3
