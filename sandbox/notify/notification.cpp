#include "sandbox/notify/notification.hpp"

namespace wxpay::sandbox {

std::string_view wire_name(NotificationKind kind) {
    return kind == NotificationKind::payment ? "payment" : "refund";
}

std::string_view wire_name(NotificationState state) {
    switch (state) {
        case NotificationState::pending:
            return "pending";
        case NotificationState::delivered:
            return "delivered";
        case NotificationState::exhausted:
            return "exhausted";
    }
    return {};
}

std::optional<NotificationState> parse_notification_state(std::string_view word) {
    for (const auto state :
         {NotificationState::pending, NotificationState::delivered, NotificationState::exhausted}) {
        if (wire_name(state) == word) return state;
    }
    return std::nullopt;
}

}  // namespace wxpay::sandbox
