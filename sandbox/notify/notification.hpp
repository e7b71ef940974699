#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/domain/ids.hpp"

#include "sandbox/notify/verdict.hpp"

namespace wxpay::sandbox {

enum class NotificationKind { payment, refund };
enum class NotificationState { pending, delivered, exhausted };

std::string_view wire_name(NotificationKind kind);
std::string_view wire_name(NotificationState state);
std::optional<NotificationState> parse_notification_state(std::string_view word);

/// One try to deliver a callback.
struct Attempt {
    int n = 0;  ///< 1, 2, …
    Instant at;
    int http_status = 0;  ///< 0: no HTTP answer
    Millis latency{0};
    Verdict verdict = Verdict::unreachable;
    std::string reason;
    std::string response_body;  ///< cut at kAttemptBodyMax bytes
};

/// A callback: its bytes are made once, when the ledger changes, and repeat in every attempt.
struct Notification {
    std::int64_t id = 0;
    NotificationKind kind = NotificationKind::payment;
    MchId mch_id;
    OutTradeNo out_trade_no;
    std::string url;
    std::string body;
    NotificationState state = NotificationState::pending;
    int retries = 0;  ///< how many steps of the schedule are behind it
    std::optional<Instant> next_at;
    std::vector<Attempt> attempts;
};

}  // namespace wxpay::sandbox
