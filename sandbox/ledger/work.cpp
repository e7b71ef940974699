#include "sandbox/ledger/work.hpp"

#include "sandbox/events/announce.hpp"
#include "sandbox/timers/scheduler.hpp"
#include "sandbox/waiters.hpp"

namespace wxpay::sandbox {

Transaction& Work::store() {
    if (!transaction_) transaction_ = context_.store.join();
    return *transaction_;
}

void Work::schedule(Instant due, TimerKind kind, std::int64_t subject) {
    Timer timer{0, due, kind, subject};
    store().insert_timer(timer);
    scheduled_ = true;
}

void Work::changed(const Order& order) { changed_.push_back(order.id); }

void Work::changed(const Notification& notification) {
    changed_notifications_.push_back(notification.id);
}

void Work::commit() {
    if (transaction_) transaction_->commit();
    transaction_.reset();  // those who are told now will want the store
    // Told before what it causes begins.
    announce_orders(context_, changed_);
    announce_notifications(context_, changed_notifications_);
    if (scheduled_) context_.scheduler.wake();
    for (const std::int64_t id : changed_) context_.waiters.order_changed(id);
}

}  // namespace wxpay::sandbox
