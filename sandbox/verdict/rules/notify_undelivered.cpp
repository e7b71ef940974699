// A callback that WeChat has given up.
#include <algorithm>

#include <fmt/format.h>

#include "sandbox/verdict/rules/callbacks.hpp"

namespace wxpay::sandbox::verdict {

Rule notify_undelivered();

namespace {

void judge(const Case& subject, Found& found) {
    if (subject.ending == nullptr) return;
    for (const Notification& each : subject.ending->notifications) {
        const Attempt* const last = last_own_failure(each);
        if (each.state != NotificationState::exhausted || last == nullptr) continue;
        found.add(subject, {last_failure(subject.trace)},
                  fmt::format("{} attempts to {} failed, the last one: {}", each.attempts.size(),
                              each.url, last->reason));
    }
}

}  // namespace

Rule notify_undelivered() {
    return {.id = "notify/undelivered",
            .severity = Severity::error,
            .meaning = "WeChat gave a callback up: the merchant never received it",
            .source = "A: wechatpay-skills, 接入质量检查清单: 支付回调处理, 退款回调处理, 必须",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
