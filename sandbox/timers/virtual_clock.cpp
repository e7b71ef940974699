#include "sandbox/timers/virtual_clock.hpp"

#include <algorithm>
#include <charconv>

namespace wxpay::sandbox {

std::optional<ClockMode> ClockMode::parse(std::string_view text) {
    if (text == "real") return ClockMode{Kind::real, 1};
    if (text == "manual") return ClockMode{Kind::manual, 0};
    if (text.size() < 2 || text.front() != 'x') return std::nullopt;
    int factor = 0;
    const auto [end, problem] = std::from_chars(text.data() + 1, text.data() + text.size(), factor);
    constexpr int kFactorMax = 1'000'000;
    if (problem != std::errc{} || end != text.data() + text.size() || factor < 1 ||
        factor > kFactorMax) {
        return std::nullopt;
    }
    return ClockMode{Kind::scaled, factor};
}

std::string ClockMode::str() const {
    switch (kind) {
        case Kind::real:
            return "real";
        case Kind::manual:
            return "manual";
        case Kind::scaled:
            return "x" + std::to_string(factor);
    }
    return {};
}

VirtualClock::VirtualClock(ClockMode mode, Instant start, const Stopwatch& stopwatch)
    : stopwatch_(stopwatch), mode_(mode), reached_(start), reached_at_(stopwatch.elapsed()) {}

Instant VirtualClock::now_locked() const {
    if (mode_.kind == ClockMode::Kind::manual) return reached_;
    return reached_ + (stopwatch_.elapsed() - reached_at_) * mode_.factor;
}

Instant VirtualClock::now() const {
    const std::lock_guard lock(mutex_);
    return now_locked();
}

ClockMode VirtualClock::mode() const {
    const std::lock_guard lock(mutex_);
    return mode_;
}

void VirtualClock::set_mode(ClockMode mode) {
    const std::lock_guard lock(mutex_);
    reached_ = now_locked();
    reached_at_ = stopwatch_.elapsed();
    mode_ = mode;
}

void VirtualClock::advance_to(Instant target) {
    const std::lock_guard lock(mutex_);
    reached_ = std::max(target, now_locked());
    reached_at_ = stopwatch_.elapsed();
}

std::optional<Millis> VirtualClock::real_time_until(Instant due) const {
    const std::lock_guard lock(mutex_);
    const Millis left = due - now_locked();
    if (left <= Millis{0}) return Millis{0};
    if (mode_.kind == ClockMode::Kind::manual) return std::nullopt;
    return std::min<Millis>(left / mode_.factor + Millis{1}, kLongestSleep);
}

}  // namespace wxpay::sandbox
