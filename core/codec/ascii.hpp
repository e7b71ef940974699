#pragma once

namespace wxpay {

/// The lower-case letter of an upper-case one of ASCII; every other byte as it is.
constexpr char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace wxpay
