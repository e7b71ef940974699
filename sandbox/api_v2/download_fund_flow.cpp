// POST /pay/downloadfundflow: a day of the merchant's account, line by line.
#include <array>

#include "core/codec/gzip.hpp"

#include "sandbox/api_v2/pipeline.hpp"
#include "sandbox/bills/bill_day.hpp"
#include "sandbox/bills/fund_bill.hpp"

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

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const BillDay day = BillDay::parse(call.get("bill_date")).value();
    const BillProgress progress = progress_of(day, work.context().clock.now());
    if (progress == BillProgress::out_of_range) {
        return Failure{Refusal{kParamError, "bill_date",
                               "bills are there for the days before today, for three months"}};
    }
    // The sandbox books on the basic account only.
    auto entries = progress == BillProgress::ready && call.get("account_type") == "Basic"
                       ? work.store().fund_entries(call.mch_id(), day.begin, day.end)
                       : std::vector<FundEntry>();
    if (entries.empty()) {
        return Failure{Refusal{kNoBill, "bill_date",
                               "nothing was booked on that day, or the bill is not there before "
                               "10:00 (UTC+8) of the next"}};
    }
    for (FundEntry& entry : entries) entry.mch_id = MchId::parse(call.merchant.wire_id()).value();
    Reply reply;
    reply.body = fund_bill(ApiVersion::v2, entries);
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
