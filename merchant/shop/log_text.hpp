#pragma once

#include <string>
#include <string_view>

namespace wxpay::merchant {

/// Somebody else's words, fit for a log: at most kDetailBytesMax bytes of valid UTF-8, without line
/// ends and other control characters, so that nobody can write lines of his own into it.
std::string log_text(std::string_view words);

}  // namespace wxpay::merchant
