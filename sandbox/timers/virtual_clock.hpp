#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"

namespace wxpay::sandbox {

/// How business time moves.
struct ClockMode {
    enum class Kind { real, manual, scaled };
    Kind kind = Kind::real;
    int factor = 1;  ///< for scaled: 2 to 1,000,000

    /// "real", "manual" or "x60"; nothing for anything else.
    static std::optional<ClockMode> parse(std::string_view text);
    std::string str() const;

    friend bool operator==(const ClockMode&, const ClockMode&) = default;
};

/// The sandbox's clock: as fast as the world, as fast as asked, or standing until it is moved. It
/// never goes back; a change of mode goes on from the moment that has been reached. Thread-safe.
class VirtualClock final : public Clock {
  public:
    /// `stopwatch` gives the flow of real time and must outlive the clock.
    VirtualClock(ClockMode mode, Instant start, const Stopwatch& stopwatch);

    /// Centuries in milliseconds are no number of nanoseconds, in which threads sleep.
    static constexpr std::chrono::hours kLongestSleep{24};

    Instant now() const override;
    ClockMode mode() const;
    void set_mode(ClockMode mode);
    /// Jumps forward; an earlier moment than now() changes nothing.
    void advance_to(Instant target);
    /// How long it really takes until `due`, or kLongestSleep if that is sooner: who waits then
    /// asks again. Nothing when only a jump can bring it.
    std::optional<Millis> real_time_until(Instant due) const;

  private:
    Instant now_locked() const;

    mutable std::mutex mutex_;
    const Stopwatch& stopwatch_;
    ClockMode mode_;
    Instant reached_;    // business time …
    Millis reached_at_;  // … at this reading of the stopwatch
};

}  // namespace wxpay::sandbox
