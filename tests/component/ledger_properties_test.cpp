// Whatever is called in whatever order, also at the same time: the ledger's invariants hold.
#include <array>
#include <map>
#include <rapidcheck.h>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/refund.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using sandbox::Order;
using sandbox::Refund;

/// What one caller does: the kind of call, which order, and a number that the kind reads.
using Step = std::tuple<std::uint8_t, std::uint8_t, std::uint16_t>;

constexpr std::array<const char*, 4> kNumbers{"P1", "P2", "P3", "M1"};

class Ledger {
  public:
    void run(const Step& step) {
        const auto [kind, which, number] = step;
        const std::string order = kNumbers[which % kNumbers.size()];
        const bool is_code = order == "M1";
        switch (kind % 9) {
            case 0:
                if (is_code) {
                    post("/pay/micropay", {{"body", "b"},
                                           {"out_trade_no", order},
                                           {"total_fee", "888"},
                                           {"spbill_create_ip", "1.2.3.4"},
                                           {"auth_code", number % 2 == 0 ? "134579720130501234"
                                                                         : "134579720130509001"}});
                } else {
                    post("/pay/unifiedorder", AppHarness::order(order));
                }
                break;
            case 1:
            case 2:
                control("/_sandbox/v1/orders/1900000109:" + order + "/pay",
                        number % 4 == 0   ? R"({"outcome":"userpaying"})"
                        : number % 4 == 1 ? R"({"coupons":[{"id":"1","type":"NO_CASH","fee":100},
                                             {"id":"2","type":"CASH","fee":33}]})"
                                          : "{}");
                break;
            case 3:
                post("/pay/closeorder", {{"out_trade_no", order}});
                break;
            case 4:
            case 5:
                post("/secapi/pay/refund", {{"out_trade_no", order},
                                            {"out_refund_no", "R" + std::to_string(number % 7)},
                                            {"total_fee", "888"},
                                            {"refund_fee", std::to_string(1 + number % 888)}});
                break;
            case 6:
                post("/secapi/pay/reverse", {{"out_trade_no", order}});
                break;
            case 7:
                control("/_sandbox/v1/orders/1900000109:" + order + "/refund-outcome",
                        number % 3 == 0   ? R"({"outcome":"closed"})"
                        : number % 3 == 1 ? R"({"outcome":"abnormal"})"
                                          : R"({"outcome":"success"})");
                break;
            case 8:
                control("/_sandbox/v1/refunds/1900000109:R" + std::to_string(number % 7),
                        number % 2 == 0 ? R"({"outcome":"closed"})" : R"({"outcome":"success"})");
                break;
        }
    }

    void advance(std::chrono::seconds by) { sandbox.advance(by); }

    /// Throws, in rapidcheck's way, at the first invariant that does not hold.
    void check() {
        const auto transaction = sandbox.store->begin();
        std::set<std::string> transaction_ids;
        std::set<std::string> refund_numbers;
        for (const Order& order : transaction->orders({})) {
            const std::string number = order.out_trade_no.str();
            const bool was_paid = order.is_paid() || order.paid_at.has_value();
            RC_ASSERT(was_paid == !order.transaction_id.empty());
            if (order.is_paid()) RC_ASSERT(order.paid_at.has_value());
            if (was_paid) {
                RC_ASSERT(transaction_ids.insert(order.transaction_id.str()).second);
                const auto known = paid_.emplace(number, order.transaction_id.str()).first;
                RC_ASSERT(known->second == order.transaction_id.str());
            }
            if (ended_.contains(number)) RC_ASSERT(!order.is_paid());
            if (order.state == TradeState::closed || order.state == TradeState::revoked)
                ended_.insert(number);

            std::int64_t held = 0;
            for (const Refund& refund : transaction->refunds_of(order.id)) {
                RC_ASSERT(refund.fee >= Fen{1});
                RC_ASSERT(refund.cash >= Fen{});
                if (refund.holds_money()) held += refund.fee.count();
                if (!refund.is_reversal())
                    RC_ASSERT(refund_numbers.insert(refund.out_refund_no).second);
            }
            RC_CLASSIFY(held > 0, "refunded");
            RC_CLASSIFY(order.state == TradeState::revoked, "reversed");
            RC_CLASSIFY(order.state == TradeState::closed, "closed");
            RC_ASSERT(held <= order.total.count());
            RC_ASSERT(held == order.refunded.count());
            RC_ASSERT((order.state == TradeState::refund) <= (held > 0));
        }
        const auto balance = transaction->balance(MchId::parse(AppHarness::kMchId).value());
        RC_ASSERT(balance.value_or(Fen{}) >= Fen{});
    }

  private:
    void post(const std::string& path, const Fields& fields) {
        http::Request request;
        request.method = "POST";
        request.path = path;
        request.body = AppHarness::xml(AppHarness::sign(fields));
        sandbox.app.handle(std::move(request));
    }
    void control(const std::string& path, std::string body) {
        http::Request request;
        request.method = "POST";
        request.path = path;
        request.headers.add("Host", "127.0.0.1");
        request.body = std::move(body);
        sandbox.app.handle(std::move(request));
    }

    AppHarness sandbox;
    std::map<std::string, std::string> paid_;
    std::set<std::string> ended_;
};

TEST(LedgerProperties, HoldAfterEachOfAnyCalls) {
    EXPECT_TRUE(rc::check("any calls, one after another", [](const std::vector<Step>& steps) {
        Ledger ledger;
        for (const Step& step : steps) {
            if (std::get<0>(step) % 16 == 15) {
                ledger.advance(std::chrono::hours(std::get<2>(step) % 400));
            } else {
                ledger.run(step);
            }
            ledger.check();
        }
    }));
}

TEST(LedgerProperties, HoldWhenCallersCompete) {
    EXPECT_TRUE(rc::check("the same calls by four callers at once",
                          [](const std::vector<Step>& first, const std::vector<Step>& second) {
                              Ledger ledger;
                              std::vector<std::thread> callers;
                              for (int caller = 0; caller < 4; ++caller) {
                                  callers.emplace_back([&, caller] {
                                      for (const Step& step : caller % 2 == 0 ? first : second)
                                          ledger.run(step);
                                  });
                              }
                              for (std::thread& caller : callers) caller.join();
                              ledger.check();
                              ledger.advance(std::chrono::hours(24));
                              ledger.check();
                          }));
}

}  // namespace
}  // namespace wxpay::test
