// POST /pay/downloadfundflow: a day of the merchant's account, line by line.
#include <array>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"
#include "core/codec/gzip.hpp"

#include "sandbox/api_v2/pipeline.hpp"
#include "sandbox/bills/bill_day.hpp"
#include "sandbox/ledger/funds.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint download_fund_flow();

namespace {

// source  [A] pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_18; NO_BILL_EXIST is our choice
constexpr Words kNoBill{"NO_BILL_EXIST", "账单不存在"};
constexpr Words kSignError{"SIGN_ERROR", "签名错误"};
constexpr std::array kRephrased{Rephrased{kSignWrong, kSignError},
                                Rephrased{kParamFormat, kParamError}};
constexpr std::array kOnDemand{kSystemError};

bool is_account(std::string_view value) {
    return value == "Basic" || value == "Operation" || value == "Fees";
}

constexpr std::array kFields{
    FieldRule{"bill_date", Need::required, 8, "yyyyMMdd", is_bill_day, kParamError},
    FieldRule{"account_type", Need::required, 16, "Basic, Operation or Fees", is_account,
              kParamError},
    FieldRule{"tar_type", Need::optional, 8, "GZIP",
              [](std::string_view value) { return value == "GZIP"; }, kParamError},
};

constexpr std::string_view kTitles =
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,"
    "账户结余（元）,资金变更提交申请人,备注,业务凭证号";
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

std::string render(const std::vector<FundEntry>& entries) {
    std::string out = fmt::format("{}{}{}", kBom, kTitles, kBillLineEnd);
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

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const BillDay day = BillDay::parse(call.get("bill_date")).value();
    const BillProgress progress = progress_of(day, work.context().clock.now());
    if (progress == BillProgress::out_of_range) {
        return Failure{Refusal{kParamError, "bill_date",
                               "bills are there for the days before today, for three months"}};
    }
    // The sandbox books on the basic account only.
    const auto entries = progress == BillProgress::ready && call.get("account_type") == "Basic"
                             ? work.store().fund_entries(call.mch_id(), day.begin, day.end)
                             : std::vector<FundEntry>();
    if (entries.empty()) {
        return Failure{Refusal{kNoBill, "bill_date",
                               "nothing was booked on that day, or the bill is not there before "
                               "10:00 (UTC+8) of the next"}};
    }
    Reply reply;
    reply.body = render(entries);
    if (call.get("tar_type") == "GZIP") reply.body = gzip(reply.body);
    return reply;
}

}  // namespace

Endpoint download_fund_flow() {
    return {.path = "/pay/downloadfundflow",
            .fields = kFields,
            .handle = handle,
            .style = Style::own,
            .needs_certificate = true,
            .only_sign_type = v2::SignType::hmac_sha256,
            .rephrased = kRephrased,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v2
