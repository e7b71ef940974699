#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "sandbox/context.hpp"
#include "sandbox/faults/fault.hpp"
#include "sandbox/notify/notification.hpp"
#include "sandbox/timers/timer.hpp"

namespace wxpay::sandbox {

/// Delivers callbacks: prepares (pure), sends (no transaction open), records (one transaction with
/// what comes next).
class Notifier {
  public:
    /// How an attempt ended. none: there was none to make (delivered meanwhile, or gone).
    /// unrecorded: it was made, but the store could not keep it, so it must be made again.
    enum class Delivery { none, succeeded, failed, unrecorded };
    /// Called once, from any thread.
    using Done = std::function<void(Delivery)>;

    explicit Notifier(Context& context) : context_(context) {}

    /// The attempt that a timer asks for: a failure schedules the next one, or exhausts the
    /// notification.
    void deliver(const Timer& timer, Done done);
    /// One more attempt now, outside the schedule. A success ends the retries; a failure changes
    /// nothing.
    void resend(std::int64_t notification_id, Done done);

    /// The clock is about to move to `target`: who has not answered by now and would be late then,
    /// has not answered.
    void hurry(Instant target);
    /// Forgets which callbacks of the merchant (empty: of all) a fault holds back.
    void forget_held(const std::string& mch_id);
    /// What comes back from now on is not recorded: it was cut short by us, and is tried again
    /// after a restart.
    void stop() { stopping_ = true; }

  private:
    struct InFlight {
        Instant at;
        std::function<void(http::Outcome)> finish;
    };

    /// A callback that a fault holds back. Its timer is set anew; this is what the timer does not
    /// know.
    struct Held {
        std::string mch_id;
        Injection fault;
        bool is_let_go = false;  ///< another callback has passed it
    };

    /// The fault for the attempt that a timer asks for: the one that held it back, or a new one.
    std::optional<Injection> choose_fault(const Notification& notification, bool& was_held);
    FaultTarget target_of(const Notification& notification) const;
    bool holds_back(const Injection& fault) const;
    void hold(Notification notification, const Timer& timer, Injection fault);
    /// Whoever waited for another callback of this merchant goes now.
    void let_pass(const std::string& mch_id, std::int64_t passed_by);

    /// The attempt, and its duplicates beside it. `copy` is 0, and 1, 2, … of duplicates.
    void attempts(const Notification& notification, std::optional<Timer> timer,
                  const std::optional<Injection>& fault, Done done);
    void attempt(const Notification& notification, std::optional<Timer> timer,
                 const std::optional<Injection>& fault, Done done, int copy = 0);
    http::Request request_for(const Notification& notification,
                              const std::optional<Injection>& fault, int copy) const;
    Delivery record(std::int64_t notification_id, const std::optional<Timer>& timer,
                    Attempt attempt);
    Millis timeout_for(const std::string& origin);
    void remember(const std::string& origin, bool timed_out);

    Context& context_;
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::map<std::uint64_t, InFlight>
        in_flight_;  // each ends once: by its answer, or by a clock that was moved
    std::uint64_t last_attempt_ = 0;
    std::map<std::int64_t, Held> held_;  // by the notification's id
    std::set<std::string> hung_;         // origins whose last attempt let the whole timeout pass
};

}  // namespace wxpay::sandbox
