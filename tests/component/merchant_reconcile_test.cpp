#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merchant/limits.hpp"
#include "merchant/reconcile/reconcile.hpp"
#include "merchant/reconcile/reconciler.hpp"
#include "tests/component/merchant_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

/// A shop with one order for which the user was given something to pay with.
class MerchantReconcile : public testing::Test {
  protected:
    MerchantReconcile() { EXPECT_EQ(shop_.pay(id(), session_).status, 200); }

    std::string number() const { return order_.at("out_trade_no"); }
    std::string id() const { return order_.at("id"); }
    nlohmann::json now() const { return shop_.order_of(id(), session_); }
    /// WeChat's answer to every query; `changes` as with Shop::paid().
    void answer(const std::string& trade_state, Fields changes = {}) {
        changes.emplace("trade_state", trade_state);
        shop_.wechat.order_query = [changes](const Fields& call) {
            return Shop::paid(call.at("out_trade_no"), changes);
        };
    }
    std::string round() const { return shop_.call("POST", "/api/reconcile").body; }

    Shop shop_;
    std::string session_ = shop_.login();
    nlohmann::json order_ = shop_.order(session_);
};

TEST_F(MerchantReconcile, WaitsForTheCallbackFirst) {
    answer("SUCCESS");
    shop_.clock.advance(30s - 1ms);
    EXPECT_EQ(round(), R"({"checked":0,"credited":0,"closed":0,"failed":0})");
    shop_.clock.advance(1ms);
    EXPECT_EQ(round(), R"({"checked":1,"credited":1,"closed":0,"failed":0})");
    EXPECT_EQ(now().at("state"), "paid");
    EXPECT_EQ(now().at("credits"), 1);
    EXPECT_EQ(round(), R"({"checked":0,"credited":0,"closed":0,"failed":0})");
}

TEST_F(MerchantReconcile, AsksOnlyForOrdersThatCanBePaid) {
    shop_.order(session_);  // never taken to the cashier
    shop_.clock.advance(1h);
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":0})");
}

TEST_F(MerchantReconcile, TakesTheLateCallbackForADuplicate) {
    answer("SUCCESS");
    shop_.clock.advance(1min);
    round();
    EXPECT_EQ(shop_.notify(shop_.signed_xml(Shop::paid(number()))), "SUCCESS");
    EXPECT_EQ(now().at("credits"), 1);
    EXPECT_THAT(shop_.events(id()), ElementsAre("created", "prepay", "paid", "duplicate"));
}

TEST_F(MerchantReconcile, ChecksAnAnswerLikeACallback) {
    shop_.clock.advance(1min);
    const std::vector<Fields> lies{
        {{"total_fee", "87"}},   {{"total_fee", "-"}},       {{"appid", "wx1111111111111111"}},
        {{"appid", "-"}},        {{"mch_id", "1900000110"}}, {{"out_trade_no", "another"}},
        {{"transaction_id", ""}}};
    for (const Fields& lie : lies) {
        answer("SUCCESS", lie);
        EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":1})")
            << lie.begin()->first;
    }
    EXPECT_EQ(now().at("credits"), 0);
}

TEST_F(MerchantReconcile, BooksNoPaymentWithoutItsMomentNorInAnotherCurrency) {
    shop_.clock.advance(1min);
    for (const Fields& lie : std::vector<Fields>{
             {{"time_end", "-"}}, {{"time_end", "2024-06-01"}}, {{"fee_type", "USD"}}}) {
        answer("SUCCESS", lie);
        EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":1})")
            << lie.begin()->first;
    }
    EXPECT_EQ(now().at("credits"), 0);
}

TEST_F(MerchantReconcile, BelievesNoAnswerWithoutTheRightSign) {
    shop_.clock.advance(1min);
    class Forger final : public http::Transport {
      public:
        Result<http::Response> send(const http::Request& request) override {
            const auto call = XmlMessage::parse(request.body);
            http::Response response;
            response.body = FakeWechat::sign(
                Shop::paid(std::string(call->get("out_trade_no")), {{"trade_state", "SUCCESS"}}),
                Secret("00000000000000000000000000000000"), v2::SignType::md5);
            return response;
        }
    } forger;
    merchant::V2Gateway gateway(shop_.account, forger, shop_.random, shop_.clock);
    const merchant::Context context{shop_.settings, shop_.store,  gateway,
                                    shop_.clock,    shop_.random, shop_.context.report};
    EXPECT_EQ(merchant::reconcile(context).failed, 1);
    EXPECT_EQ(now().at("credits"), 0);
}

TEST_F(MerchantReconcile, ClosesWhatWechatClosed) {
    answer("CLOSED");
    shop_.clock.advance(1min);
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":1,"failed":0})");
    EXPECT_EQ(now().at("state"), "closed");
    EXPECT_EQ(shop_.pay(id(), session_).json().at("error").at("code"), "order_closed");
    EXPECT_EQ(round(), R"({"checked":0,"credited":0,"closed":0,"failed":0})");
}

TEST_F(MerchantReconcile, DoesNotCloseWhatACallbackCreditedMeanwhile) {
    shop_.wechat.order_query = [this](const Fields& call) {
        EXPECT_EQ(shop_.notify(shop_.signed_xml(Shop::paid(number()))), "SUCCESS");
        return Shop::paid(call.at("out_trade_no"), {{"trade_state", "CLOSED"}});
    };
    shop_.clock.advance(1min);
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":0})");
    EXPECT_EQ(now().at("state"), "paid");
}

