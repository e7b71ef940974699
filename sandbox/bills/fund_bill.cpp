#include "sandbox/bills/fund_bill.hpp"

#include <string_view>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"

#include "sandbox/bills/bill_day.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::string_view kV2Titles =
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,"
    "账户结余（元）,资金变更提交申请人,备注,业务凭证号";
constexpr std::string_view kV3Titles =
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),"
    "账户结余(元),资金变更提交申请人,备注,业务凭证号";
constexpr std::string_view kSummary = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";

std::string_view name_of(FundKind kind) {
    switch (kind) {
        case FundKind::payment:
            return "交易";
        case FundKind::refund:
        case FundKind::refund_returned:
            return "退款";
        case FundKind::payout:
        case FundKind::payout_returned:
            break;
    }
    return "企业付款";
}

std::string note_of(const FundEntry& entry) {
    if (entry.kind != FundKind::payment) return bill_text(entry.note);
    return fmt::format("结算总金额 {} 元;含手续费 {} 元", yuan(entry.amount),
                       yuan(fee_of(entry.amount)));
}

}  // namespace

std::string fund_bill(ApiVersion version, const std::vector<FundEntry>& entries) {
    std::string out = fmt::format("{}{}{}", kBom, version == ApiVersion::v2 ? kV2Titles : kV3Titles,
                                  kBillLineEnd);
    std::int64_t came = 0;
    std::int64_t went = 0;
    std::int64_t incomes = 0;
    for (const FundEntry& entry : entries) {
        const bool is_income = entry.amount >= Fen{};
        const Fen size{is_income ? entry.amount.count() : -entry.amount.count()};
        (is_income ? came : went) += size.count();
        if (is_income) ++incomes;
        const std::string day = format_compact_time(entry.at).substr(0, 8);
        out += fmt::format("`{},`{},`{}{}{:010},`{},`{},`{},`{},`{},`system,`{},`{}{}",
                           format_readable_time(entry.at), entry.business_id, entry.mch_id.str(),
                           day, entry.id, name_of(entry.kind), name_of(entry.kind),
                           is_income ? "收入" : "支出", yuan(size), yuan(entry.balance),
                           note_of(entry), entry.voucher, kBillLineEnd);
    }
    return out + fmt::format("{}{}`{},`{},`{},`{},`{}{}", kSummary, kBillLineEnd, entries.size(),
                             incomes, yuan(Fen{came}),
                             static_cast<std::int64_t>(entries.size()) - incomes, yuan(Fen{went}),
                             kBillLineEnd);
}

}  // namespace wxpay::sandbox
