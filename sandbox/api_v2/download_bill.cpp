// POST /pay/downloadbill: a day's payments and refunds, as text.
#include <array>

#include "core/codec/gzip.hpp"

#include "sandbox/api_v2/pipeline.hpp"
#include "sandbox/bills/bill_day.hpp"
#include "sandbox/bills/trade_bill.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint download_bill();

namespace {

// source  [B] 20002 and invalid bill_date: github.com/w7corp/easywechat tests; the others [A]
// pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_6. Here err_code goes out as error_code.
constexpr Words kNoBill{"20002", "No Bill Exist"};
constexpr Words kBillDate{"20001", "invalid bill_date"};
constexpr Words kBillType{"20001", "invalid bill_type"};
constexpr Words kBillCreating{"", "Bill Creating"};
constexpr std::array kRephrased{
    Rephrased{kParamFormat, Words{"20001", "data format error"}},
    Rephrased{kParamMissing, Words{"20001", "missing parameter"}},
    Rephrased{kSignWrong, Words{"20001", "SIGN ERROR"}},
    Rephrased{kSystemError, Words{"", "SYSTEMERROR"}},
};
constexpr std::array kOnDemand{
    Words{"", "SYSTEMERROR"},
    Words{"", "CompressGZip Error"},
    Words{"", "UnCompressGZip Error"},
};

constexpr std::array kFields{
    FieldRule{"bill_date", Need::required, 8, "yyyyMMdd", is_bill_day, kBillDate},
    FieldRule{"bill_type", Need::optional, 20, "ALL, SUCCESS, REFUND or RECHARGE_REFUND",
              [](std::string_view value) { return parse_bill_type(value).has_value(); }, kBillType},
    FieldRule{"tar_type", Need::optional, 8, "GZIP",
              [](std::string_view value) { return value == "GZIP"; }},
    FieldRule{"device_info", Need::optional, 32},
};

std::string refuse(const Refusal& refusal, const XmlMessage*) {
    return v2::Message()
        .text("return_code", "FAIL")
        .text("return_msg", text_of(refusal))
        .text_if("error_code", refusal.words.err_code)
        .render();
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const BillDay day = BillDay::parse(call.get("bill_date")).value();
    switch (progress_of(day, work.context().clock.now())) {
        case BillProgress::out_of_range:
            return Failure{Refusal{kBillDate, "bill_date",
                                   "bills are there for the days before today, for three months"}};
        case BillProgress::not_begun:
            return Failure{Refusal{kNoBill, "bill_date",
                                   "a day's bill is there from 10:00 (UTC+8) of the next day on"}};
        case BillProgress::creating:
            return Failure{Refusal{kBillCreating, "bill_date",
                                   "a day's bill is there from 10:00 (UTC+8) of the next day on"}};
        case BillProgress::ready:
            break;
    }
    const std::string_view word = call.get("bill_type");
    const BillType type = word.empty() ? BillType::all : parse_bill_type(word).value();
    auto rows = bill_rows(work.store(), call.mch_id(), type, day.begin, day.end);
    work.commit();  // a long bill is put together while others use the store
    std::erase_if(rows, [&](const BillRow& row) {
        return (!call.get("sub_mch_id").empty() &&
                row.order.sub_mch_id != call.get("sub_mch_id")) ||
               (!call.get("device_info").empty() &&
                row.order.device_info != call.get("device_info"));
    });
    if (rows.empty())
        return Failure{Refusal{kNoBill, "bill_date", "nothing was paid or refunded on that day"}};
    for (const BillRow& row : rows) {
        if ((row.order.body + row.order.attach).find(',') != std::string::npos) {
            call.notes.emplace_back("commas in body or attach are blanks in the bill");
            break;
        }
    }
    call.notes.emplace_back(
        "a bill is text with a BOM and a backtick before each value, not XML; errors are XML");
    Reply reply;
    reply.body = trade_bill(type, rows);
    if (call.get("tar_type") == "GZIP") reply.body = gzip(reply.body);
    return reply;
}

}  // namespace

Endpoint download_bill() {
    return {.path = "/pay/downloadbill",
            .fields = kFields,
            .handle = handle,
            .style = Style::own,
            .rephrased = kRephrased,
            .on_demand = kOnDemand,
            .refuse = refuse};
}

}  // namespace wxpay::sandbox::api_v2
