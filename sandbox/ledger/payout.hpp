#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/ids.hpp"

#include "sandbox/ledger/work.hpp"

namespace wxpay::sandbox {

enum class PayoutKind { transfer, red_packet };

/// A transfer succeeds at once, or later (processing until then), or fails. A red packet is sent,
/// and then received or, unopened, returned.
enum class PayoutState { success, processing, failed, sent, received, returned };

/// The wire's words for states; for kinds the store's.
std::string_view wire_name(PayoutKind kind);
std::string_view wire_name(PayoutState state);
std::optional<PayoutState> parse_payout_state(std::string_view word);

/// Money from a merchant to a user: a transfer to the balance or a red packet. Each kind is a
/// namespace of (mch_id, number).
struct Payout {
    std::int64_t id = 0;  ///< given by the store
    PayoutKind kind = PayoutKind::transfer;
    MchId mch_id;
    std::string number;  ///< partner_trade_no or mch_billno
    AppId appid;
    std::string openid;
    Fen amount;
    std::string name;      ///< whom to (re_user_name) or from whom (send_name)
    std::string desc;      ///< desc or remark
    std::string wishing;   ///< red packet
    std::string activity;  ///< red packet: act_name
    std::string terms;     ///< check_name or scene_id: only compared

    PayoutState state = PayoutState::success;
    std::string detail_id;  ///< WeChat's number
    Instant created_at;
    std::optional<Instant> ended_at;  ///< when it got its final state
};

// Test users, by how their openids begin; anybody else gets a transfer at once and opens a red
// packet after ten seconds.
inline constexpr std::string_view kNeverOpens = "oCANCEL";   ///< a red packet
inline constexpr std::string_view kGetsLater = "oSLOW";      ///< a transfer: after ten seconds
inline constexpr std::string_view kNeverGets = "oPAYERROR";  ///< a transfer: it fails

/// What one user can get from one merchant by transfers on a day of UTC+8.
/// source  [B] the text of AMOUNT_LIMIT, v2.md 6.14
inline constexpr Fen kTransferDayMax{500'000};

/// Why money is not paid out. `differs`: its number stands for another payout. `over_limit`: a
/// transfer would bring its user above kTransferDayMax.
enum class PayoutProblem { differs, not_enough, over_limit };

struct PayoutRefusal {
    PayoutProblem problem;
    std::string_view what;  ///< the first member that differs
};

/// Pays out of the merchant's account what `wanted` says in its members down to `terms`. The same
/// again is the same payout: the one that there is comes back. The caller commits.
Result<Payout, PayoutRefusal> pay_out(Work& work, const Merchant& merchant, Payout wanted);

/// A transfer arrived late; a red packet was opened, or its time is over and the money goes back.
/// Harmless when it has ended before.
void settle_payout(Work& work, Payout payout);

}  // namespace wxpay::sandbox
