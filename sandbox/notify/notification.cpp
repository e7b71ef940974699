#include "sandbox/notify/notification.hpp"

#include <array>
#include <utility>

namespace wxpay::sandbox {

namespace {

constexpr std::array<std::pair<NotificationKind, std::string_view>, 5> kKinds{
    {{NotificationKind::payment, "payment"},
     {NotificationKind::refund, "refund"},
     {NotificationKind::transfer, "transfer"},
     {NotificationKind::profit_sharing, "profit_sharing"},
     {NotificationKind::echo, "echo"}}};

}  // namespace

std::string_view wire_name(NotificationKind kind) {
    for (const auto& [each, word] : kKinds) {
        if (each == kind) return word;
    }
    return {};
}

std::optional<NotificationKind> parse_notification_kind(std::string_view word) {
    for (const auto& [kind, each] : kKinds) {
        if (each == word) return kind;
    }
    return std::nullopt;
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
