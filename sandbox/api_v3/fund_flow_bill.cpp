// GET /v3/bill/fundflowbill: a link to a day of the merchant's account, line by line.
#include <array>

#include "sandbox/api_v3/bills.hpp"
#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/bills/fund_bill.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint fund_flow_bill();

namespace {

constexpr std::string_view kBasic = "BASIC";
constexpr std::array<std::string_view, 3> kAccounts{kBasic, "OPERATION", "FEES"};
constexpr std::array<std::string_view, 1> kGzip{"GZIP"};

constexpr std::array kFields{
    in_query(matching(required("bill_date", 10, Limit::recalled), kDatePattern)),
    in_query(one_of(optional("account_type", 32, Limit::recalled), kAccounts)),
    in_query(one_of(optional("tar_type", 32, Limit::recalled), kGzip))};

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const std::string account = call.query("account_type");
    return offer(call,
                 {std::string(kFundBill), call.query("bill_date"),
                  account.empty() ? std::string(kBasic) : account},
                 work);
}

}  // namespace

std::string fund_bill_text(const Bill& bill, const MchId& mch_id, Work& work) {
    if (bill.type != kBasic) return {};  // the only account that the sandbox books on
    const BillDay day = bill.day();
    const auto entries = work.store().fund_entries(mch_id, day.begin, day.end);
    work.commit();  // a long bill is put together while others use the store
    return entries.empty() ? std::string() : fund_bill(ApiVersion::v3, entries);
}

Endpoint fund_flow_bill() {
    return {.method = "GET", .path = "/v3/bill/fundflowbill", .fields = kFields, .handle = handle};
}

}  // namespace wxpay::sandbox::api_v3
