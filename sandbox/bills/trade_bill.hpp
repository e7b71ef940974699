#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"

#include "sandbox/ledger/order.hpp"
#include "sandbox/ledger/refund.hpp"

namespace wxpay::sandbox {

enum class BillType { all, success, refund, recharge_refund };

/// "ALL", "SUCCESS", "REFUND", "RECHARGE_REFUND".
std::optional<BillType> parse_bill_type(std::string_view word);

/// A line of a trade bill: a payment, or a refund of it.
struct BillRow {
    Order order;
    std::optional<Refund> refund;

    Instant at() const { return refund ? refund->created_at : *order.paid_at; }
};

/// The bill's bytes, BOM and all. The same for both API versions.
/// source  [B] columns, backticks, BOM and line ends of github.com/TheNorthMemory/
/// wechatpay-axios-plugin tests/fixtures/bill.ALL.csv; columns of the others [A]
/// pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_6
std::string trade_bill(BillType type, const std::vector<BillRow>& rows);

/// The rows of that type from `from` on and before `to`, in the order of their times.
std::vector<BillRow> bill_rows(Transaction& transaction, const MchId& mch_id, BillType type,
                               Instant from, Instant to);

}  // namespace wxpay::sandbox
