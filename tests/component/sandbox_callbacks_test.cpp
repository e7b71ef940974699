// Payments and the callbacks they cause, on the manual clock.
#include <gtest/gtest.h>

#include "core/codec/beijing_time.hpp"
#include "core/v2/notification.hpp"

#include "sandbox/notify/schedule.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

class Callbacks : public testing::Test {
  protected:
    void order(const std::string& number, const Fields& changes = {}) {
        ASSERT_EQ(
            sandbox.v2("/pay/unifiedorder", AppHarness::order(number, changes)).at("result_code"),
            "SUCCESS");
    }
    AppHarness::Controlled pay(const std::string& number, const nlohmann::json& body = nullptr) {
        return sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay", body);
    }
    std::string state(const std::string& number) {
        return sandbox.control("GET", "/_sandbox/v1/orders/1900000109:" + number).body["state"];
    }

    AppHarness sandbox;
};

TEST_F(Callbacks, SaysWhatTheLedgerSaysInWeChatsBytes) {
    order("20240601120000001", {{"attach", "支付测试"}});
    sandbox.advance(65s);
    const auto paid = pay("20240601120000001");
    ASSERT_EQ(paid.status, 200);
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    const auto& sent = sandbox.sender.sent[0];
    const auto message = XmlMessage::parse(sent.request.body).value();
    const std::string sign(message.get("sign"));
    EXPECT_EQ(sent.request.body,
              "<xml><appid><![CDATA[wx8888888888888888]]></appid>\n<attach><![CDATA[支付测试]]></"
              "attach>\n"
              "<bank_type><![CDATA[OTHERS]]></bank_type>\n<cash_fee><![CDATA[888]]></cash_fee>\n"
              "<fee_type><![CDATA[CNY]]></fee_type>\n<is_subscribe><![CDATA[N]]></is_subscribe>\n"
              "<mch_id><![CDATA[1900000109]]></mch_id>\n"
              "<nonce_str><![CDATA[5K8264ILTKCH16CQ2502SI8ZNMTM67VS]]></nonce_str>\n"
              "<openid><![CDATA[oUpF8uMuAJO_M2pxb1Q9zNjWeS6o]]></openid>\n"
              "<out_trade_no><![CDATA[20240601120000001]]></out_trade_no>\n"
              "<result_code><![CDATA[SUCCESS]]></result_code>\n<return_code><![CDATA[SUCCESS]]></"
              "return_code>\n"
              "<sign><![CDATA[" +
                  sign +
                  "]]></sign>\n<time_end><![CDATA[20240601120105]]></time_end>\n"
                  "<total_fee>888</total_fee>\n<trade_type><![CDATA[JSAPI]]></trade_type>\n"
                  "<transaction_id><![CDATA[" +
                  paid.body["transaction_id"].get<std::string>() + "]]></transaction_id>\n</xml>");
    EXPECT_TRUE(v2::parse_payment_notification(sent.request.body, Secret(AppHarness::kKey),
                                               v2::SignType::md5));
    EXPECT_EQ(sent.url, "http://127.0.0.1:9190/wxpay/notify");
    EXPECT_EQ(sent.request.headers.get("content-type"), "text/xml");
    EXPECT_EQ(sandbox.only_notification()["state"], "delivered");
}

TEST_F(Callbacks, OfHmacOrdersAreSignedSoAndSayIt) {
    order("H1", {{"sign_type", "HMAC-SHA256"}});
    pay("H1");
    sandbox.run_due();
    const auto& body = sandbox.sender.sent.at(0).request.body;
    EXPECT_TRUE(
        v2::parse_payment_notification(body, Secret(AppHarness::kKey), v2::SignType::hmac_sha256));
    EXPECT_NE(body.find("<sign_type><![CDATA[HMAC-SHA256]]></sign_type>\n"), std::string::npos);
}

