#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/ids.hpp"

#include "sandbox/ledger/work.hpp"

namespace wxpay::sandbox {

/// Why money came or went. The numbers are stored: never change them.
enum class FundKind : int {
    payment = 1,
    refund = 2,
    refund_returned = 3,
    payout = 4,
    payout_returned = 5
};

/// One line of a merchant's account.
struct FundEntry {
    std::int64_t id = 0;
    MchId mch_id;
    Instant at;
    FundKind kind = FundKind::payment;
    std::string business_id;  ///< transaction_id, refund_id, payment_no, …
    std::string voucher;      ///< the merchant's own number of it
    std::string note;
    Fen amount;   ///< negative: it went
    Fen balance;  ///< of the account behind it
};

/// WeChat's fee for a payment or, with a negative amount, what a refund gives back of it: 0.60 %,
/// to the fen, half up.
Fen fee_of(Fen amount);

/// What the merchant's account holds now.
Fen balance(Work& work, const Merchant& merchant);

/// Writes a line; its amount is added to the balance. The caller has checked that it suffices.
void book(Work& work, const Merchant& merchant, FundKind kind, Fen amount, std::string business_id,
          std::string voucher, std::string note);

}  // namespace wxpay::sandbox
