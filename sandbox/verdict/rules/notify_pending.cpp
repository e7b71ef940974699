// A callback that has failed so far.
#include <fmt/format.h>

#include "sandbox/verdict/rules/callbacks.hpp"

namespace wxpay::sandbox::verdict {

Rule notify_pending();

namespace {

void judge(const Case& subject, Found& found) {
    if (subject.ending == nullptr) return;
    for (const Notification& each : subject.ending->notifications) {
        const Attempt* const last = last_own_failure(each);
        if (each.state != NotificationState::pending || last == nullptr) continue;
        found.add(subject, {last_failure(subject.trace)},
                  fmt::format("not received after {} attempts at {}, the last one: {}",
                              each.attempts.size(), each.url, last->reason));
    }
}

}  // namespace

Rule notify_pending() {
    return {.id = "notify/pending",
            .severity = Severity::warning,
            .meaning = "a callback has failed so far; WeChat would try again",
            .source = "R: an error only once WeChat has given up",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
