#include "sandbox/bills/trade_bill.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"

#include "sandbox/bills/bill_day.hpp"
#include "sandbox/ledger/funds.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::array<std::pair<BillType, std::string_view>, 4> kTypes{
    {{BillType::all, "ALL"},
     {BillType::success, "SUCCESS"},
     {BillType::refund, "REFUND"},
     {BillType::recharge_refund, "RECHARGE_REFUND"}}};

// Which bills have a column.
constexpr unsigned kAll = 1;
constexpr unsigned kSuccess = 2;
constexpr unsigned kRefund = 4;
constexpr unsigned kRecharge = 8;
constexpr unsigned kRefunds = kRefund | kRecharge;
constexpr unsigned kEvery = kAll | kSuccess | kRefunds;

unsigned mask_of(BillType type) {
    switch (type) {
        case BillType::all:
            return kAll;
        case BillType::success:
            return kSuccess;
        case BillType::refund:
            return kRefund;
        case BillType::recharge_refund:
            break;
    }
    return kRecharge;
}

Fen settled(const BillRow& row) {
    return row.refund ? Fen{} : row.order.settlement_total().value_or(row.order.total);
}
Fen ordered(const BillRow& row) { return row.refund ? Fen{} : row.order.total; }
Fen refunded(const BillRow& row) { return row.refund ? row.refund->settlement_fee() : Fen{}; }
Fen asked_back(const BillRow& row) { return row.refund ? row.refund->fee : Fen{}; }
Fen coupons_back(const BillRow& row) {
    std::int64_t sum = 0;
    if (row.refund) {
        for (const v2::Coupon& coupon : row.refund->coupons)
            if (coupon.type == "CASH") sum += coupon.fee.count();
    }
    return Fen{sum};
}
Fen fee(const BillRow& row) {
    return row.refund ? fee_of(Fen{-refunded(row).count()}) : fee_of(settled(row));
}
/// Fees have five decimals.
std::string fee_text(Fen amount) { return yuan(amount) + "000"; }

std::string state_of(const BillRow& row) {
    if (!row.refund) return "SUCCESS";
    return row.refund->is_reversal() ? "REVOKED" : "REFUND";
}

std::string refund_state_of(const BillRow& row) {
    if (!row.refund) return {};
    switch (row.refund->state) {
        case RefundState::processing:
            return "PROCESSING";
        case RefundState::success:
            return "SUCCESS";
        case RefundState::closed:
            return "FAIL";
        case RefundState::abnormal:
            break;
    }
    return "CHANGE";
}

std::string number_or_zero(const std::string& number) { return number.empty() ? "0" : number; }

struct Column {
    unsigned bills;
    std::string_view title;
    std::string (*value)(const BillRow& row);
};

