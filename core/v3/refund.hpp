#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/domain/fen.hpp"

namespace wxpay::v3 {

/// Where a refund stands. Abnormal: the money cannot go back to where it came from, a person must
/// act.
enum class RefundStatus { processing, success, closed, abnormal };

/// The wire word: "PROCESSING", …
std::string_view wire_name(RefundStatus status);
/// Nothing for an unknown word.
std::optional<RefundStatus> parse_refund_status(std::string_view word);

/// A refund as V3 tells of it, in answers and in callbacks. There is never an appid.
/// source  [A] pay.weixin.qq.com/doc/v3/merchant/4012552567 (answers), …/4012791865 (callbacks)
struct RefundResult {
    std::string mchid;  ///< callbacks only: whose refund an answer is about, the question said
    std::string out_trade_no;
    std::string transaction_id;
    std::string out_refund_no;
    std::string refund_id;
    RefundStatus status = RefundStatus::processing;
    Fen total;                            ///< of the order
    Fen refund;                           ///< what is given back
    std::optional<Instant> success_time;  ///< of a success
    std::string user_received_account;    ///< where the money went, in words
};

/// Reads the text of an answer (`status`) or what a callback's resource holds (`refund_status`).
/// Errors: not_utf8, too_large, malformed; missing_field; invalid_value (an unknown status, an
/// amount, a time).
Result<RefundResult> parse_refund(std::string_view text);

}  // namespace wxpay::v3
