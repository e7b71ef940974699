#include "sandbox/timers/scheduler.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace wxpay::sandbox {
namespace {

constexpr std::size_t kBatch = 256;

std::vector<Timer> claim(Store& store, Instant now) {
    const auto transaction = store.begin();
    std::vector<Timer> due = transaction->claim_due(now, kBatch);
    if (!due.empty()) transaction->commit();
    return due;
}

}  // namespace

Scheduler::~Scheduler() { stop(); }

void Scheduler::start() {
    thread_ = std::thread([this] { loop(); });
}

void Scheduler::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        advances_.clear();
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Scheduler::wake() {
    {
        const std::lock_guard lock(mutex_);
        awake_ = true;
    }
    changed_.notify_all();
}

void Scheduler::advance(Instant target, std::function<void(const Advanced&)> done) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        advances_.push_back({target, std::move(done)});
    }
    changed_.notify_all();
}

std::size_t Scheduler::fire_due(const std::shared_ptr<Advanced>& counts) {
    const std::vector<Timer> due = claim(store_, clock_.now());
    for (const Timer& timer : due) {
        {
            const std::lock_guard lock(mutex_);
            ++in_flight_;
            if (counts) ++counts->fired;
        }
        handler_(timer, [this, counts](Fired fired) {
            // Notified under the lock: who waits for the last one may destroy us right after.
            const std::lock_guard lock(mutex_);
            --in_flight_;
            if (counts && fired == Fired::delivered) ++counts->delivered;
            if (counts && fired == Fired::failed) ++counts->failed;
            changed_.notify_all();
        });
    }
    return due.size();
}

bool Scheduler::wait_until_idle(Instant target) {
    const auto idle = [this] { return in_flight_ == 0 || stopping_; };
    std::unique_lock lock(mutex_);
    if (hurry_ && !changed_.wait_for(lock, kGrace, idle)) {
        lock.unlock();
        hurry_(target);
        lock.lock();
    }
    changed_.wait(lock, idle);
    return !stopping_;
}

Scheduler::Advanced Scheduler::run_until(Instant target) {
    // Shared: when the scheduler is stopping, what is in flight may outlive this call.
    const auto counts = std::make_shared<Advanced>();
    advancing_ = true;
    while (wait_until_idle(target)) {
        const auto next = store_.begin()->next_due();
        if (!next || *next > target) break;
        clock_.advance_to(*next);
        fire_due(counts);
    }
    clock_.advance_to(target);
    advancing_ = false;
    const std::lock_guard lock(mutex_);
    counts->now = clock_.now();
    return *counts;
}

void Scheduler::loop() {
    for (;;) {
        std::optional<Advance> advance;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            awake_ = false;
            if (!advances_.empty()) {
                advance = std::move(advances_.front());
                advances_.pop_front();
            }
        }
        if (advance) {
            const Advanced counts = run_until(advance->target);
            {
                const std::lock_guard lock(mutex_);
                if (stopping_) return;
            }
            advance->done(counts);
            continue;
        }
        if (fire_due(nullptr) > 0) continue;
        const auto next = store_.begin()->next_due();
        const auto wait = next ? clock_.real_time_until(*next) : std::nullopt;
        std::unique_lock lock(mutex_);
        const auto something_to_do = [this] { return awake_ || stopping_ || !advances_.empty(); };
        if (wait) {
            changed_.wait_for(lock, *wait, something_to_do);
        } else {
            changed_.wait(lock, something_to_do);
        }
    }
}

}  // namespace wxpay::sandbox
