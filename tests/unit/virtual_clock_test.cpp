#include "sandbox/timers/virtual_clock.hpp"

#include <gtest/gtest.h>

namespace wxpay::sandbox {
namespace {

using namespace std::chrono_literals;

/// Real time that stands.
class StoppedWatch final : public Stopwatch {
  public:
    Millis elapsed() const override { return Millis{0}; }
};

constexpr Instant kStart{Millis{1'717'214'400'000}};

TEST(VirtualClock, SaysHowLongOneReallyWaits) {
    const StoppedWatch watch;
    const VirtualClock real({ClockMode::Kind::real, 1}, kStart, watch);
    EXPECT_EQ(real.real_time_until(kStart - 1s), Millis{0});
    EXPECT_EQ(real.real_time_until(kStart + 10s), Millis(10s) + Millis{1});
    const VirtualClock fast({ClockMode::Kind::scaled, 100}, kStart, watch);
    EXPECT_EQ(fast.real_time_until(kStart + 10s), Millis(100ms) + Millis{1});
    const VirtualClock manual({ClockMode::Kind::manual, 0}, kStart, watch);
    EXPECT_EQ(manual.real_time_until(kStart + 10s), std::nullopt);
}

TEST(VirtualClock, LetsNobodySleepForCenturies) {
    const StoppedWatch watch;
    const VirtualClock clock({ClockMode::Kind::real, 1}, kStart, watch);
    const auto wait = clock.real_time_until(kStart + std::chrono::years{7000});
    ASSERT_TRUE(wait);
    // What a thread can sleep is counted in nanoseconds.
    EXPECT_LE(*wait, std::chrono::duration_cast<Millis>(std::chrono::nanoseconds::max()));
    EXPECT_EQ(*wait, Millis(VirtualClock::kLongestSleep));
}

}  // namespace
}  // namespace wxpay::sandbox