TEST_F(MerchantReconcile, LeavesAnUnpaidOrderAsItIs) {
    shop_.clock.advance(1min);
    for (const char* state : {"NOTPAY", "USERPAYING", "PAYERROR"}) {
        answer(state);
        EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":0})") << state;
    }
    EXPECT_EQ(now().at("state"), "unpaid");
}

TEST_F(MerchantReconcile, LeavesARefundThatItNeverSawToAPerson) {
    answer("REFUND");
    shop_.clock.advance(1min);
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":1})");
    EXPECT_EQ(now().at("credits"), 0);
    EXPECT_EQ(shop_.events(id()).back(), "alarm");
}

TEST_F(MerchantReconcile, RemembersAPrepayWhoseAnswerWasLost) {
    const auto second = shop_.order(session_);
    shop_.wechat.unified_order = [](const Fields&) -> Result<Fields> {
        return Failure{Error{Errc::timed_out, "no answer"}};
    };
    shop_.pay(second.at("id"), session_);
    shop_.clock.advance(1min);
    EXPECT_EQ(round(), R"({"checked":2,"credited":0,"closed":0,"failed":0})");
}

TEST_F(MerchantReconcile, ForgetsAPrepayThatNeverReachedWechat) {
    shop_.wechat.order_query = [](const Fields&) {
        return Fields{{"return_code", "SUCCESS"},
                      {"result_code", "FAIL"},
                      {"err_code", "ORDERNOTEXIST"},
                      {"err_code_des", "订单不存在"}};
    };
    shop_.clock.advance(1min);
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":0})");
    EXPECT_EQ(round(), R"({"checked":0,"credited":0,"closed":0,"failed":0})");
    EXPECT_EQ(shop_.pay(id(), session_).status, 200);
    shop_.clock.advance(1min);
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":0})");
}

TEST_F(MerchantReconcile, GivesUpARoundWhenWechatIsNotThere) {
    for (int i = 0; i < 3; ++i) shop_.pay(shop_.order(session_).at("id"), session_);
    shop_.wechat.order_query = [](const Fields&) -> Result<Fields> {
        return Failure{Error{Errc::unreachable, "no connection"}};
    };
    shop_.clock.advance(1min);
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":1})");
}

TEST_F(MerchantReconcile, GoesOnWhenWechatRefusesOneOrder) {
    shop_.pay(shop_.order(session_).at("id"), session_);
    shop_.wechat.order_query = [](const Fields&) {
        return Fields{{"return_code", "SUCCESS"},
                      {"result_code", "FAIL"},
                      {"err_code", "SYSTEMERROR"},
                      {"err_code_des", "系统错误"}};
    };
    shop_.clock.advance(1min);
    EXPECT_EQ(round(), R"({"checked":2,"credited":0,"closed":0,"failed":2})");
}

TEST_F(MerchantReconcile, ReachesEveryOrderWithinAFewRounds) {
    for (std::int64_t i = 0; i < merchant::kReconcileBatch; ++i)
        shop_.pay(shop_.order(session_).at("id"), session_);
    std::set<std::string> asked;
    shop_.wechat.order_query = [&](const Fields& call) {
        asked.insert(call.at("out_trade_no"));
        return Shop::paid(call.at("out_trade_no"), {{"trade_state", "NOTPAY"}});
    };
    shop_.clock.advance(1min);
    EXPECT_EQ(merchant::reconcile(shop_.context).checked, merchant::kReconcileBatch);
    shop_.clock.advance(1min);
    merchant::reconcile(shop_.context);
    EXPECT_EQ(asked.size(), static_cast<std::size_t>(merchant::kReconcileBatch) + 1);
}

TEST_F(MerchantReconcile, IsOnlyForTheShopsOwnMachine) {
    for (const char* address : {"192.0.2.1", "", "::ffff:192.0.2.1"}) {
        http::Request request;
        request.method = "POST";
        request.path = "/api/reconcile";
        request.remote_address = address;
        EXPECT_EQ(std::get<http::Response>(shop_.app.handle(request)).status, 403) << address;
    }
}

TEST_F(MerchantReconcile, RunsByItselfUntilItIsStopped) {
    std::promise<void> asked;
    std::atomic<bool> first{true};
    shop_.wechat.order_query = [&](const Fields& call) {
        if (first.exchange(false)) asked.set_value();
        return Shop::paid(call.at("out_trade_no"), {{"trade_state", "SUCCESS"}});
    };
    shop_.clock.advance(1min);
    {
        const merchant::Reconciler reconciler(shop_.context, 1h);
        ASSERT_EQ(asked.get_future().wait_for(20s), std::future_status::ready);
    }
    EXPECT_EQ(now().at("credits"), 1);
}

TEST_F(MerchantReconcile, ComesBackAfterARoundThatFailed) {
    std::promise<void> again;
    std::atomic<int> rounds{0};
    shop_.wechat.order_query = [&](const Fields&) -> Result<Fields> {
        const int n = ++rounds;
        if (n == 1) throw std::runtime_error("disk full");
        if (n == 2) again.set_value();
        return Failure{Error{Errc::unreachable, "no connection"}};
    };
    shop_.clock.advance(1min);
    const merchant::Reconciler reconciler(shop_.context, 1ms);
    EXPECT_EQ(again.get_future().wait_for(20s), std::future_status::ready);
}

}  // namespace
}  // namespace wxpay::test
