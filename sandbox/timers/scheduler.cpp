#include "sandbox/timers/scheduler.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

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
    for (const Timer& timer : due) fire(timer, counts);
    return due.size();
}

void Scheduler::fire(const Timer& timer, const std::shared_ptr<Advanced>& counts) {
    {
        const std::lock_guard lock(mutex_);
        ++in_flight_;
        if (counts) ++counts->fired;
    }
    handler_(timer, [this, timer, counts](Fired fired) {
        // Notified under the lock: who waits for the last one may destroy us right after.
        const std::lock_guard lock(mutex_);
        --in_flight_;
        if (fired == Fired::broken) broken_.push_back(timer);
        if (counts && fired == Fired::delivered) ++counts->delivered;
        if (counts && (fired == Fired::failed || fired == Fired::broken)) ++counts->failed;
        changed_.notify_all();
    });
}

void Scheduler::fire_broken() {
    std::vector<Timer> broken;
    {
        const std::lock_guard lock(mutex_);
        broken.swap(broken_);
    }
    for (const Timer& timer : broken) fire(timer, nullptr);
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
    const auto counts = counts_;
    advancing_ = true;
    try {
        while (wait_until_idle(target)) {
            const auto next = store_.begin()->next_due();
            if (!next || *next > target) break;
            clock_.advance_to(*next);
            fire_due(counts);
        }
        clock_.advance_to(target);
        store_.begin()->commit();  // keeps the time, if nothing fell due that did
    } catch (const std::runtime_error& problem) {
        const std::lock_guard lock(mutex_);
        counts->problem = problem.what();
    }
    advancing_ = false;
    counts_ = std::make_shared<Advanced>();
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
        try {
            const bool is_manual = clock_.mode().kind == ClockMode::Kind::manual;
            if (fire_due(is_manual ? counts_ : nullptr) > 0) continue;
            const auto next = store_.begin()->next_due();
            wait_for_work(next ? clock_.real_time_until(*next) : std::nullopt);
        } catch (const std::runtime_error& problem) {
            spdlog::error("timers: {}; tried again every second", problem.what());
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, kRepairPause, [this] { return stopping_; });
        }
    }
}

void Scheduler::wait_for_work(std::optional<Millis> at_most) {
    std::unique_lock lock(mutex_);
    const bool repairs = !broken_.empty();
    if (repairs) at_most = std::min(at_most.value_or(kRepairPause), kRepairPause);
    const auto something_to_do = [&] {
        const bool broke_just_now = !repairs && !broken_.empty();
        return awake_ || stopping_ || !advances_.empty() || broke_just_now;
    };
    if (at_most) {
        changed_.wait_for(lock, *at_most, something_to_do);
    } else {
        changed_.wait(lock, something_to_do);
    }
    lock.unlock();
    if (repairs) fire_broken();  // also when something changed: the store may work again
}

}  // namespace wxpay::sandbox
