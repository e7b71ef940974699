#pragma once

#include <string>
#include <string_view>

namespace wxpay {

/// The text as one word of a POSIX shell, in single quotes.
std::string shell_quoted(std::string_view text);

}  // namespace wxpay
