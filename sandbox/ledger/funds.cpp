#include "sandbox/ledger/funds.hpp"

#include <utility>

namespace wxpay::sandbox {

Fen fee_of(Fen amount) {
    constexpr std::int64_t kPerMille = 6;
    const std::int64_t size = amount.count() < 0 ? -amount.count() : amount.count();
    const std::int64_t fee = (size * kPerMille + 500) / 1000;
    return Fen{amount.count() < 0 ? -fee : fee};
}

Fen balance(Work& work, const Merchant& merchant) {
    return work.store().balance(merchant.mch_id).value_or(merchant.top_up);
}

void book(Work& work, const Merchant& merchant, FundKind kind, Fen amount, std::string business_id,
          std::string voucher, std::string note) {
    FundEntry entry;
    entry.mch_id = merchant.mch_id;
    entry.at = work.context().clock.now();
    entry.kind = kind;
    entry.business_id = std::move(business_id);
    entry.voucher = std::move(voucher);
    entry.note = std::move(note);
    entry.amount = amount;
    entry.balance = checked_add(balance(work, merchant), amount).value();
    work.store().insert_fund_entry(entry);
}

}  // namespace wxpay::sandbox
