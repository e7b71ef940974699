// A bill of 10,000 orders over three days: right to the fen, and held against a merchant's books.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/gzip.hpp"

#include "merchant/gateway/v2_gateway.hpp"
#include "merchant/reconcile/bill_check.hpp"
#include "merchant/store/sqlite_store.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

constexpr int kOrders = 10'000;

/// "`8.88" or "`-0.05000" to fen.
std::int64_t fen_of(std::string_view field) {
    field.remove_prefix(1);
    const bool negative = field.starts_with('-');
    if (negative) field.remove_prefix(1);
    const std::size_t point = field.find('.');
    const std::int64_t whole = std::stoll(std::string(field.substr(0, point)));
    const std::int64_t size = whole * 100 + std::stoll(std::string(field.substr(point + 1, 2)));
    return negative ? -size : size;
}

std::vector<std::string> split(const std::string& text, const std::string& by) {
    std::vector<std::string> out;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t to = std::min(text.find(by, from), text.size());
        out.push_back(text.substr(from, to - from));
        from = to + by.size();
    }
    return out;
}

/// What happened on a day.
struct Trade {
    std::int64_t paid = 0;
    std::int64_t returned = 0;
    std::int64_t fees = 0;
    std::size_t rows = 0;
};

/// The sandbox as the merchant's client reaches it.
class Wire final : public http::Transport {
  public:
    explicit Wire(AppHarness& sandbox) : sandbox_(sandbox) {}
    Result<http::Response> send(const http::Request& request) override {
        return sandbox_.post(request.path, request.body);
    }

  private:
    AppHarness& sandbox_;
};