TEST_F(Callbacks, CarryCouponsAsObserved) {
    order("K1");
    pay("K1", {{"bank_type", "CMB_DEBIT"},
               {"coupons", {{{"id", "2000000044096177209"}, {"type", "CASH"}, {"fee", 12}}}}});
    sandbox.run_due();
    const std::string& cash = sandbox.sender.sent.at(0).request.body;
    EXPECT_NE(
        cash.find(
            "<cash_fee><![CDATA[876]]></cash_fee>\n<coupon_count><![CDATA[1]]></coupon_count>\n"
            "<coupon_fee>12</coupon_fee>\n<coupon_fee_0><![CDATA[12]]></coupon_fee_0>\n"
            "<coupon_id_0><![CDATA[2000000044096177209]]></coupon_id_0>\n"),
        std::string::npos)
        << cash;
    EXPECT_EQ(cash.find("coupon_type"), std::string::npos);
    EXPECT_EQ(cash.find("settlement_total_fee"), std::string::npos);

    order("K2");
    pay("K2", {{"coupons",
                {{{"id", "1"}, {"type", "NO_CASH"}, {"fee", 2}},
                 {{"id", "2"}, {"type", "CASH"}, {"fee", 1}}}}});
    sandbox.run_due();
    const std::string& mixed = sandbox.sender.sent.at(1).request.body;
    EXPECT_NE(mixed.find("<settlement_total_fee>886</settlement_total_fee>"), std::string::npos)
        << mixed;
    EXPECT_NE(mixed.find("<coupon_type_0><![CDATA[NO_CASH]]></coupon_type_0>"), std::string::npos);
    const Fields query = sandbox.v2("/pay/orderquery", {{"out_trade_no", "K2"}});
    EXPECT_EQ(query.at("cash_fee"), "885");
    EXPECT_EQ(query.at("coupon_fee"), "3");
    EXPECT_EQ(pay("K2", {{"coupons", "x"}}).status, 400);
}

TEST_F(Callbacks, AreRetriedFifteenTimesAtExactlyTheDocumentedTimes) {
    sandbox.sender.answer = [](const auto&) { return RecordingSender::unreachable(); };
    order("X1");
    pay("X1");
    const auto advanced = sandbox.advance(24h + 4min);
    EXPECT_EQ(advanced.fired, 16U);
    EXPECT_EQ(advanced.failed, 16U);
    EXPECT_EQ(advanced.delivered, 0U);
    ASSERT_EQ(sandbox.sender.sent.size(), 16U);
    Instant expected = sandbox.sender.sent[0].at;
    for (std::size_t i = 0; i < sandbox::kNotifyWaits.size(); ++i) {
        expected += sandbox::kNotifyWaits[i];
        EXPECT_EQ(sandbox.sender.sent[i + 1].at, expected) << "retry " << i + 1;
        EXPECT_EQ(sandbox.sender.sent[i + 1].request.body, sandbox.sender.sent[0].request.body);
    }
    EXPECT_EQ(sandbox.sender.sent[15].at - sandbox.sender.sent[0].at, 24h + 4min);
    const auto notification = sandbox.only_notification();
    EXPECT_EQ(notification["state"], "exhausted");
    EXPECT_EQ(notification["attempts"].size(), 16U);
    EXPECT_EQ(notification["attempts"][15]["n"], 16);
    EXPECT_EQ(notification["attempts"][15]["at"], "2024-06-02T12:04:00+08:00");
    EXPECT_FALSE(notification.contains("next_at"));
    sandbox.advance(72h);
    EXPECT_EQ(sandbox.sender.sent.size(), 16U) << "an exhausted callback comes no more";
}

TEST_F(Callbacks, StopAtTheFirstSuccess) {
    int tries = 0;
    sandbox.sender.answer = [&](const auto&) {
        return ++tries < 3 ? RecordingSender::answered(500, "oops") : RecordingSender::success();
    };
    order("X2");
    pay("X2");
    const auto advanced = sandbox.advance(24h);
    EXPECT_EQ(tries, 3);
    EXPECT_EQ(advanced.delivered, 1U);
    const auto notification = sandbox.only_notification();
    EXPECT_EQ(notification["state"], "delivered");
    EXPECT_EQ(notification["attempts"][0]["verdict"], "bad_answer");
    EXPECT_EQ(notification["attempts"][0]["http_status"], 500);
    EXPECT_EQ(notification["attempts"][0]["response_body"], "oops");
    EXPECT_EQ(notification["attempts"][1]["at"], "2024-06-01T12:00:15+08:00");
    EXPECT_EQ(notification["attempts"][2]["at"], "2024-06-01T12:00:30+08:00");
    EXPECT_EQ(notification["attempts"][2]["verdict"], "ok");
}

