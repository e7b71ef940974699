#pragma once

#include <string>

#include <gtest/gtest.h>

namespace wxpay::test {

/// The test that calls it is skipped, and says so: what it looks at is not to be had on this
/// system. For nothing that is ours.
inline void system_lacks(const std::string& what) { GTEST_SKIP() << what; }

}  // namespace wxpay::test
