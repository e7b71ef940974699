#include "sandbox/ledger/work.hpp"

#include "sandbox/timers/scheduler.hpp"
#include "sandbox/waiters.hpp"

namespace wxpay::sandbox {

Work::Work(Context& context) : context_(context), transaction_(context.store.begin()) {}

void Work::schedule(Instant due, TimerKind kind, std::int64_t subject) {
    Timer timer{0, due, kind, subject};
    transaction_->insert_timer(timer);
    scheduled_ = true;
}

void Work::changed(const Order& order) { changed_.push_back(order.id); }

void Work::commit() {
    transaction_->commit();
    transaction_.reset();  // those who are told now will want the store
    if (scheduled_) context_.scheduler.wake();
    for (const std::int64_t id : changed_) context_.waiters.order_changed(id);
}

}  // namespace wxpay::sandbox