TEST_F(Callbacks, KeepTheirOrderOfDueTimes) {
    sandbox.sender.answer = [](const auto&) { return RecordingSender::unreachable(); };
    for (const char* number : {"Y1", "Y2", "Y3"}) {
        order(number);
        pay(number);
        sandbox.advance(4s);
    }
    sandbox.advance(1h);
    ASSERT_GT(sandbox.sender.sent.size(), 20U);
    for (std::size_t i = 1; i < sandbox.sender.sent.size(); ++i) {
        EXPECT_LE(sandbox.sender.sent[i - 1].at, sandbox.sender.sent[i].at);
    }
}

TEST_F(Callbacks, GiveAHangingMerchantLittleTimeUnderAStandingClock) {
    sandbox.sender.answer = [](const auto&) { return RecordingSender::timed_out(); };
    order("Z1");
    pay("Z1");
    sandbox.advance(24h + 4min);
    ASSERT_EQ(sandbox.sender.sent.size(), 16U);
    EXPECT_EQ(sandbox.sender.sent[0].timeout, 5s);
    EXPECT_LE(sandbox.sender.sent[1].timeout, 10ms);
    EXPECT_EQ(sandbox.only_notification()["attempts"][0]["verdict"], "timeout");
    sandbox.sender.answer = [](const auto&) { return RecordingSender::success(); };
    order("Z2");
    pay("Z2");
    sandbox.run_due();
    order("Z3");
    pay("Z3");
    sandbox.run_due();
    EXPECT_EQ(sandbox.sender.sent.back().timeout, 5s)
        << "a merchant that answers again has its time again";
}

TEST_F(Callbacks, AreLateWhenTheClockIsMovedPastTheirTimeout) {
    std::function<void(http::Outcome)> answer_late;
    sandbox.sender.hang = [&](std::function<void(http::Outcome)> done) {
        answer_late = std::move(done);
    };
    order("L1");
    pay("L1");
    sandbox.sender.answer = [](const auto&) { return RecordingSender::success(); };
    sandbox.advance(30s);
    const auto notification = sandbox.only_notification();
    EXPECT_EQ(notification["attempts"][0]["verdict"], "timeout");
    EXPECT_EQ(notification["attempts"][1]["verdict"], "ok");
    EXPECT_EQ(notification["attempts"][1]["at"], "2024-06-01T12:00:15+08:00");
    answer_late(RecordingSender::success());
    EXPECT_EQ(sandbox.only_notification()["attempts"].size(), 2U)
        << "an answer after the verdict changes nothing";
}

TEST_F(Callbacks, HaveTheirFullTimeAgainOnceTheClockHasBeenMoved) {
    sandbox.sender.answer = [](const auto&) { return RecordingSender::timed_out(); };
    order("T1");
    pay("T1");
    sandbox.advance(30s);
    EXPECT_EQ(sandbox.sender.sent.back().timeout, 10ms);
    const std::string id = sandbox.only_notification()["id"];
    sandbox.control("POST", "/_sandbox/v1/notifications/" + id + "/resend");
    EXPECT_EQ(sandbox.sender.sent.back().timeout, 5s);
}

TEST_F(Callbacks, AreSentOnceMoreOnDemand) {
    sandbox.sender.answer = [](const auto&) { return RecordingSender::unreachable(); };
    order("R1");
    pay("R1");
    sandbox.run_due();
    const std::string id = sandbox.only_notification()["id"];
    auto resent = sandbox.control("POST", "/_sandbox/v1/notifications/" + id + "/resend");
    EXPECT_EQ(resent.status, 200);
    EXPECT_EQ(resent.body["attempts"].size(), 2U);
    EXPECT_EQ(resent.body["state"], "pending");
    EXPECT_EQ(resent.body["next_at"], "2024-06-01T12:00:15+08:00")
        << "a failed resend leaves the schedule alone";
    sandbox.sender.answer = [](const auto&) { return RecordingSender::success(); };
    resent = sandbox.control("POST", "/_sandbox/v1/notifications/" + id + "/resend");
    EXPECT_EQ(resent.body["state"], "delivered");
    sandbox.advance(24h);
    EXPECT_EQ(sandbox.sender.sent.size(), 3U) << "a delivered callback is not retried";
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/notifications/999/resend").status, 404);
}

