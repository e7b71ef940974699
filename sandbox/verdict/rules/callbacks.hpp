#pragma once

#include <chrono>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

// What the rules about callbacks have in common.

/// source  [A] wechatpay-skills, 回调通知处理; pay.weixin.qq.com/doc/v2/merchant/4011935221
inline constexpr Millis kAnswerLimit = std::chrono::seconds(5);

/// The last attempt that failed by the merchant's doing: not one that a fault has struck, and no
/// probe that was refused. Null when there is none.
const Attempt* last_own_failure(const Notification& notification);
/// The last callback that failed so; null when the trace has none any more.
const Step* last_failure(const Trace& trace);
/// Whether the same callback was answered with success before.
bool was_received_before(const Trace& trace, const Step& callback);

/// Whether who answers with this HTTP status knows that he says no: a refusal, no bad answer.
bool says_no(int status);

}  // namespace wxpay::sandbox::verdict
