#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.hpp"

#include "sandbox/store/store.hpp"
#include "sandbox/timers/timer.hpp"
#include "sandbox/timers/virtual_clock.hpp"

namespace wxpay::sandbox {

/// Fires what is due, in order of its due time, ties by creation. The only place that waits for
/// business time.
class Scheduler {
  public:
    /// What came of a timer. `broken`: it could not be done, because the store failed; it is tried
    /// again every kRepairPause of real time, whatever the clock does.
    enum class Fired { done, delivered, failed, broken };
    /// Called for each due timer. It may go on after it returned, and calls `done` once when it is
    /// through; until then the timer counts as in flight. `done` may be called from any thread,
    /// also at once.
    using Handler = std::function<void(const Timer&, std::function<void(Fired)> done)>;

    /// Called when an advance has waited kGrace of real time for what is in flight: whatever
    /// `target` is too late for, should be ended now.
    using Hurry = std::function<void(Instant target)>;
    static constexpr Millis kGrace{700};
    static constexpr Millis kRepairPause{1000};

    /// What has been fired since the last advance ended; while the clock is manual also what was
    /// due already when it began, so that the counts do not depend on whether that had fired by
    /// then.
    struct Advanced {
        Instant now;
        std::uint64_t fired = 0;
        std::uint64_t delivered = 0;
        std::uint64_t failed = 0;
        std::string problem = {};  ///< why it stopped early; empty: it did not
    };

    Scheduler(Store& store, VirtualClock& clock) : store_(store), clock_(clock) {}
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;

    /// Before start() or run_until(); the handler must outlive the scheduler's thread.
    void set_handler(Handler handler) { handler_ = std::move(handler); }
    void set_hurry(Hurry hurry) { hurry_ = std::move(hurry); }

    /// From now on a thread fires timers as they fall due.
    void start();
    /// Waits for what is in flight no longer; timers that were fired and not finished fire again in
    /// the next run.
    void stop();
    /// The timers or the clock have changed.
    void wake();

    /// Moves the clock to `target` and fires everything that falls due on the way, each at its own
    /// time: the clock stands while a timer is in flight. `done` is called on the scheduler's
    /// thread; it is not called after stop().
    void advance(Instant target, std::function<void(const Advanced&)> done);

    /// The same on the caller's thread, for programs that have not called start().
    Advanced run_until(Instant target);

    /// Whether the clock is being moved right now.
    bool is_advancing() const { return advancing_; }

  private:
    struct Advance {
        Instant target;
        std::function<void(const Advanced&)> done;
    };

    void loop();
    /// Fires the timers that are due now; returns how many.
    std::size_t fire_due(const std::shared_ptr<Advanced>& counts);
    void fire(const Timer& timer, const std::shared_ptr<Advanced>& counts);
    /// Those that broke, once more.
    void fire_broken();
    /// Until something is to be done, at most until the next timer is due.
    void wait_for_work(std::optional<Millis> at_most);
    bool wait_until_idle(Instant target);

    Store& store_;
    VirtualClock& clock_;
    Handler handler_;
    Hurry hurry_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Advance> advances_;
    std::size_t in_flight_ = 0;
    std::vector<Timer> broken_;
    std::shared_ptr<Advanced> counts_ = std::make_shared<Advanced>();
    bool awake_ = false;
    bool stopping_ = false;
    std::atomic<bool> advancing_{false};
    std::thread thread_;
};

}  // namespace wxpay::sandbox
