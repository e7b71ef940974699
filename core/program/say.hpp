#pragma once

#include <cstdio>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace wxpay {

/// Writes to stderr for people. That nobody is there to read it, as behind `| head` or on a
/// terminal that was closed, is no failure: fmt::print would throw.
template <class... Values>
void say(fmt::format_string<Values...> format, Values&&... values) {
    const std::string text = fmt::format(format, std::forward<Values>(values)...);
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

}  // namespace wxpay
