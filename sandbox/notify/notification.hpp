#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/domain/ids.hpp"

#include "sandbox/ledger/order.hpp"
#include "sandbox/notify/verdict.hpp"

namespace wxpay::sandbox {

/// What it is about. V2 knows the first two.
enum class NotificationKind { payment, refund, transfer, profit_sharing, echo };
enum class NotificationState { pending, delivered, exhausted };

std::string_view wire_name(NotificationKind kind);
std::string_view wire_name(NotificationState state);
std::optional<NotificationKind> parse_notification_kind(std::string_view word);
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
    bool is_probe = false;      ///< V3: signed wrongly, to see whether it is refused
};

/// A callback: its body is made once, when the ledger changes, and repeats in every attempt. (V3
/// signs it anew for each.)
struct Notification {
    std::int64_t id = 0;
    NotificationKind kind = NotificationKind::payment;
    MchId mch_id;
    OutTradeNo out_trade_no;
    std::string url;
    std::string body;
    ApiVersion api = ApiVersion::v2;   ///< whose format the body has
    std::string platform_serial = {};  ///< V3: as Order::platform_serial
    NotificationState state = NotificationState::pending;
    int retries = 0;  ///< how many steps of the schedule are behind it
    std::optional<Instant> next_at;
    std::vector<Attempt> attempts;
};

}  // namespace wxpay::sandbox
