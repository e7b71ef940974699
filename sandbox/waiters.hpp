#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/clock.hpp"
#include "core/http/message.hpp"

namespace wxpay::sandbox {

/// Long polls: answers that wait for an order to change, or for real time to run out. They hold no
/// worker.
class Waiters {
  public:
    /// Looks again; the answer when there is one now.
    using Check = std::function<std::optional<http::Response>()>;

    struct Waiter {
        std::optional<std::int64_t>
            order_id;  ///< nothing: the order is not there yet, any change may be it
        Check check;
        Millis timeout{0};
        std::function<http::Response()> give_up;
        http::Reply reply;
    };

    /// `stopwatch` must outlive it.
    explicit Waiters(const Stopwatch& stopwatch) : stopwatch_(stopwatch) {}
    ~Waiters();
    Waiters(const Waiters&) = delete;
    Waiters& operator=(const Waiters&) = delete;

    /// Answers at once when the check holds already or the timeout is zero. False when too many
    /// wait.
    bool add(Waiter waiter);
    void order_changed(std::int64_t order_id);
    /// Gives up all before their time.
    void stop();

  private:
    struct Waiting {
        Waiter waiter;
        Millis deadline;
    };

    void loop();

    const Stopwatch& stopwatch_;
    std::atomic<std::size_t> count_{0};  // lets a change pass without the lock while nobody waits
    std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Waiting> waiting_;
    bool stopping_ = false;
    std::thread thread_;  // runs from the first waiter on
};

}  // namespace wxpay::sandbox
