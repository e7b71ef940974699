#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wxpay::http {
struct Outcome;
}

namespace wxpay::sandbox {

/// What an attempt to deliver a callback came to. Everything but ok is tried again.
enum class Verdict {
    ok,
    refused,      ///< the merchant understood and said no
    bad_answer,   ///< an answer that is not the one WeChat wants
    timeout,      ///< no whole answer in time
    unreachable,  ///< no connection, or one that may not be made
};

/// "ok", "refused", "bad_answer", "timeout", "unreachable".
const char* name(Verdict verdict);
/// Nothing for an unknown word.
std::optional<Verdict> parse_verdict(std::string_view word);

struct Judgement {
    Verdict verdict;
    /// One line of UTF-8 for people. With ok: empty, or what may go wrong with the real WeChat.
    std::string reason;
};

/// What a merchant says to a payment or refund that it has heard of.
inline constexpr std::string_view kCallbackAnswer =
    "<xml><return_code><![CDATA[SUCCESS]]></return_code>"
    "<return_msg><![CDATA[OK]]></return_msg></xml>";

/// Judges a merchant's answer to a V2 callback: HTTP 200 with XML whose return_code is SUCCESS is
/// ok. The answer's Content-Type is not looked at. source  spec: V2, what the merchant answers;
/// pay.weixin.qq.com/doc/v2/merchant/4011935221
/// wanted  of what would have been right, for the reason
Judgement judge_v2(const http::Outcome& outcome, std::string_view wanted = kCallbackAnswer);

/// Judges a merchant's answer to a V3 callback: 200 and 204 are ok, whatever the body; 4xx and 5xx
/// refuse it. source  [A] wechatpay-skills, 回调通知处理; other answers: our choice
Judgement judge_v3(const http::Outcome& outcome);

}  // namespace wxpay::sandbox
