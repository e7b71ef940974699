#include "sandbox/waiters.hpp"

#include <algorithm>
#include <utility>

#include "sandbox/limits.hpp"

namespace wxpay::sandbox {

Waiters::~Waiters() { stop(); }

void Waiters::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    const std::lock_guard lock(mutex_);
    for (const Waiting& waiting : waiting_) waiting.waiter.reply(waiting.waiter.give_up());
    waiting_.clear();
    count_ = 0;
}

bool Waiters::add(Waiter waiter) {
    // Checks run under the lock: a change that commits meanwhile then looks after this waiter is
    // listed.
    const std::lock_guard lock(mutex_);
    if (const auto answer = waiter.check()) {
        waiter.reply(*answer);
        return true;
    }
    if (stopping_ || waiting_.size() >= kWaitersMax) return false;
    const Millis deadline = stopwatch_.elapsed() + waiter.timeout;
    waiting_.push_back({std::move(waiter), deadline});
    ++count_;
    if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
    changed_.notify_all();
    return true;
}

void Waiters::order_changed(std::int64_t order_id) {
    if (count_ == 0) return;
    const std::lock_guard lock(mutex_);
    const auto answered = [&](const Waiting& waiting) {
        if (waiting.waiter.order_id.value_or(order_id) != order_id) return false;
        const auto answer = waiting.waiter.check();
        if (answer) waiting.waiter.reply(*answer);
        return answer.has_value();
    };
    count_ -= waiting_.remove_if(answered);
}

void Waiters::loop() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const Millis now = stopwatch_.elapsed();
        Millis next = Millis::max();
        count_ -= waiting_.remove_if([&](const Waiting& waiting) {
            if (waiting.deadline <= now) {
                waiting.waiter.reply(waiting.waiter.give_up());
                return true;
            }
            next = std::min(next, waiting.deadline);
            return false;
        });
        if (next == Millis::max()) {
            changed_.wait(lock);
        } else {
            changed_.wait_for(lock, next - now);
        }
    }
}

}  // namespace wxpay::sandbox
