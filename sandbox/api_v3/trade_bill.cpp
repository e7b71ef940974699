// GET /v3/bill/tradebill: a link to a day's payments and refunds.
#include "sandbox/bills/trade_bill.hpp"

#include <array>

#include "sandbox/api_v3/bills.hpp"
#include "sandbox/api_v3/order_fields.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint trade_bill();

namespace {

constexpr std::array<std::pair<std::string_view, BillType>, 7> kTypes{
    {{"ALL", BillType::all},
     {"SUCCESS", BillType::success},
     {"REFUND", BillType::refund},
     {"RECHARGE_REFUND", BillType::recharge_refund},
     {"ALL_SPECIAL", BillType::all},
     {"SUC_SPECIAL", BillType::success},
     {"REF_SPECIAL", BillType::refund}}};
constexpr auto kWords = [] {
    std::array<std::string_view, kTypes.size()> words{};
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = kTypes[i].first;
    return words;
}();
constexpr std::array<std::string_view, 1> kGzip{"GZIP"};

constexpr std::array kFields{
    in_query(matching(required("bill_date", 10, Limit::recalled), kDatePattern)),
    in_query(optional("sub_mchid", 32, Limit::recalled)),
    in_query(one_of(optional("bill_type", 32, Limit::recalled), kWords)),
    in_query(one_of(optional("tar_type", 32, Limit::recalled), kGzip))};

BillType type_of(std::string_view wanted) {
    for (const auto& [word, type] : kTypes) {
        if (word == wanted) return type;
    }
    return BillType::all;
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const std::string type = call.query("bill_type");
    if (type.ends_with("_SPECIAL"))
        call.notes.emplace_back("a personal bill has the columns of an ordinary one here");
    return offer(call,
                 {std::string(kTradeBill), call.query("bill_date"), type.empty() ? "ALL" : type,
                  call.query("sub_mchid")},
                 work);
}

}  // namespace

std::string trade_bill_text(const Bill& bill, const MchId& mch_id, Work& work) {
    const BillType type = type_of(bill.type);
    const BillDay day = bill.day();
    auto rows = bill_rows(work.store(), mch_id, type, day.begin, day.end);
    work.commit();  // a long bill is put together while others use the store
    std::erase_if(rows, [&bill](const BillRow& row) {
        return !bill.sub_mchid.empty() && row.order.sub_mch_id != bill.sub_mchid;
    });
    return rows.empty() ? std::string() : sandbox::trade_bill(type, rows);
}

Endpoint trade_bill() {
    return {.method = "GET",
            .path = "/v3/bill/tradebill",
            .fields = kFields,
            .handle = handle,
            .is_about_all = true};
}

}  // namespace wxpay::sandbox::api_v3
