#include "sandbox/timers/fire.hpp"

#include <exception>
#include <utility>

#include <spdlog/spdlog.h>

#include "sandbox/ledger/payment.hpp"
#include "sandbox/ledger/payout.hpp"
#include "sandbox/notify/notifier.hpp"

namespace wxpay::sandbox {
namespace {

void user_acts(const Timer& timer, Context& context) {
    Work work(context);
    work.store().erase_timer(timer.id);
    if (const auto order = work.store().find_order(timer.subject)) {
        if (timer.kind == TimerKind::finish_paying) {
            finish_paying(work, *order);
        } else if (const auto paid = user_pays(work, *order, PayRequest{}); !paid) {
            spdlog::info("order {}: not paid by itself: {}", order->out_trade_no.str(),
                         text_of(paid.error()));
        }
    }
    work.commit();
}

void end_red_packet(const Timer& timer, Context& context) {
    Work work(context);
    work.store().erase_timer(timer.id);
    if (auto payout = work.store().find_payout(timer.subject))
        settle_red_packet(work, std::move(*payout));
    work.commit();
}

}  // namespace

void fire(const Timer& timer, Context& context, const std::function<void(Scheduler::Fired)>& done) {
    using Fired = Scheduler::Fired;
    try {
        switch (timer.kind) {
            case TimerKind::deliver:
                context.notifier.deliver(timer, [done](std::optional<Verdict> verdict) {
                    done(!verdict                  ? Fired::done
                         : *verdict == Verdict::ok ? Fired::delivered
                                                   : Fired::failed);
                });
                return;
            case TimerKind::auto_pay:
            case TimerKind::finish_paying:
                user_acts(timer, context);
                break;
            case TimerKind::settle_red_packet:
                end_red_packet(timer, context);
                break;
        }
    } catch (const std::exception& problem) {
        // It stays claimed in the store and fires again after a restart.
        spdlog::error("timer {}: {}", timer.id, problem.what());
    }
    done(Fired::done);
}

}  // namespace wxpay::sandbox
