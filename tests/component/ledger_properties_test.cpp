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
#include "tests/support/v3_caller.hpp"

namespace wxpay::test {
namespace {

using sandbox::Order;
using sandbox::Refund;

/// What one caller does: the kind of call, which order, and a number that the kind reads.
using Step = std::tuple<std::uint8_t, std::uint8_t, std::uint16_t>;

constexpr std::array<const char*, 6> kNumbers{"ORDER1", "ORDER2", "ORDER3",
                                              "SCAN01", "PART01", "PART02"};

class Ledger {
  public:
    void run(const Step& step) {
        const auto [kind, which, number] = step;
        const std::string order = kNumbers[which % kNumbers.size()];
        // Few calls are V3's: each costs two RSA signatures.
        if (which / kNumbers.size() % 6 == 0 && run_v3(kind % 9, order, number)) return;
        const bool is_code = order == "SCAN01";
        switch (kind % 9) {
            case 0:
                if (is_code) {
                    post("/pay/micropay", {{"body", "b"},
                                           {"out_trade_no", order},
                                           {"total_fee", "888"},
                                           {"spbill_create_ip", "1.2.3.4"},
                                           {"auth_code", auth_code(number)}});
                } else if (order.starts_with("PART")) {
                    run_v3(0, order, number);
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
        // A combined order's parts change together.
        std::set<std::tuple<bool, bool>> parts;
        for (const Order& order : transaction->orders({})) {
            if (!order.combine_out_trade_no.empty())
                parts.emplace(order.is_paid(), order.state == TradeState::closed);
        }
        RC_ASSERT(parts.size() <= 1U);
        RC_CLASSIFY(parts.contains({true, false}), "combined and paid");
        const auto balance = transaction->balance(MchId::parse(AppHarness::kMchId).value());
        RC_ASSERT(balance.value_or(Fen{}) >= Fen{});
    }

  private:
    static const char* auth_code(std::uint16_t number) {
        return number % 2 == 0 ? "134579720130501234" : "134579720130509001";
    }
    /// The call in API V3; false when the kind has none there.
    bool run_v3(int kind, const std::string& order, std::uint16_t number) {
        const bool is_part = order.starts_with("PART");
        const std::string orders = "/v3/pay/transactions/";
        nlohmann::json caller{{"mchid", AppHarness::kMchId}};
        if (kind == 0 && is_part) {
            nlohmann::json parts = nlohmann::json::array();
            for (const char* const part : {"PART01", "PART02"}) {
                parts.push_back({{"mchid", AppHarness::kMchId},
                                 {"attach", "a"},
                                 {"amount", {{"total_amount", 888}, {"currency", "CNY"}}},
                                 {"out_trade_no", part},
                                 {"description", "d"}});
            }
            v3("/v3/combine-transactions/native",
               {{"combine_appid", AppHarness::kAppId},
                {"combine_mchid", AppHarness::kMchId},
                {"combine_out_trade_no", "COMBINED1"},
                {"scene_info", {{"payer_client_ip", "14.17.22.32"}}},
                {"sub_orders", parts},
                {"notify_url", "http://127.0.0.1:9190/wxpay/combine"}});
        } else if (kind == 0 && order == "SCAN01") {
            caller.merge_patch({{"appid", AppHarness::kAppId},
                                {"description", "b"},
                                {"out_trade_no", order},
                                {"payer", {{"auth_code", auth_code(number)}}},
                                {"amount", {{"total", 888}}},
                                {"scene_info", {{"store_info", {{"id", "1"}}}}}});
            v3(orders + "codepay", caller);
        } else if (kind == 0) {
            v3(orders + "jsapi", V3Caller::order(order));
        } else if (kind == 3 && is_part) {
            nlohmann::json parts = nlohmann::json::array();
            for (const char* const part : {"PART01", "PART02"})
                parts.push_back({{"mchid", AppHarness::kMchId}, {"out_trade_no", part}});
            v3("/v3/combine-transactions/out-trade-no/COMBINED1/close",
               {{"combine_appid", AppHarness::kAppId}, {"sub_orders", parts}});
        } else if (kind == 3) {
            v3(orders + "out-trade-no/" + order + "/close", caller);
        } else if (kind == 4 || kind == 5) {
            v3("/v3/refund/domestic/refunds",
               {{"out_trade_no", order},
                {"out_refund_no", "R" + std::to_string(number % 7)},
                {"amount", {{"refund", 1 + number % 888}, {"total", 888}, {"currency", "CNY"}}}});
        } else if (kind == 6) {
            caller["appid"] = AppHarness::kAppId;
            v3(orders + "out-trade-no/" + order + "/reverse", caller);
        } else {
            return false;
        }
        return true;
    }
    void v3(const std::string& path, const nlohmann::json& body) {
        sandbox.app.handle(merchant.request("POST", path, body.dump()));
    }
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
    V3Caller merchant{sandbox};
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
