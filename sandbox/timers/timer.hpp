#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/clock.hpp"

namespace wxpay::sandbox {

/// What can be due later. The numbers are stored: never change them.
enum class TimerKind : int {
    deliver = 1,        ///< the next attempt of a callback; the subject is the notification
    auto_pay = 2,       ///< --auto-pay: the user pays; the subject is the order
    finish_paying = 3,  ///< the slow user has typed the password; the subject is the order
    settle_refund = 4,  ///< a refund ends; the subject is the refund
    close_unpaid = 5,   ///< orders that nobody paid for a week close; no subject: one for all
    close_expired =
        12,           ///< an order that could be paid for longer closes; the subject is the order
    fail_paying = 6,  ///< the slow user has given up; the subject is the order
    document = 11,    ///< what a product beside payment does next; the subject is its document
    settle_payout = 10,  ///< it arrives, is opened, or its time is over
};

/// Something that happens later. It lives in the store, written in the transaction of what causes
/// it.
struct Timer {
    std::int64_t id = 0;
    Instant due;
    TimerKind kind = TimerKind::deliver;
    std::int64_t subject = 0;
};

}  // namespace wxpay::sandbox
