#include "sandbox/timers/fire.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <spdlog/spdlog.h>

#include "sandbox/ledger/payment.hpp"
#include "sandbox/ledger/payout.hpp"
#include "sandbox/ledger/refund.hpp"
#include "sandbox/metrics/metrics.hpp"
#include "sandbox/notify/notifier.hpp"
#include "sandbox/products/steps.hpp"

namespace wxpay::sandbox {
namespace {

void pay_by_itself(Work& work, const Order& order) {
    if (const auto paid = user_pays(work, order, PayRequest{}); !paid) {
        spdlog::info("order {}: not paid by itself: {}", order.out_trade_no.str(),
                     text_of(paid.error()));
    }
}

void settle_refund(Work& work, const Refund& refund) {
    const auto order = work.store().find_order(refund.order_id);
    if (order && refund.state == RefundState::processing)
        end_refund(work, refund, order->refund_outcome);
}

/// A refund that is sent on its way again settles twice, perhaps in the same moment: its second
/// callback must not have the first one's id and nonce.
std::uint64_t occasion_of(const Timer& timer, Store& store) {
    if (timer.kind != TimerKind::settle_refund) return 0;
    const auto transaction = store.begin();
    const auto refund = transaction->find_refund(timer.subject);
    const auto order = refund ? transaction->find_order(refund->order_id) : std::nullopt;
    return order ? static_cast<std::uint64_t>(order->refund_outcome) : 0;
}

/// What becomes due in the ledger, in one transaction with its timer's end.
void act(const Timer& timer, Context& given) {
    // When it fires beside calls is chance, and so is its id; what it draws must not be.
    constexpr unsigned kSubjectBits = 48;
    SeededRandom random =
        given.random
            .branch(static_cast<std::uint64_t>(timer.subject) |
                    static_cast<std::uint64_t>(timer.kind) << kSubjectBits)
            .branch(static_cast<std::uint64_t>(timer.due.time_since_epoch().count()))
            .branch(occasion_of(timer, given.store));
    Context context = given.drawing_from(random);
    Work work(context);
    work.store().erase_timer(timer.id);
    if (timer.kind == TimerKind::settle_refund) {
        if (const auto refund = work.store().find_refund(timer.subject))
            settle_refund(work, *refund);
    } else if (timer.kind == TimerKind::close_unpaid) {
        close_overdue(work);
    } else if (timer.kind == TimerKind::settle_payout) {
        if (auto payout = work.store().find_payout(timer.subject))
            settle_payout(work, std::move(*payout));
    } else if (timer.kind == TimerKind::document) {
        if (const auto document = work.store().find_document(timer.subject))
            take_step(work, *document);
    } else if (const auto order = work.store().find_order(timer.subject)) {
        switch (timer.kind) {
            case TimerKind::auto_pay:
                pay_by_itself(work, *order);
                break;
            case TimerKind::finish_paying:
                finish_paying(work, *order);
                break;
            case TimerKind::fail_paying:
                fail_paying(work, *order);
                break;
            case TimerKind::close_expired:
                close_unpaid(work, *order);
                break;
            case TimerKind::close_unpaid:
            case TimerKind::deliver:
            case TimerKind::document:
            case TimerKind::settle_payout:
            case TimerKind::settle_refund:
                break;
        }
    }
    work.commit();
}

Scheduler::Fired fired_by(Notifier::Delivery delivery) {
    using Fired = Scheduler::Fired;
    switch (delivery) {
        case Notifier::Delivery::none:
            return Fired::done;
        case Notifier::Delivery::succeeded:
            return Fired::delivered;
        case Notifier::Delivery::failed:
            return Fired::failed;
        case Notifier::Delivery::unrecorded:
            break;
    }
    return Fired::broken;
}

}  // namespace

void fire(const Timer& timer, Context& context, const std::function<void(Scheduler::Fired)>& done) {
    using Fired = Scheduler::Fired;
    context.metrics.count_timer(std::max(Millis{0}, context.clock.now() - timer.due));
    try {
        switch (timer.kind) {
            case TimerKind::deliver:
                context.notifier.deliver(
                    timer, [done](Notifier::Delivery delivery) { done(fired_by(delivery)); });
                return;
            case TimerKind::auto_pay:
            case TimerKind::finish_paying:
            case TimerKind::settle_refund:
            case TimerKind::close_unpaid:
            case TimerKind::close_expired:
            case TimerKind::fail_paying:
            case TimerKind::document:
            case TimerKind::settle_payout:
                act(timer, context);
                break;
        }
    } catch (const std::exception& problem) {
        spdlog::error("timer {}: {}", timer.id, problem.what());
        return done(Fired::broken);
    }
    done(Fired::done);
}

}  // namespace wxpay::sandbox