TEST_F(Callbacks, ComeOnlyForPaidOrders) {
    order("P1");
    EXPECT_EQ(pay("P1", {{"outcome", "cancel"}}).body["state"], "NOTPAY");
    const auto poor = pay("P1", {{"outcome", "notenough"}});
    EXPECT_EQ(poor.body["state"], "NOTPAY");
    EXPECT_EQ(poor.body["payment"]["message"], "余额不足");
    EXPECT_EQ(pay("P1", {{"outcome", "payerror"}}).body["state"], "NOTPAY");
    sandbox.advance(1h);
    EXPECT_TRUE(sandbox.sender.sent.empty());
    EXPECT_EQ(pay("P1").body["state"], "SUCCESS");
    EXPECT_EQ(pay("P1").status, 409);
    EXPECT_EQ(pay("P1").body["error"]["message"], "该订单已支付");
}

TEST_F(Callbacks, FollowTheTestUsers) {
    order("U1", {{"openid", "oNOTENOUGH00000000000000001"}});
    EXPECT_EQ(pay("U1").body["payment"]["outcome"], "notenough");
    order("U2", {{"openid", "oCANCEL"}});
    EXPECT_EQ(pay("U2").body["state"], "NOTPAY");
    order("U3", {{"openid", "oPAYERROR"}});
    EXPECT_EQ(pay("U3").body["payment"]["outcome"], "payerror");
    order("U4", {{"openid", "oSLOW"}});
    EXPECT_EQ(pay("U4").body["state"], "USERPAYING");
    EXPECT_EQ(sandbox.v2("/pay/orderquery", {{"out_trade_no", "U4"}}).at("trade_state"),
              "USERPAYING");
    sandbox.advance(9s);
    EXPECT_EQ(state("U4"), "USERPAYING");
    sandbox.advance(1s);
    EXPECT_EQ(state("U4"), "SUCCESS");
    EXPECT_EQ(sandbox.sender.sent.size(), 1U);
}

TEST_F(Callbacks, SayWhatAHesitantPayerHasPaidBy) {
    order("S1", {{"limit_pay", "no_credit"}});
    EXPECT_EQ(pay("S1", {{"outcome", "userpaying"}, {"bank_type", "CMB_CREDIT"}}).status, 409);
    order("S2");
    pay("S2", {{"outcome", "userpaying"},
               {"openid", "oAnother"},
               {"bank_type", "CMB_DEBIT"},
               {"coupons", {{{"id", "2000000044096177209"}, {"type", "CASH"}, {"fee", 12}}}}});
    sandbox.advance(10s);
    const Fields query = sandbox.v2("/pay/orderquery", {{"out_trade_no", "S2"}});
    EXPECT_EQ(query.at("openid"), "oAnother");
    EXPECT_EQ(query.at("bank_type"), "CMB_DEBIT");
    EXPECT_EQ(query.at("cash_fee"), "876");
}

TEST_F(Callbacks, SayTheSameOfAHesitantPayerWhoConfirms) {
    order("S3", {{"trade_type", "NATIVE"}, {"openid", "-"}});
    pay("S3", {{"outcome", "userpaying"},
               {"openid", "oAnother"},
               {"bank_type", "CMB_DEBIT"},
               {"coupons", {{{"id", "2000000044096177209"}, {"type", "CASH"}, {"fee", 12}}}}});
    pay("S3");
    const Fields query = sandbox.v2("/pay/orderquery", {{"out_trade_no", "S3"}});
    EXPECT_EQ(query.at("openid"), "oAnother");
    EXPECT_EQ(query.at("bank_type"), "CMB_DEBIT");
    EXPECT_EQ(query.at("cash_fee"), "876");
}

