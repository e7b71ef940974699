#include "sandbox/ledger/payout.hpp"

#include <array>
#include <chrono>
#include <utility>

#include "core/codec/beijing_time.hpp"

#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/identifiers.hpp"

namespace wxpay::sandbox {
namespace {

/// How long the user takes to open a red packet, and a late transfer to arrive; our choice.
constexpr std::chrono::seconds kOpening{10};
/// How long a red packet waits for that; [A] the page of gethbinfo.
constexpr std::chrono::hours kRedPacketLife{24};

constexpr std::array<std::pair<PayoutState, std::string_view>, 6> kStates{
    {{PayoutState::success, "SUCCESS"},
     {PayoutState::processing, "PROCESSING"},
     {PayoutState::failed, "FAILED"},
     {PayoutState::sent, "SENT"},
     {PayoutState::received, "RECEIVED"},
     {PayoutState::returned, "REFUND"}}};

PayoutState state_of_transfer(const Payout& transfer) {
    if (transfer.openid.starts_with(kGetsLater)) return PayoutState::processing;
    if (transfer.openid.starts_with(kNeverGets)) return PayoutState::failed;
    return PayoutState::success;
}

bool is_over_limit(Work& work, const Payout& transfer, Instant now) {
    const Fen today = work.store().transferred(transfer.mch_id, transfer.openid, start_of_day(now));
    return today.count() + transfer.amount.count() > kTransferDayMax.count();
}

bool is_opened(const Payout& payout) { return !payout.openid.starts_with(kNeverOpens); }

/// What a repeated call has changed; empty when it is the same call.
std::string_view difference(const Payout& stored, const Payout& sent) {
    if (stored.openid != sent.openid) return "openid";
    if (stored.amount != sent.amount) return "amount";
    if (stored.appid != sent.appid) return "appid";
    if (stored.name != sent.name) return "name";
    if (stored.desc != sent.desc) return "text";
    if (stored.wishing != sent.wishing) return "wishing";
    if (stored.activity != sent.activity) return "act_name";
    if (stored.terms != sent.terms) {
        return sent.kind == PayoutKind::transfer ? "check_name" : "scene_id";
    }
    return {};
}

}  // namespace

std::string_view wire_name(PayoutKind kind) {
    return kind == PayoutKind::transfer ? "transfer" : "red_packet";
}

std::string_view wire_name(PayoutState state) {
    for (const auto& [each, word] : kStates) {
        if (each == state) return word;
    }
    return {};
}

std::optional<PayoutState> parse_payout_state(std::string_view word) {
    for (const auto& [state, each] : kStates) {
        if (each == word) return state;
    }
    return std::nullopt;
}

Result<Payout, PayoutRefusal> pay_out(Work& work, const Merchant& merchant, Payout wanted) {
    if (auto stored = work.store().find_payout(wanted.kind, wanted.mch_id, wanted.number)) {
        const std::string_view what = difference(*stored, wanted);
        if (!what.empty()) return Failure{PayoutRefusal{PayoutProblem::differs, what}};
        return std::move(*stored);
    }
    const Instant now = work.context().clock.now();
    if (wanted.kind == PayoutKind::transfer && is_over_limit(work, wanted, now))
        return Failure{PayoutRefusal{PayoutProblem::over_limit, {}}};
    if (balance(work, merchant) < wanted.amount)
        return Failure{PayoutRefusal{PayoutProblem::not_enough, {}}};
    wanted.created_at = now;
    if (wanted.kind == PayoutKind::transfer) {
        wanted.detail_id = next_payment_no(work.context().random, now);
        wanted.state = state_of_transfer(wanted);
        if (wanted.state != PayoutState::processing) wanted.ended_at = now;
    } else {
        wanted.detail_id = next_send_listid(work.context().random, now);
        wanted.state = PayoutState::sent;
    }
    work.store().insert_payout(wanted);
    if (!wanted.ended_at) {
        const bool soon = wanted.state == PayoutState::processing || is_opened(wanted);
        work.schedule(soon ? now + kOpening : now + kRedPacketLife, TimerKind::settle_payout,
                      wanted.id);
    }
    if (wanted.state == PayoutState::failed) return wanted;  // no money moves
    book(work, merchant, FundKind::payout, Fen{-wanted.amount.count()}, wanted.detail_id,
         wanted.number, wanted.desc);
    return wanted;
}

void settle_payout(Work& work, Payout payout) {
    if (payout.ended_at) return;
    payout.state = payout.state == PayoutState::processing ? PayoutState::success
                   : is_opened(payout)                     ? PayoutState::received
                                                           : PayoutState::returned;
    payout.ended_at = work.context().clock.now();
    work.store().update_payout(payout);
    if (payout.state != PayoutState::returned) return;
    // A merchant that a later start does not know has no account.
    if (const Merchant* const merchant =
            work.context().directory.find_merchant(payout.mch_id.str())) {
        book(work, *merchant, FundKind::payout_returned, payout.amount, payout.detail_id,
             payout.number, payout.desc);
    }
}

}  // namespace wxpay::sandbox
