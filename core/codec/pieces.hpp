#pragma once

#include <string_view>
#include <vector>

namespace wxpay {

/// What stands between the separators, which are views into `text`: "a,,b" is "a", "" and "b". A
/// separator at the end closes the last piece and begins no other; an empty text has none.
std::vector<std::string_view> pieces_of(std::string_view text, char separator);

}  // namespace wxpay
