#pragma once

#include <string>
#include <string_view>

#include "sandbox/api_v3/pipeline.hpp"
#include "sandbox/bills/bill_day.hpp"
#include "sandbox/ledger/work.hpp"

namespace wxpay::sandbox::api_v3 {

// source  spec V3 6: the words [B]; those for a date are our choice
inline constexpr Words kNoStatement{400, "NO_STATEMENT_EXIST", "账单文件不存在"};
inline constexpr Words kStatementCreating{400, "STATEMENT_CREATING", "账单生成中"};
inline constexpr Words kNoBillOfThatDay{400, "INVALID_REQUEST", "账单日期不在可下载的范围内"};

/// Which bill somebody wants.
struct Bill {
    std::string kind;  ///< kTradeBill or kFundBill
    std::string date;  ///< "2024-06-01"
    std::string type;  ///< bill_type or account_type
    std::string sub_mchid = {};

    BillDay day() const;
};
inline constexpr std::string_view kTradeBill = "trade";
inline constexpr std::string_view kFundBill = "fund";

// Its bytes; empty when nothing happened on that day.
std::string trade_bill_text(const Bill& bill, const MchId& mch_id, Work& work);
std::string fund_bill_text(const Bill& bill, const MchId& mch_id, Work& work);
/// Either, by the bill's kind.
std::string text_of(const Bill& bill, const MchId& mch_id, Work& work);

/// Answers a link to the bill, which is good for five minutes, or why there is no such bill.
Result<Reply, Refusal> offer(const Call& call, const Bill& bill, Work& work);

/// The link's other end: the bill's text, as it was promised.
Result<std::string, Refusal> redeem(const Call& call, std::string_view token, Work& work);

}  // namespace wxpay::sandbox::api_v3
