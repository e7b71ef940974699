#pragma once

#include <functional>

namespace wxpay::test {

/// Does `action` where the kernel fails one of its calls (SYS_…) with `error`: in a thread of its
/// own, and whatever that starts. False when this kernel has no filters; then nothing is done.
bool without_call(long number, int error, const std::function<void()>& action);

}  // namespace wxpay::test
