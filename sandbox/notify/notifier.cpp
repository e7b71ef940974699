#include "sandbox/notify/notifier.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/base/duration.hpp"
#include "core/codec/utf8.hpp"

#include "sandbox/diagnosis/callback.hpp"
#include "sandbox/ledger/work.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/notify/callback_request.hpp"
#include "sandbox/notify/sender.hpp"
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
    attempt(*notification, timer, std::move(done));
}

void Notifier::resend(std::int64_t notification_id, Done done) {
    const auto notification = context_.store.begin()->find_notification(notification_id);
    if (!notification) return done(Delivery::none);
    attempt(*notification, std::nullopt, std::move(done));
}

void Notifier::attempt(const Notification& notification, std::optional<Timer> timer, Done done) {
    Exchange exchange;
    exchange.kind = Exchange::Kind::callback;
    exchange.id = context_.exchanges.next_id(exchange.kind);
    exchange.at = context_.clock.now();
    exchange.url = notification.url;
    exchange.request = callback_request(notification.body);
    exchange.mch_id = notification.mch_id.str();
    exchange.out_trade_no = notification.out_trade_no.str();

    const auto url = http::Url::parse(notification.url);
    auto finish = [this, id = notification.id, mch_id = notification.mch_id.str(), timer,
                   done = std::move(done), origin = url ? url->origin() : std::string(),
                   answered_before = was_answered(notification),
                   exchange = std::move(exchange)](http::Outcome outcome) mutable {
        if (stopping_) return done(Delivery::none);
        remember(origin, outcome.kind == http::Outcome::Kind::timed_out);
        const Judgement judgement = judge_v2(outcome);
        Attempt attempt;
        attempt.at = exchange.at;
        attempt.http_status =
            outcome.kind == http::Outcome::Kind::answered ? outcome.response.status : 0;
        attempt.latency = outcome.latency;
        attempt.verdict = judgement.verdict;
        attempt.response_body = utf8_prefix(outcome.response.body, kAttemptBodyMax);
        exchange.response = std::move(outcome.response);
        exchange.response.status = attempt.http_status;
        exchange.latency = outcome.latency;
        exchange.verdict = name(judgement.verdict);
        exchange.error = judgement.reason;
        diagnosis::explain_callback(exchange, judgement, answered_before,
                                    context_.directory.find_merchant(mch_id));
        attempt.reason =
            exchange.hint.empty() ? judgement.reason : judgement.reason + ". " + exchange.hint;
        context_.exchanges.add(std::move(exchange));
        Delivery delivery = Delivery::unrecorded;
        try {
            delivery = record(id, timer, std::move(attempt));
        } catch (const std::exception& problem) {
            spdlog::error("callback {}: the attempt could not be recorded: {}", id, problem.what());
        }
        done(delivery);
    };
    if (!url) {
        return finish(http::Outcome{
            http::Outcome::Kind::unreachable, {}, Millis{0}, "notify_url is not a url"});
    }
    std::uint64_t key = 0;
    {
        const std::lock_guard lock(mutex_);
        key = ++last_attempt_;
        in_flight_.emplace(key, InFlight{context_.clock.now(), std::move(finish)});
    }
    context_.sender.send(*url, callback_request(notification.body), timeout_for(url->origin()),
                         [this, key](http::Outcome outcome) {
                             std::unique_lock lock(mutex_);
                             auto ended = in_flight_.extract(key);
                             lock.unlock();
                             if (!ended.empty()) ended.mapped().finish(std::move(outcome));
                         });
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
        if (step < context_.settings.notify_waits.size()) {
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
    if (const auto order =
            work.store().find_order(notification->mch_id, notification->out_trade_no)) {
        work.changed(*order);
    }
    work.commit();
    return verdict == Verdict::ok ? Delivery::succeeded : Delivery::failed;
}

}  // namespace wxpay::sandbox
