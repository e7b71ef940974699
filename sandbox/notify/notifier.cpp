#include "sandbox/notify/notifier.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/base/duration.hpp"
#include "core/codec/utf8.hpp"

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/diagnosis/callback.hpp"
#include "sandbox/faults/callback_faults.hpp"
#include "sandbox/faults/fault_set.hpp"
#include "sandbox/ledger/combination.hpp"
#include "sandbox/ledger/work.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/notify/callback_request.hpp"
#include "sandbox/notify/sender.hpp"
#include "sandbox/notify/v3_callback.hpp"
#include "sandbox/timers/scheduler.hpp"

namespace wxpay::sandbox {
namespace {

/// While the clock is moved, waiting 5 real seconds again and again for a merchant that hangs would
/// turn a day of retries into minutes. Once it has let the whole timeout pass, later attempts of a
/// move get this long until it answers again.
constexpr Millis kHungTimeout{10};

bool was_answered(const Notification& notification) {
    return std::any_of(notification.attempts.begin(), notification.attempts.end(),
                       [](const Attempt& each) { return each.verdict == Verdict::ok; });
}

/// A probe is refused by who verifies: then the callback comes again, rightly signed.
Judgement judge_probe(const Judgement& answered) {
    if (answered.verdict == Verdict::ok) {
        return {Verdict::bad_answer, std::string(kProbeReason) +
                                         ": accepted a forged signature, so this handler does not "
                                         "verify; wanted: 4xx or 5xx"};
    }
    return {answered.verdict,
            std::string(kProbeReason) + ": refused, as it should be (" + answered.reason + ")"};
}

/// The reason of an attempt that a fault has struck.
std::string with_fault(const Injection& fault, const std::string& reason) {
    const std::string what = fmt::format("fault {}: {}", fault.id, describe(fault.effect));
    return reason.empty() ? what : what + ". " + reason;
}

}  // namespace

Millis Notifier::timeout_for(const std::string& origin) {
    if (!context_.scheduler.is_advancing()) return context_.settings.notify_timeout;
    const std::lock_guard lock(mutex_);
    return hung_.contains(origin) ? std::min(kHungTimeout, context_.settings.notify_timeout)
                                  : context_.settings.notify_timeout;
}

void Notifier::remember(const std::string& origin, bool timed_out) {
    const std::lock_guard lock(mutex_);
    if (timed_out) {
        hung_.insert(origin);
    } else {
        hung_.erase(origin);
    }
}

void Notifier::deliver(const Timer& timer, Done done) {
    const auto notification = context_.store.begin()->find_notification(timer.subject);
    if (!notification || notification->state != NotificationState::pending) {
        const auto transaction = context_.store.begin();
        transaction->erase_timer(timer.id);
        transaction->commit();
        return done(Delivery::none);
    }
    bool was_held = false;
    auto fault = choose_fault(*notification, was_held);
    if (fault && !was_held && holds_back(*fault)) {
        hold(*notification, timer, *std::move(fault));
        return done(Delivery::none);
    }
    attempts(*notification, timer, fault, std::move(done));
}

void Notifier::resend(std::int64_t notification_id, Done done) {
    const auto notification = context_.store.begin()->find_notification(notification_id);
    if (!notification) return done(Delivery::none);
    FaultTarget target = target_of(*notification);
    target.can_wait = false;
    attempts(*notification, std::nullopt, context_.faults.draw(target), std::move(done));
}

FaultTarget Notifier::target_of(const Notification& notification) const {
    const std::string_view url = notification.url;
    const std::size_t authority = url.find("://");
    const std::size_t path =
        authority == std::string_view::npos ? authority : url.find('/', authority + 3);
    FaultTarget target{.on = Fault::On::notify,
                       .path = "/",
                       .mch_id = wire_id(notification.mch_id.str()),
                       .out_trade_no = notification.out_trade_no.str()};
    if (path != std::string_view::npos)
        target.path = url.substr(path, url.find_first_of("?#", path) - path);
    return target;
}

std::optional<Injection> Notifier::choose_fault(const Notification& notification, bool& was_held) {
    FaultTarget target = target_of(notification);
    {
        const std::lock_guard lock(mutex_);
        if (auto held = held_.extract(notification.id); !held.empty()) {
            was_held = true;
            return std::move(held.mapped().fault);
        }
        target.can_swap = std::none_of(held_.begin(), held_.end(), [&](const auto& each) {
            return each.second.fault.is(Effect::Kind::reorder) &&
                   each.second.mch_id == notification.mch_id.str() && !each.second.is_let_go;
        });
    }
    return context_.faults.draw(target);
}

bool Notifier::holds_back(const Injection& fault) const {
    return fault.delay > Millis{0} || fault.is(Effect::Kind::reorder);
}

void Notifier::hold(Notification notification, const Timer& timer, Injection fault) {
    const Millis wait = fault.is(Effect::Kind::reorder) ? Millis(kReorderWait) : fault.delay;
    {
        // Before the commit: its timer may fire right after.
        const std::lock_guard lock(mutex_);
        held_.insert_or_assign(notification.id,
                               Held{notification.mch_id.str(), std::move(fault), false});
    }
    Work work(context_);
    work.store().erase_timer(timer.id);
    notification.next_at = context_.clock.now() + wait;
    work.store().update_notification(notification);
    work.schedule(*notification.next_at, TimerKind::deliver, notification.id);
    work.changed(notification);
    work.commit();
}

void Notifier::let_pass(const std::string& mch_id, std::int64_t passed_by) {
    std::vector<std::int64_t> waiting;
    {
        const std::lock_guard lock(mutex_);
        held_.erase(passed_by);  // a resend was faster than what held it back
        for (auto& [id, held] : held_) {
            if (!held.fault.is(Effect::Kind::reorder) || held.mch_id != mch_id || held.is_let_go)
                continue;
            held.is_let_go = true;  // by one passer only: two would make two deliveries of it
            waiting.push_back(id);
        }
    }
    if (waiting.empty()) return;
    Work work(context_);
    for (const std::int64_t id : waiting) {
        auto notification = work.store().find_notification(id);
        if (!notification || notification->state != NotificationState::pending) continue;
        notification->next_at = context_.clock.now();
        work.store().update_notification(*notification);
        work.store().erase_timers(TimerKind::deliver, id);
        work.schedule(*notification->next_at, TimerKind::deliver, id);
        work.changed(*notification);
    }
    work.commit();
}

void Notifier::forget_held(const std::string& mch_id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(held_,
                  [&](const auto& each) { return mch_id.empty() || each.second.mch_id == mch_id; });
}

void Notifier::attempts(const Notification& notification, std::optional<Timer> timer,
                        const std::optional<Injection>& fault, Done done) {
    const int copies = fault ? fault->effect.copies : 0;
    if (copies == 0) return attempt(notification, timer, fault, std::move(done));
    // Shared by the deliveries: the last one to end says how the first one, the timer's, ended.
    struct Together {
        std::atomic<int> left;
        Delivery first = Delivery::none;
        Done done;
    };
    auto together = std::make_shared<Together>();
    together->left = copies + 1;
    together->done = std::move(done);
    const auto end = [together] {
        if (--together->left == 0) together->done(together->first);
    };
    attempt(notification, timer, fault, [together, end](Delivery delivery) {
        together->first = delivery;
        end();
    });
    for (int n = 1; n <= copies; ++n)
        attempt(
            notification, std::nullopt, fault, [end](Delivery) { end(); }, n);
}

void Notifier::attempt(const Notification& notification, std::optional<Timer> timer,
                       const std::optional<Injection>& fault, Done done, int copy) {
    const http::Request request = request_for(notification, fault, copy);
    const bool is_v3 = notification.api == ApiVersion::v3;
    const bool is_probed = is_v3 && is_probe(request);
    const bool is_lost = fault && fault->is(Effect::Kind::lose);

    Exchange exchange;
    exchange.fault = fault;
    exchange.kind = Exchange::Kind::callback;
    exchange.id = context_.exchanges.next_id(exchange.kind);
    exchange.at = context_.clock.now();
    exchange.url = notification.url;
    exchange.request = request;
    exchange.mch_id = notification.mch_id.str();
    exchange.out_trade_no = notification.out_trade_no.str();

    const auto url = http::Url::parse(notification.url);
    auto finish = [this, is_lost, is_v3, is_probed, id = notification.id,
                   mch_id = notification.mch_id.str(), timer, done = std::move(done),
                   origin = url ? url->origin() : std::string(),
                   answered_before = was_answered(notification),
                   exchange = std::move(exchange)](http::Outcome outcome) mutable {
        if (stopping_) return done(Delivery::none);
        if (exchange.fault) outcome = spoiled_answer(std::move(outcome), exchange.fault->effect);
        if (!is_lost) remember(origin, outcome.kind == http::Outcome::Kind::timed_out);
        Judgement judgement = is_v3 ? judge_v3(outcome) : judge_v2(outcome);
        if (is_probed) judgement = judge_probe(judgement);
        Attempt attempt;
        attempt.at = exchange.at;
        attempt.http_status =
            outcome.kind == http::Outcome::Kind::answered ? outcome.response.status : 0;
        attempt.latency = outcome.latency;
        attempt.verdict = judgement.verdict;
        attempt.is_probe = is_probed;
        attempt.response_body = utf8_prefix(outcome.response.body, kAttemptBodyMax);
        exchange.response = std::move(outcome.response);
        exchange.response.status = attempt.http_status;
        exchange.latency = outcome.latency;
        exchange.verdict = name(judgement.verdict);
        if (judgement.verdict != Verdict::ok) exchange.error = judgement.reason;
        // Who refuses a probe does right, and needs no advice; nor does who could not help it.
        const bool is_decided = exchange.fault && decides_the_attempt(exchange.fault->effect);
        if (!is_decided && !(is_probed && judgement.verdict != Verdict::bad_answer)) {
            diagnosis::explain_callback(exchange, judgement, answered_before,
                                        context_.directory.find_merchant(mch_id));
        }
        attempt.reason = judgement.reason;
        if (!exchange.hint.empty() && !is_probed) attempt.reason += ". " + exchange.hint;
        if (exchange.fault) attempt.reason = with_fault(*exchange.fault, attempt.reason);
        context_.exchanges.add(std::move(exchange));
        Delivery delivery = Delivery::unrecorded;
        try {
            delivery = record(id, timer, std::move(attempt));
            let_pass(mch_id, id);
        } catch (const std::exception& problem) {
            spdlog::error("callback {}: the attempt could not be recorded: {}", id, problem.what());
        }
        // What follows a probe comes at once; where a timer has asked for it, by the timer.
        if (is_probed && !timer && delivery == Delivery::failed) return resend(id, std::move(done));
        done(delivery);
    };
    if (!url) {
        return finish(http::Outcome{
            http::Outcome::Kind::unreachable, {}, Millis{0}, "notify_url is not a url"});
    }
    if (is_lost) {
        return finish(http::Outcome{http::Outcome::Kind::timed_out,
                                    {},
                                    Millis{0},
                                    "nothing was sent, and so nobody answered"});
    }
    std::uint64_t key = 0;
    {
        const std::lock_guard lock(mutex_);
        key = ++last_attempt_;
        in_flight_.emplace(key, InFlight{context_.clock.now(), std::move(finish)});
    }
    const Millis timeout = timeout_for(url->origin());
    auto on_end = [this, key](http::Outcome outcome) {
        std::unique_lock lock(mutex_);
        auto ended = in_flight_.extract(key);
        lock.unlock();
        if (!ended.empty()) ended.mapped().finish(std::move(outcome));
    };
    if (fault && cuts_the_callback(fault->effect)) {
        std::optional<std::size_t> body_bytes;
        if (fault->is(Effect::Kind::truncate)) body_bytes = fault->effect.truncate_at;
        context_.sender.send_and_cut(*url, request, body_bytes, timeout, std::move(on_end));
    } else {
        context_.sender.send(*url, request, timeout, std::move(on_end));
    }
}

http::Request Notifier::request_for(const Notification& notification,
                                    const std::optional<Injection>& fault, int copy) const {
    const Merchant* const merchant = context_.directory.find_merchant(notification.mch_id.str());
    if (merchant == nullptr) return callback_request(notification.body);
    if (notification.api == ApiVersion::v3)
        return v3_callback_request(notification, *merchant, fault ? &fault->effect : nullptr, copy,
                                   context_);
    return callback_request(
        fault ? spoiled_callback(notification.body, fault->effect, merchant->api_key)
              : notification.body);
}

void Notifier::hurry(Instant target) {
    std::vector<InFlight> late;
    {
        const std::lock_guard lock(mutex_);
        for (auto each = in_flight_.begin(); each != in_flight_.end();) {
            const auto next = std::next(each);
            if (target - each->second.at >= context_.settings.notify_timeout) {
                late.push_back(std::move(in_flight_.extract(each).mapped()));
            }
            each = next;
        }
    }
    for (InFlight& each : late) {
        each.finish(http::Outcome{http::Outcome::Kind::timed_out,
                                  {},
                                  Scheduler::kGrace,
                                  "no answer before the clock was moved past " +
                                      format_duration(context_.settings.notify_timeout)});
    }
}

Notifier::Delivery Notifier::record(std::int64_t notification_id, const std::optional<Timer>& timer,
                                    Attempt attempt) {
    Work work(context_);
    auto notification = work.store().find_notification(notification_id);
    if (!notification) return Delivery::none;  // reset while it was in flight
    const Verdict verdict = attempt.verdict;
    attempt.n = static_cast<int>(notification->attempts.size()) + 1;
    work.store().insert_attempt(notification_id, attempt);
    if (timer) work.store().erase_timer(timer->id);
    if (verdict == Verdict::ok) {
        notification->state = NotificationState::delivered;
        notification->next_at.reset();
        work.store().erase_timers(TimerKind::deliver, notification_id);
    } else if (timer && notification->state == NotificationState::pending) {
        const auto step = static_cast<std::size_t>(notification->retries);
        if (attempt.is_probe) {
            // What follows comes at once and is no step of the schedule.
            notification->next_at = context_.clock.now();
            work.schedule(*notification->next_at, TimerKind::deliver, notification_id);
        } else if (step < context_.settings.notify_waits.size()) {
            // Each gap begins when the attempt is judged failed (v2.md 8.3: our choice).
            notification->next_at = context_.clock.now() + context_.settings.notify_waits[step];
            ++notification->retries;
            work.schedule(*notification->next_at, TimerKind::deliver, notification_id);
        } else {
            notification->state = NotificationState::exhausted;
            notification->next_at.reset();
        }
    }
    work.store().update_notification(*notification);
    work.changed(*notification);
    for (const Order& order :
         orders_named(work.store(), notification->mch_id, notification->out_trade_no)) {
        work.changed(order);
    }
    work.commit();
    return verdict == Verdict::ok ? Delivery::succeeded : Delivery::failed;
}

}  // namespace wxpay::sandbox
