#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wxpay::sandbox::diagnosis {

/// UTF-8 as GBK; nothing when GBK has no such character, or the system no GBK.
std::optional<std::string> to_gbk(std::string_view utf8);
/// One '?' for each character beyond ASCII, as a charset without them writes it.
std::string to_question_marks(std::string_view utf8);
/// Each character up to U+00FF as the byte of that number: undoes an encoding too many. Nothing
/// when there is a higher one.
std::optional<std::string> to_latin1(std::string_view utf8);

}  // namespace wxpay::sandbox::diagnosis
