#pragma once

namespace wxpay::detail {
/// Names the broken invariant on stderr and aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}  // namespace wxpay::detail

/// An invariant of ours, checked in release builds too. Never for input from outside.
#define WXPAY_ASSERT(expression)         \
    ((expression) ? static_cast<void>(0) \
                  : ::wxpay::detail::assertion_failed(#expression, __FILE__, __LINE__))
