#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace wxpay {

/// Appends a name and its value to the text that holds all of a message's. Both may be views of
/// that text itself: it is not given up before they are copied.
inline void append_pair(std::string& text, std::string_view name, std::string_view value) {
    if (text.capacity() - text.size() >= name.size() + value.size()) {
        text.append(name).append(value);
        return;
    }
    std::string longer;
    longer.reserve(std::max(2 * text.size(), text.size() + name.size() + value.size()));
    longer.append(text).append(name).append(value);
    text = std::move(longer);
}

}  // namespace wxpay
