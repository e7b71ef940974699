#include "merchant/shop/log_text.hpp"

#include <algorithm>

#include "core/codec/utf8.hpp"

#include "merchant/limits.hpp"

namespace wxpay::merchant {

std::string log_text(std::string_view words) {
    std::string text(utf8_prefix(words, kDetailBytesMax));
    const bool is_text = is_utf8(text);
    std::replace_if(
        text.begin(), text.end(),
        [is_text](unsigned char c) { return c < 0x20 || c == 0x7f || (c > 0x7f && !is_text); },
        ' ');
    return text;
}

}  // namespace wxpay::merchant
