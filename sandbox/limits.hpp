#pragma once

#include <chrono>
#include <cstddef>

#include "core/base/clock.hpp"
#include "core/codec/json.hpp"
#include "core/domain/fen.hpp"

/// Everything that grows has a limit; each stands here with its reason.
namespace wxpay::sandbox {

/// Request bodies: a V2 order has about 1 KiB; WeChat's own limit is unknown.
inline constexpr std::size_t kBodyBytesMax = 1024 * 1024;
/// Request line and headers.
inline constexpr std::size_t kHeadBytesMax = 16 * 1024;
/// What is kept of a merchant's answer to a callback: enough to see what it was.
inline constexpr std::size_t kAttemptBodyMax = 4 * 1024;
/// Exchanges that are kept for inspection; the oldest go first.
inline constexpr std::size_t kExchangesMax = 10'000;
inline constexpr std::size_t kExchangeBytesMax = 64 * 1024 * 1024;
/// What the verdict remembers: orders of which something is worth a look, steps of each, merchants
/// by name, findings. See sandbox/verdict/traces.hpp.
inline constexpr std::size_t kTracesMax = 10'000;
inline constexpr std::size_t kTraceStepsMax = 64;
inline constexpr std::size_t kTraceMerchantsMax = 1'000;
inline constexpr std::size_t kFindingsMax = 1'000;
/// Orders and notifications of the ledger that a verdict looks at, the newest first.
inline constexpr std::size_t kJudgedMax = 10'000;
/// Refusals that a report lists.
inline constexpr std::size_t kRefusalsMax = 20;
/// Rows of one list in the control API.
inline constexpr std::size_t kListMax = 1'000;
inline constexpr std::size_t kListDefault = 100;
/// Clients of the forward proxy at the same time; each takes two descriptors.
inline constexpr std::size_t kProxyConnectionsMax = 4'096;
/// Long polls that wait at the same time.
inline constexpr std::size_t kWaitersMax = 10'000;
/// Event streams at the same time, and what may wait for one that is read slowly; who leaves more
/// waiting is let go.
inline constexpr std::size_t kEventStreamsMax = 64;
inline constexpr std::size_t kEventBytesMax = 1024 * 1024;
/// The longest that a long poll may ask to wait.
inline constexpr std::chrono::minutes kWaitMax{10};
/// Merchants of one server, each version of one counted; none is ever freed. A range is no longer.
inline constexpr std::size_t kMerchantVersionsMax = 100'000;
/// Levels of JSON that we read.
using wxpay::kJsonDepthMax;
/// A certificate or key.
inline constexpr std::size_t kPemBytesMax = 16 * 1024;
/// A list of authorities that somebody trusts; Mozilla's has 220 KiB.
inline constexpr std::size_t kRootsBytesMax = 8 * 1024 * 1024;
/// A configuration file; a merchant with a certificate has some 4 KiB.
inline constexpr std::size_t kConfigBytesMax = 8 * 1024 * 1024;
/// Fields that one trigger may override: more than any message has.
inline constexpr std::size_t kOverridesMax = 100;
/// Coupons in one payment.
inline constexpr std::size_t kCouponsMax = 20;
/// Faults in force at a time.
inline constexpr std::size_t kFaultsMax = 1'000;
/// The longest delay that a fault may ask for.
inline constexpr std::chrono::minutes kFaultDelayMax{10};
/// How long a callback waits for the merchant's next one to pass it.
inline constexpr std::chrono::seconds kReorderWait{15};
/// How far one call may move the clock: ten years cover refund windows and contracts.
inline constexpr std::chrono::hours kAdvanceMax{24 * 366 * 10};

/// How long a prepay_id or code_url is good.
/// source  [A] pay.weixin.qq.com/doc/v2/merchant/4011936530
inline constexpr std::chrono::hours kPrepayLife{2};
/// The same of an h5_url. source  [A] spec V3 4.1
inline constexpr std::chrono::minutes kH5Life{5};

/// How long after its payment an order can be refunded, and in how many parts.
/// source  [A] pay.weixin.qq.com/wiki/doc/api/micropay.php?chapter=9_4
inline constexpr std::chrono::hours kRefundWindow{24 * 365};
inline constexpr int kRefundsMax = 50;
/// How long after its payment a code payment can be reversed.
/// source  [A] pay.weixin.qq.com/doc/v2/merchant/4011937125
inline constexpr std::chrono::hours kReverseWindow{24 * 7};
/// What a code payment may cost without the user's password; the same page.
inline constexpr Fen kPasswordFree{100'000};
/// How long a slow user needs for the password; the contract's figure.
inline constexpr std::chrono::seconds kSlowPayer{10};
/// How long after its creation an unpaid order closes by itself, unless its time_expire is later;
/// events.md 1, [A].
inline constexpr std::chrono::hours kUnpaidLife{24 * 7};

/// How long a call whose answer never arrives stays open; v2.md 10.3: our choice.
inline constexpr Millis kSilence = std::chrono::seconds(30);

}  // namespace wxpay::sandbox