/// A shop that sells for three days and writes down every order and refund.
class BigBill : public testing::Test {
  protected:
    void SetUp() override {
        sandbox_.advance(12h);  // midnight: three whole days follow
        const auto writing = books_.begin();
        for (int i = 0; i < kOrders; ++i) {
            const std::int64_t total = 1 + static_cast<std::int64_t>(dice_.next() % 200'000);
            const merchant::Order order = sell(i, Fen{total}, *writing);
            if (i % 10 == 0) {
                const auto part =
                    1 + static_cast<std::int64_t>(dice_.next() % static_cast<std::uint64_t>(total));
                give_back(order, Fen{part}, *writing);
            }
            if (i % 39 == 38) sandbox_.advance(1000s);  // about 256 steps: three days
        }
        writing->commit();
        sandbox_.advance(48h);
        ASSERT_GE(days_.size(), 3U);
    }

    /// The order's total in our books; here a mistake can be planted.
    virtual Fen written(int /*index*/, Fen total) const { return total; }

    std::string bill(const Fields& fields) {
        return sandbox_.post("/pay/downloadbill", AppHarness::xml(AppHarness::sign(fields))).body;
    }

    /// Every difference of all days.
    std::vector<std::string> reconcile() {
        Wire wire(sandbox_);
        merchant::V2Gateway gateway(
            {AppHarness::kAppId, AppHarness::kMchId, Secret(AppHarness::kKey)}, wire, dice_,
            sandbox_.clock);
        std::vector<std::string> differences;
        for (const auto& [day, trade] : days_) {
            const auto check = merchant::check_day(*merchant::parse_day(day), gateway, books_);
            EXPECT_TRUE(check) << day;
            if (!check) continue;
            EXPECT_EQ(check->payments + check->refunds, trade.rows);
            for (const std::string& each : check->differences) differences.push_back(each);
        }
        return differences;
    }

    std::map<std::string, Trade> days_;

  private:
    static std::int64_t fee_of(Fen amount) { return (amount.count() * 6 + 500) / 1000; }
    Trade& today() { return days_[format_compact_time(sandbox_.clock.now()).substr(0, 8)]; }

    merchant::Order sell(int index, Fen total, merchant::Transaction& writing) {
        merchant::Order order;
        order.id = "order" + std::to_string(index);
        order.out_trade_no = OutTradeNo::parse("B" + std::to_string(index)).value();
        order.openid = OpenId::parse(AppHarness::kOpenId).value();
        order.total = written(index, total);
        order.created_at = sandbox_.clock.now();
        sandbox_.v2("/pay/unifiedorder",
                    AppHarness::order(order.out_trade_no.str(),
                                      {{"total_fee", std::to_string(total.count())}}));
        const auto paid = sandbox_.control(
            "POST", "/_sandbox/v1/orders/1900000109:" + order.out_trade_no.str() + "/pay");
        Trade& trade = today();
        trade.paid += total.count();
        trade.fees += fee_of(total);
        ++trade.rows;
        writing.insert_order(order);
        merchant::PaymentReport report;
        report.transaction_id = paid.body.at("transaction_id");
        report.paid_at = sandbox_.clock.now();
        EXPECT_TRUE(writing.credit(order.id, report, report.paid_at));
        order.total = total;
        return order;
    }

    void give_back(const merchant::Order& order, Fen part, merchant::Transaction& writing) {
        merchant::Refund refund;
        refund.out_refund_no = "R" + order.out_trade_no.str();
        refund.order_id = order.id;
        refund.request = "all";
        refund.fee = part;
        refund.asked_at = sandbox_.clock.now();
        Fields answer =
            sandbox_.v2("/secapi/pay/refund", {{"out_trade_no", order.out_trade_no.str()},
                                               {"out_refund_no", refund.out_refund_no},
                                               {"total_fee", std::to_string(order.total.count())},
                                               {"refund_fee", std::to_string(part.count())}});
        Trade& trade = today();
        trade.returned += part.count();
        trade.fees -= fee_of(part);
        ++trade.rows;
        writing.insert_refund(refund);
        refund.state = merchant::RefundState::succeeded;
        refund.refund_id = answer["refund_id"];
        refund.ended_at = sandbox_.clock.now();
        EXPECT_TRUE(writing.save_refund(refund));
    }

    AppHarness sandbox_;
    merchant::SqliteStore books_{std::nullopt};
    SeededRandom dice_{7};
};

TEST_F(BigBill, IsRightToTheFenAndTheSameInGzip) {
    for (const auto& [day, trade] : days_) {
        const std::string text = bill({{"bill_date", day}});
        EXPECT_EQ(gunzip(bill({{"bill_date", day}, {"tar_type", "GZIP"}}), 64 << 20), text);
        const auto lines = split(text, "\r\n");
        ASSERT_EQ(lines.size(), trade.rows + 3) << day;
        Trade summed;
        for (std::size_t i = 1; i + 2 < lines.size(); ++i) {
            const auto fields = split(lines[i], ",");
            ASSERT_EQ(fields.size(), 27U) << lines[i];
            summed.paid += fen_of(fields[24]);
            summed.returned += fen_of(fields[25]);
            summed.fees += fen_of(fields[22]);
        }
        EXPECT_EQ(summed.paid, trade.paid) << day;
        EXPECT_EQ(summed.returned, trade.returned) << day;
        EXPECT_EQ(summed.fees, trade.fees) << day;
        const auto summary = split(lines.back(), ",");
        EXPECT_EQ(summary[0], "`" + std::to_string(trade.rows));
        EXPECT_EQ(fen_of(summary[1]), trade.paid);
        EXPECT_EQ(fen_of(summary[2]), trade.returned);
        EXPECT_EQ(fen_of(summary[4]), trade.fees);
        EXPECT_EQ(fen_of(summary[5]), trade.paid);
        EXPECT_EQ(fen_of(summary[6]), trade.returned);
    }
    EXPECT_THAT(reconcile(), testing::IsEmpty());
}

/// The same shop, with one order of the second day written down a fen too low.
class PlantedDifference : public BigBill {
  protected:
    static constexpr int kOrder = 4711;
    Fen written(int index, Fen total) const override {
        return index == kOrder ? Fen{total.count() - 1} : total;
    }
};

TEST_F(PlantedDifference, OfOneFenIsFoundAndNothingElse) {
    EXPECT_THAT(reconcile(),
                testing::ElementsAre(testing::StartsWith("order B4711: amount differs by 1 fen:")));
}

}  // namespace
}  // namespace wxpay::test
