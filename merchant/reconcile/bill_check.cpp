#include "merchant/reconcile/bill_check.hpp"

#include <chrono>
#include <cstdlib>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"

#include "merchant/shop/log_text.hpp"

namespace wxpay::merchant {
namespace {

constexpr std::size_t kDayDigits = 8;  // yyyyMMdd

/// One difference after the other. Texts of the bill are others' words: log_text() keeps each in
/// its line.
class Comparison {
  public:
    Comparison(const Day& day, const std::string& mch_id, Transaction& books)
        : day_(day), mch_id_(mch_id), books_(books) {}

    void payment(const v2::BillRow& row) {
        const std::string what = fmt::format("order {}", row.out_trade_no);
        if (!seen_orders_.insert(row.out_trade_no).second)
            return differ(what, "stands in the bill twice");
        check_merchant(what, row);
        const auto order = books_.find_order_by_number(row.out_trade_no);
        if (!order)
            return differ(what, fmt::format("missing here: WeChat has {} fen, transaction_id {}",
                                            row.total.count(), row.transaction_id));
        if (order->credits == 0) {
            return differ(what, fmt::format("state differs: paid at WeChat by {}, {} here",
                                            row.transaction_id, name(order->state)));
        }
        if (order->transaction_id != row.transaction_id) {
            differ(what, fmt::format("transaction_id differs: {} at WeChat, {} here",
                                     row.transaction_id, order->transaction_id));
        }
        check_amount(what, row.total, order->total);
    }

    void refund(const v2::BillRow& row) {
        // A reversal has no number of the merchant's.
        const std::string& number = row.out_refund_no.empty() ? row.refund_id : row.out_refund_no;
        const std::string what = fmt::format("refund {} of order {}", number, row.out_trade_no);
        if (!seen_refunds_.insert(number).second) return differ(what, "stands in the bill twice");
        check_merchant(what, row);
        const auto refund = books_.find_refund(number);
        if (!refund)
            return differ(what, fmt::format("missing here: WeChat has {} fen, refund_id {}",
                                            row.refund.count(), row.refund_id));
        if (const auto order = books_.find_order(refund->order_id);
            order && order->out_trade_no.str() != row.out_trade_no)
            differ(what, fmt::format("order differs: {} here", order->out_trade_no.str()));
        if (!refund->refund_id.empty() && refund->refund_id != row.refund_id) {
            differ(what, fmt::format("refund_id differs: {} at WeChat, {} here", row.refund_id,
                                     refund->refund_id));
        }
        check_amount(what, row.refund, refund->fee);
        check_state(what, row, *refund);
    }

    /// What the books have for the day and the bill did not.
    void missing_there() {
        for (const Order& order : books_.orders_paid(day_.begin, day_.end)) {
            if (!seen_orders_.contains(order.out_trade_no.str())) {
                differ(fmt::format("order {}", order.out_trade_no.str()),
                       fmt::format("missing there: {} fen here, transaction_id {}",
                                   order.total.count(), order.transaction_id));
            }
        }
        for (const Refund& refund : books_.refunds_succeeded(day_.begin, day_.end)) {
            // The bill dates a refund by when WeChat took it on: one that took over midnight to
            // succeed stood in the bill of an earlier day.
            if (seen_refunds_.contains(refund.out_refund_no) || was_taken_on_before(refund))
                continue;
            differ(fmt::format("refund {}", refund.out_refund_no),
                   fmt::format("missing there: {} fen here, refund_id {}", refund.fee.count(),
                               refund.refund_id));
        }
    }

    std::vector<std::string> take() { return std::move(differences_); }

  private:
    /// By the day in WeChat's number: our own clock need not be WeChat's.
    bool was_taken_on_before(const Refund& refund) const {
        constexpr int kDaysMost = 30;
        for (int days = 1; days <= kDaysMost; ++days) {
            const std::string day = format_compact_time(day_.begin - std::chrono::days(days));
            if (refund.refund_id.find(day.substr(0, kDayDigits)) != std::string::npos) return true;
        }
        return false;
    }
    void differ(const std::string& what, const std::string& how) {
        differences_.push_back(log_text(fmt::format("{}: {}", what, how)));
    }
    void check_merchant(const std::string& what, const v2::BillRow& row) {
        if (row.mch_id != mch_id_)
            differ(what, fmt::format("merchant differs: the bill has mch_id {}", row.mch_id));
    }
    void check_amount(const std::string& what, Fen there, Fen here) {
        if (there == here) return;
        differ(what,
               fmt::format("amount differs by {} fen: {} at WeChat, {} here",
                           std::abs(there.count() - here.count()), there.count(), here.count()));
    }
    /// What is under way in the bill may have come to its end since.
    void check_state(const std::string& what, const v2::BillRow& row, const Refund& refund) {
        const bool same = row.refund_state == "SUCCESS" ? refund.state == RefundState::succeeded
                          : row.refund_state == "PROCESSING" ? refund.state != RefundState::refused
                          : row.refund_state == "CHANGE" ? refund.state != RefundState::refused &&
                                                               refund.state != RefundState::asked
                                                         : refund.state == RefundState::closed;
        if (!same) {
            differ(what, fmt::format("state differs: {} at WeChat, {} here", row.refund_state,
                                     name(refund.state)));
        }
    }

    const Day& day_;
    const std::string& mch_id_;
    Transaction& books_;
    std::set<std::string> seen_orders_;
    std::set<std::string> seen_refunds_;
    std::vector<std::string> differences_;
};

}  // namespace

std::optional<Day> parse_day(std::string_view text) {
    std::string compact(text);
    if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
        compact.erase(7, 1);
        compact.erase(4, 1);
    }
    const auto begin = parse_compact_time(compact + "000000");
    if (!begin) return std::nullopt;
    return Day{compact, *begin, *begin + std::chrono::days(1)};
}

std::string BillCheck::summary(const Day& day) const {
    return fmt::format("{}: {} payments and {} refunds in the bill{}, {} differences", day.compact,
                       payments, refunds,
                       has_bill ? "" : " (WeChat has no bill: no trade, or it comes later)",
                       differences.size());
}

BillCheck check_bill(const v2::Bill& bill, const Day& day, const std::string& mch_id,
                     Transaction& books) {
    BillCheck check;
    Comparison comparison(day, mch_id, books);
    for (const v2::BillRow& row : bill.rows) {
        if (row.is_refund()) {
            ++check.refunds;
            comparison.refund(row);
        } else {
            ++check.payments;
            comparison.payment(row);
        }
    }
    comparison.missing_there();
    check.differences = comparison.take();
    return check;
}

Result<BillCheck> check_day(const Day& day, Gateway& wechat, Store& store) {
    v2::Bill bill;
    bool has_bill = true;
    const auto text = wechat.trade_bill(day.compact);
    if (text) {
        WXPAY_TRY(bill, v2::parse_bill(*text));
    } else if (wechat.meaning(text.error()) == Refusal::no_bill) {
        has_bill = false;
    } else {
        return Failure{text.error()};
    }
    BillCheck check = check_bill(bill, day, wechat.us().mch_id, *store.begin());
    check.has_bill = has_bill;
    return check;
}

}  // namespace wxpay::merchant
