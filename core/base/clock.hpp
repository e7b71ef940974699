#pragma once

#include <chrono>

namespace wxpay {

/// A point in time, UTC, milliseconds.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;
using Millis = std::chrono::milliseconds;

/// Business time: creation, expiry, retry schedules, bills. Injected; nothing else reads a clock.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual Instant now() const = 0;
};

/// The machine's wall clock.
class SystemClock final : public Clock {
  public:
    Instant now() const override;
};

/// Elapsed time for deadlines and latencies: never goes back, never virtual.
class Stopwatch {
  public:
    virtual ~Stopwatch() = default;
    /// Time since some fixed moment.
    virtual Millis elapsed() const = 0;
    /// The same as fine as it can be told: for measuring.
    virtual std::chrono::nanoseconds exact() const { return elapsed(); }
};

/// The machine's monotonic clock.
class SystemStopwatch final : public Stopwatch {
  public:
    Millis elapsed() const override;
    std::chrono::nanoseconds exact() const override;
};

}  // namespace wxpay