using Row = const BillRow&;
constexpr Column kColumns[] = {
    {kEvery, "交易时间", [](Row row) { return format_readable_time(row.at()); }},
    {kEvery, "公众账号ID", [](Row row) { return row.order.appid.str(); }},
    {kEvery, "商户号", [](Row row) { return row.order.mch_id.str(); }},
    {kEvery, "特约商户号", [](Row row) { return number_or_zero(row.order.sub_mch_id); }},
    {kEvery, "设备号", [](Row row) { return bill_text(row.order.device_info); }},
    {kEvery, "微信订单号", [](Row row) { return row.order.transaction_id.str(); }},
    {kEvery, "商户订单号", [](Row row) { return row.order.out_trade_no.str(); }},
    {kEvery, "用户标识", [](Row row) { return row.order.openid; }},
    {kEvery, "交易类型", [](Row row) { return std::string(wire_name(row.order.trade_type)); }},
    {kEvery, "交易状态", state_of},
    {kEvery, "付款银行", [](Row row) { return row.order.bank_type; }},
    {kEvery, "货币种类", [](Row) { return std::string("CNY"); }},
    {kEvery, "应结订单金额", [](Row row) { return yuan(settled(row)); }},
    {kEvery, "代金券金额",
     [](Row row) { return yuan(row.refund ? Fen{} : row.order.coupon_total()); }},
    {kRefunds, "退款申请时间",
     [](Row row) { return format_readable_time(row.refund->created_at); }},
    {kRefunds, "退款成功时间",
     [](Row row) {
         return row.refund->succeeded_at ? format_readable_time(*row.refund->succeeded_at)
                                         : std::string();
     }},
    {kAll | kRefunds, "微信退款单号",
     [](Row row) { return row.refund ? row.refund->refund_id : std::string("0"); }},
    {kAll | kRefunds, "商户退款单号",
     [](Row row) { return row.refund ? number_or_zero(row.refund->out_refund_no) : "0"; }},
    {kAll | kRefunds, "退款金额", [](Row row) { return yuan(refunded(row)); }},
    {kAll | kRefunds, "充值券退款金额", [](Row row) { return yuan(coupons_back(row)); }},
    {kAll | kRefunds, "退款类型",
     [](Row row) { return std::string(row.refund ? "ORIGINAL" : ""); }},
    {kAll | kRefunds, "退款状态", refund_state_of},
    {kEvery, "商品名称", [](Row row) { return bill_text(row.order.body); }},
    {kEvery, "商户数据包", [](Row row) { return bill_text(row.order.attach); }},
    {kEvery & ~kRecharge, "手续费", [](Row row) { return fee_text(fee(row)); }},
    {kRecharge, "返还手续费", [](Row row) { return fee_text(fee(row)); }},
    {kEvery, "费率", [](Row) { return std::string("0.60%"); }},
    {kEvery, "订单金额", [](Row row) { return yuan(ordered(row)); }},
    {kAll | kRefunds, "申请退款金额", [](Row row) { return yuan(asked_back(row)); }},
    {kEvery & ~kRecharge, "费率备注", [](Row) { return std::string(); }},
};

constexpr std::string_view kSummary =
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";

std::string summary(const std::vector<BillRow>& rows) {
    const auto sum = [&rows](Fen (*of)(const BillRow& row)) {
        std::int64_t total = 0;
        for (const BillRow& row : rows) total += of(row).count();
        return Fen{total};
    };
    return fmt::format("`{},`{},`{},`{},`{},`{},`{}", rows.size(), yuan(sum(settled)),
                       yuan(sum(refunded)), yuan(sum(coupons_back)), fee_text(sum(fee)),
                       yuan(sum(ordered)), yuan(sum(asked_back)));
}

}  // namespace

std::optional<BillType> parse_bill_type(std::string_view word) {
    for (const auto& [type, each] : kTypes) {
        if (each == word) return type;
    }
    return std::nullopt;
}

std::string trade_bill(BillType type, const std::vector<BillRow>& rows) {
    const unsigned mask = mask_of(type);
    std::string out(kBom);
    const auto line = [&](const auto& add) {
        bool first = true;
        for (const Column& column : kColumns) {
            if ((column.bills & mask) == 0) continue;
            if (!std::exchange(first, false)) out += ',';
            add(column);
        }
        out += kBillLineEnd;
    };
    line([&out](const Column& column) { out += column.title; });
    for (const BillRow& row : rows)
        line([&](const Column& column) { out.append("`").append(column.value(row)); });
    out.append(kSummary).append(kBillLineEnd);
    return out.append(summary(rows)).append(kBillLineEnd);
}

std::vector<BillRow> bill_rows(Transaction& transaction, const MchId& mch_id, BillType type,
                               Instant from, Instant to) {
    std::vector<BillRow> rows;
    if (type == BillType::all || type == BillType::success) {
        for (Order& order : transaction.orders_paid(mch_id, from, to))
            rows.push_back({std::move(order), std::nullopt});
    }
    if (type != BillType::success) {
        for (Refund& refund : transaction.refunds_made(mch_id, from, to)) {
            if (type == BillType::recharge_refund &&
                refund.account != "REFUND_SOURCE_RECHARGE_FUNDS")
                continue;
            auto order = transaction.find_order(refund.order_id);
            if (order) rows.push_back({std::move(*order), std::move(refund)});
        }
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const BillRow& a, const BillRow& b) { return a.at() < b.at(); });
    return rows;
}

}  // namespace wxpay::sandbox
