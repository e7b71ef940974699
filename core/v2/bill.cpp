#include "core/v2/bill.hpp"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"

namespace wxpay::v2 {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr int kFenDecimals = 2;
constexpr int kFeeDecimals = 5;

using Values = std::vector<std::string_view>;
/// Titles of one column: that of the newest layout first.
using Titles = std::initializer_list<std::string_view>;

Failure<Error> malformed(std::size_t line, std::string_view what) {
    return Failure{Error{Errc::malformed, fmt::format("bill, line {}: {}", line, what)}};
}

/// "-1.5" with 2 decimals is -150. Nothing for other than digits and one point, for decimals beyond
/// those that are not zeros, and for what 63 bits do not hold.
std::optional<std::int64_t> parse_decimal(std::string_view text, int decimals) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const std::size_t point = std::min(text.find('.'), text.size());
    if (point == 0 || point + 1 == text.size()) return std::nullopt;
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max() / 10 - 1;
    std::int64_t value = 0;
    int left = decimals;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (at == point) continue;
        const char c = text[at];
        if (c < '0' || c > '9') return std::nullopt;
        if (at > point && left-- <= 0) {
            if (c != '0') return std::nullopt;
            continue;
        }
        if (value > kMax) return std::nullopt;
        value = value * 10 + (c - '0');
    }
    for (; left > 0; --left) {
        if (value > kMax) return std::nullopt;
        value *= 10;
    }
    return negative ? -value : value;
}

/// Takes the next line off `text`, without its end.
std::string_view next_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

Values split(std::string_view line, std::string_view separator) {
    Values out;
    for (;;) {
        const std::size_t end = line.find(separator);
        out.push_back(line.substr(0, end));
        if (end == std::string_view::npos) return out;
        line.remove_prefix(end + separator.size());
    }
}

/// Each value has a backtick before it, so that a spreadsheet takes it for a text. It also tells a
/// comma between two values from one inside.
Values values_of(std::string_view line) { return split(line.substr(1), ",`"); }

/// One line with the titles of its columns.
class Record {
  public:
    Record(const Values& titles, const Values& values, std::size_t line)
        : titles_(titles), values_(values), line_(line) {}

    bool has(Titles titles) const { return place(titles).has_value(); }
    /// Empty when there is no such column.
    std::string text(Titles titles) const {
        const auto at = place(titles);
        return at ? std::string(values_[*at]) : std::string();
    }
    /// 0 when there is no such column.
    Result<std::int64_t> decimal(Titles titles, int decimals) const {
        const auto at = place(titles);
        if (!at) return 0;
        const auto value = parse_decimal(values_[*at], decimals);
        if (!value) return malformed(line_, fmt::format("{} is no amount", titles_[*at]));
        return *value;
    }
    Result<Fen> fen(Titles titles) const {
        WXPAY_TRY(const std::int64_t count, decimal(titles, kFenDecimals));
        return Fen{count};
    }

  private:
    std::optional<std::size_t> place(Titles titles) const {
        for (const std::string_view title : titles) {
            const auto found = std::find(titles_.begin(), titles_.end(), title);
            if (found != titles_.end()) return static_cast<std::size_t>(found - titles_.begin());
        }
        return std::nullopt;
    }

    const Values& titles_;
    const Values& values_;
    std::size_t line_;
};

/// A number that is 0 where there is none.
std::string number_of(const Record& record, Titles titles) {
    std::string number = record.text(titles);
    return number == "0" ? std::string() : number;
}

Result<BillRow> row_of(const Record& record, std::size_t line) {
    BillRow row;
    const auto at = parse_readable_time(record.text({"交易时间"}));
    if (!at) return malformed(line, "交易时间 is no time");
    row.at = *at;
    row.appid = record.text({"公众账号ID"});
    row.mch_id = record.text({"商户号"});
    row.transaction_id = record.text({"微信订单号"});
    row.out_trade_no = record.text({"商户订单号"});
    row.openid = record.text({"用户标识"});
    row.trade_type = record.text({"交易类型"});
    row.trade_state = record.text({"交易状态"});
    if (row.trade_state != "SUCCESS" && row.trade_state != "REFUND" && row.trade_state != "REVOKED")
        return malformed(line, "交易状态 is none of SUCCESS, REFUND, REVOKED");
    WXPAY_TRY(row.total, record.fen({"订单金额", "总金额"}));
    row.refund_id = number_of(record, {"微信退款单号"});
    row.out_refund_no = number_of(record, {"商户退款单号"});
    row.refund_state = record.text({"退款状态"});
    WXPAY_TRY(row.refund, record.fen({"申请退款金额", "退款金额"}));
    WXPAY_TRY(row.fee, record.decimal({"手续费"}, kFeeDecimals));
    row.rate = record.text({"费率"});
    return row;
}

