#include "core/base/clock.hpp"

namespace wxpay {

Instant SystemClock::now() const {
    return std::chrono::floor<Millis>(std::chrono::system_clock::now());
}

Millis SystemStopwatch::elapsed() const { return std::chrono::floor<Millis>(exact()); }

std::chrono::nanoseconds SystemStopwatch::exact() const {
    return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace wxpay
