#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/domain/fen.hpp"

namespace wxpay::v2 {

/// A payment or a refund, as a line of a trade bill has it.
struct BillRow {
    Instant at;
    std::string appid;
    std::string mch_id;
    std::string transaction_id;
    std::string out_trade_no;
    std::string openid;
    std::string trade_type;
    std::string trade_state;    ///< SUCCESS (a payment), REFUND, or REVOKED (a reversal)
    Fen total;                  ///< what was ordered; 0 for refunds
    std::string refund_id;      ///< empty for payments
    std::string out_refund_no;  ///< likewise, and for reversals
    std::string refund_state;   ///< SUCCESS, PROCESSING, FAIL or CHANGE; empty for payments
    Fen refund;                 ///< what was asked back; 0 for payments
    std::int64_t fee = 0;       ///< WeChat's, in 1/100000 yuan; negative when it is given back
    std::string rate;           ///< "0.60%"

    bool is_refund() const { return trade_state != "SUCCESS"; }
};

/// A trade bill of type ALL, SUCCESS or REFUND.
struct Bill {
    std::vector<BillRow> rows;  ///< in the bill's order
    Fen total;                  ///< sums over the rows; the bill's own summary says the same
    Fen refund;
    std::int64_t fee = 0;
};

/// Reads /pay/downloadbill's text: with BOM or without, lines ended by CR LF or LF, columns found
/// by their titles in the newest or the older layout, unknown ones skipped. Amounts become fen
/// without passing through floating point. Commas inside a value do no harm. Errors: malformed,
/// with the line; mismatch, when the summary counts or sums other than the rows do, as in a bill
/// that was cut.
/// source  [A] pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_6
/// source  of the bytes [B] github.com/TheNorthMemory/wechatpay-axios-plugin
///         tests/fixtures/bill.ALL.csv
Result<Bill> parse_bill(std::string_view text);

}  // namespace wxpay::v2