/// What the rows add up to.
Result<Bill> summed(std::vector<BillRow> rows) {
    Bill bill;
    for (const BillRow& row : rows) {
        WXPAY_TRY(bill.total, checked_add(bill.total, row.total));
        WXPAY_TRY(bill.refund, checked_add(bill.refund, row.refund));
        WXPAY_TRY(const Fen fee, checked_add(Fen{bill.fee}, Fen{row.fee}));
        bill.fee = fee.count();
    }
    bill.rows = std::move(rows);
    return bill;
}

Result<void> demand_equal(std::string_view what, std::int64_t stated, std::int64_t found) {
    if (stated == found) return {};
    return Failure{
        Error{Errc::mismatch,
              fmt::format("bill: its summary says {} for {}, its rows {}", stated, what, found)}};
}

Result<void> check_summary(const Record& summary, const Bill& bill) {
    // Some bills count with a decimal point.
    WXPAY_TRY(const std::int64_t count, summary.decimal({"总交易单数"}, 0));
    WXPAY_CHECK(demand_equal("总交易单数", count, static_cast<std::int64_t>(bill.rows.size())));
    const Titles refund{"申请退款总金额", "退款总金额", "总退款金额"};
    WXPAY_TRY(const Fen refunded, summary.fen(refund));
    WXPAY_CHECK(demand_equal("申请退款总金额", refunded.count(), bill.refund.count()));
    // The older 总交易额 is left alone: whether refunds' lines count in it, no sample says.
    if (summary.has({"订单总金额"})) {
        WXPAY_TRY(const Fen total, summary.fen({"订单总金额"}));
        WXPAY_CHECK(demand_equal("订单总金额", total.count(), bill.total.count()));
    }
    WXPAY_TRY(const std::int64_t fee, summary.decimal({"手续费总金额"}, kFeeDecimals));
    return demand_equal("手续费总金额", fee, bill.fee);
}

}  // namespace

Result<Bill> parse_bill(std::string_view text) {
    if (text.starts_with(kBom)) text.remove_prefix(kBom.size());
    std::size_t line_number = 1;
    const Values titles = split(next_line(text), ",");
    for (const std::string_view title : {"交易时间", "商户订单号", "交易状态"}) {
        if (std::find(titles.begin(), titles.end(), title) == titles.end())
            return malformed(line_number, fmt::format("no column {}", title));
    }

    std::vector<BillRow> rows;
    std::string_view line;
    for (;;) {
        ++line_number;
        line = next_line(text);
        if (!line.starts_with('`')) break;
        const Values values = values_of(line);
        if (values.size() != titles.size()) {
            return malformed(line_number,
                             fmt::format("{} values for {} columns", values.size(), titles.size()));
        }
        WXPAY_TRY(BillRow row, row_of({titles, values, line_number}, line_number));
        rows.push_back(std::move(row));
    }

    const Values summary_titles = split(line, ",");
    ++line_number;
    line = next_line(text);
    if (!line.starts_with('`')) return malformed(line_number, "no summary");
    const Values summary = values_of(line);
    if (summary.size() != summary_titles.size())
        return malformed(line_number, "the summary does not fit its titles");
    if (text.find_first_not_of("\r\n") != std::string_view::npos)
        return malformed(line_number + 1, "something follows the summary");
    WXPAY_TRY(Bill bill, summed(std::move(rows)));
    WXPAY_CHECK(check_summary({summary_titles, summary, line_number}, bill));
    return bill;
}

}  // namespace wxpay::v2