TEST_F(Callbacks, AreNotOrderedAnewByAFailedPayment) {
    order("A1", {{"trade_type", "NATIVE"}, {"openid", "-"}});
    pay("A1", {{"outcome", "userpaying"}, {"openid", "oAnother"}});
    order("A1", {{"trade_type", "NATIVE"}, {"openid", "-"}});
    pay("A1", {{"outcome", "cancel"}});
    order("A1", {{"trade_type", "NATIVE"}, {"openid", "-"}, {"profit_sharing", "N"}});
}

TEST_F(Callbacks, NeedAnAddressWithAPathAndAUserOfTheCallingApp) {
    const auto refusal = [&](const Fields& changes) {
        return sandbox.v2("/pay/unifiedorder", AppHarness::order("N1", changes))["return_msg"];
    };
    EXPECT_EQ(refusal({{"notify_url", "http://127.0.0.1"}}), "notify_url参数格式错误");
    EXPECT_EQ(refusal({{"openid", "-"}, {"sub_openid", "oSub"}}), "JSAPI支付必须传openid");
}

TEST_F(Callbacks, AreNoMatterForAMerchantWithoutTheProduct) {
    const std::string key = "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c";
    const Fields late = AppHarness::order("N2", {{"mch_id", "1900000110"},
                                                 {"time_start", "20240601130000"},
                                                 {"time_expire", "20240601124000"}});
    EXPECT_EQ(sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(AppHarness::sign(late, key)))
                  .at("return_msg"),
              "商户号该产品权限未开通，请前往商户平台>产品中心检查后重试");
}

TEST_F(Callbacks, NeverComeForAnExpiredOrClosedOrder) {
    order("V1", {{"time_expire", "20240601121000"}});
    sandbox.advance(10min);
    EXPECT_EQ(pay("V1").status, 409);
    EXPECT_EQ(pay("V1").body["error"]["message"], "交易有效截止时间非法");
    order("V2");
    sandbox.v2("/pay/closeorder", {{"out_trade_no", "V2"}});
    EXPECT_EQ(pay("V2").body["error"]["message"], "订单已关闭");
    order("V3", {{"limit_pay", "no_credit"}});
    EXPECT_EQ(pay("V3", {{"bank_type", "CMB_CREDIT"}}).status, 409);
    EXPECT_EQ(pay("V3", {{"bank_type", "CMB_DEBIT"}}).status, 200);
}

TEST(AutoPay, PaysEachOrderByItself) {
    sandbox::Settings settings;
    settings.auto_pay = Millis(3000);
    AppHarness sandbox(settings);
    sandbox.v2("/pay/unifiedorder", AppHarness::order("A1"));
    sandbox.v2("/pay/unifiedorder", AppHarness::order("A2", {{"openid", "oCANCEL"}}));
    sandbox.advance(2s);
    EXPECT_TRUE(sandbox.sender.sent.empty());
    sandbox.advance(1s);
    EXPECT_EQ(sandbox.sender.sent.size(), 1U);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders/1900000109:A1").body["state"], "SUCCESS");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders/1900000109:A2").body["state"], "NOTPAY");
}

TEST(Determinism, TheSameSeedGivesTheSameBytes) {
    const auto transcript = [](std::uint64_t seed) {
        AppHarness sandbox({}, seed);
        std::string out;
        for (const char* number : {"D1", "D2"}) {
            out += sandbox
                       .post("/pay/unifiedorder",
                             AppHarness::xml(AppHarness::sign(AppHarness::order(number))))
                       .body;
            out += sandbox
                       .control("POST",
                                std::string("/_sandbox/v1/orders/1900000109:") + number + "/pay")
                       .body.dump();
            sandbox.run_due();
        }
        for (const auto& sent : sandbox.sender.sent) out += sent.request.body;
        return out;
    };
    EXPECT_EQ(transcript(7), transcript(7));
    EXPECT_NE(transcript(7), transcript(8));
}

}  // namespace
}  // namespace wxpay::test
