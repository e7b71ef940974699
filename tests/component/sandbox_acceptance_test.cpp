// Tencent's acceptance sandbox: its key, its cases, and how it keeps to itself.
#include <gtest/gtest.h>

#include "core/v2/notification.hpp"

#include "sandbox/api_v2/acceptance.hpp"
#include "sandbox/api_v2/endpoints.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

constexpr const char* kSandboxKey = "e25d5f74278fcdadeaa529884523b39f";

class Acceptance : public testing::Test {
  protected:
    Fields call(const std::string& path, const Fields& fields,
                const std::string& prefix = "/sandboxnew") {
        return sandbox.v2_raw(prefix + path,
                              AppHarness::xml(AppHarness::sign(fields, kSandboxKey)));
    }
    Fields order(const std::string& number, int total, const std::string& type = "JSAPI") {
        return call("/pay/unifiedorder",
                    AppHarness::order(
                        number, {{"total_fee", std::to_string(total)}, {"trade_type", type}}));
    }
    Fields scan(const std::string& number, const std::string& total) {
        return call("/pay/micropay", {{"body", "b"},
                                      {"out_trade_no", number},
                                      {"total_fee", total},
                                      {"spbill_create_ip", "127.0.0.1"},
                                      {"auth_code", "134579720130501234"}});
    }
    Fields query(const std::string& number) {
        return call("/pay/orderquery", {{"out_trade_no", number}});
    }
    std::size_t callbacks() {
        sandbox.run_due();
        return sandbox.sender.sent.size();
    }
    auto last_callback() {
        return v2::parse_payment_notification(sandbox.sender.sent.back().request.body,
                                              Secret(kSandboxKey), v2::SignType::md5);
    }

    AppHarness sandbox;
};

TEST_F(Acceptance, HandsOutItsKeyForTheRealOne) {
    const auto ask = [&](const char* path, const char* key) {
        Fields fields = AppHarness::sign({{"mch_id", AppHarness::kMchId}}, key);
        fields.erase("appid");
        fields = {{"mch_id", fields["mch_id"]}, {"nonce_str", fields["nonce_str"]}};
        std::vector<FieldView> views;
        for (const auto& [name, value] : fields) views.push_back({name, value});
        fields["sign"] = v2::sign(views, Secret(key), v2::SignType::md5);
        return sandbox.post(path, AppHarness::xml(fields)).body;
    };
    const std::string good =
        "<xml>\n  <return_code><![CDATA[SUCCESS]]></return_code>\n"
        "  <return_msg><![CDATA[ok]]></return_msg>\n"
        "  <sandbox_signkey><![CDATA[e25d5f74278fcdadeaa529884523b39f]]></sandbox_signkey>\n</xml>";
    EXPECT_EQ(ask("/sandboxnew/pay/getsignkey", AppHarness::kKey), good);
    EXPECT_EQ(ask("/xdc/apiv2getsignkey/sign/getsignkey", AppHarness::kKey), good);
    EXPECT_EQ(
        ask("/sandboxnew/pay/getsignkey", kSandboxKey),
        "<xml><return_code><![CDATA[FAIL]]></return_code>\n"
        "<return_msg><![CDATA[获取沙箱密钥失败，确认交易密钥是否正确]]></return_msg>\n</xml>");
}

TEST_F(Acceptance, AnswersInItsOwnOrderAndEchoesTheNonce) {
    const std::string body =
        sandbox
            .post(
                "/sandboxnew/pay/unifiedorder",
                AppHarness::xml(AppHarness::sign(
                    AppHarness::order("SB20240601120000001", {{"total_fee", "101"}}), kSandboxKey)))
            .body;
    const auto message = XmlMessage::parse(body).value();
    EXPECT_EQ(body, "<xml><trade_type><![CDATA[JSAPI]]></trade_type>\n<prepay_id><![CDATA[" +
                        std::string(message.get("prepay_id")) +
                        "]]></prepay_id>\n"
                        "<nonce_str><![CDATA[5K8264ILTKCH16CQ2502SI8ZNMTM67VS]]></nonce_str>\n"
                        "<return_code><![CDATA[SUCCESS]]></return_code>\n"
                        "<err_code_des><![CDATA[ok]]></err_code_des>\n<sign><![CDATA[" +
                        std::string(message.get("sign")) +
                        "]]></sign>\n<mch_id><![CDATA[1900000109]]></mch_id>\n"
                        "<return_msg><![CDATA[OK]]></return_msg>\n"
                        "<appid><![CDATA[wx8888888888888888]]></appid>\n"
                        "<device_info><![CDATA[sandbox]]></device_info>\n"
                        "<result_code><![CDATA[SUCCESS]]></result_code>\n"
                        "<err_code><![CDATA[SUCCESS]]></err_code>\n</xml>");
    EXPECT_EQ(message.get("prepay_id").size(), 22U);
    EXPECT_TRUE(
        v2::verify(message.fields(), message.get("sign"), Secret(kSandboxKey), v2::SignType::md5));
}

TEST_F(Acceptance, PlaysTheCasesOfOrders) {
    for (const auto& [type, hundreds] : {std::pair{"JSAPI", 100}, {"APP", 200}, {"NATIVE", 300}}) {
        const std::string t = type;
        sandbox.sender.sent.clear();
        order(t + "01", hundreds + 1, t);
        EXPECT_EQ(callbacks(), 1U);
        EXPECT_TRUE(last_callback());
        EXPECT_EQ(query(t + "01").at("trade_state"), "SUCCESS");

        order(t + "02", hundreds + 2, t);
        EXPECT_EQ(callbacks(), 2U);
        const Fields coupons = query(t + "02");
        EXPECT_EQ(coupons.at("coupon_count"), "2");
        EXPECT_EQ(coupons.at("coupon_fee"), "3");
        EXPECT_EQ(coupons.at("cash_fee"), std::to_string(hundreds - 1));
        EXPECT_EQ(coupons.at("settlement_total_fee"), std::to_string(hundreds));

        order(t + "30", hundreds + 30, t);
        EXPECT_EQ(callbacks(), 2U);
        EXPECT_EQ(query(t + "30").at("trade_state"), "SUCCESS");
        order(t + "31", hundreds + 31, t);
        EXPECT_EQ(callbacks(), 2U);
        EXPECT_EQ(query(t + "31").at("trade_state"), "PAYERROR");
        order(t + "32", hundreds + 32, t);
        EXPECT_EQ(callbacks(), 4U);
        order(t + "33", hundreds + 33, t);
        EXPECT_EQ(callbacks(), 5U);
        EXPECT_EQ(last_callback().error().code, Errc::signature_mismatch);
        order(t + "34", hundreds + 34, t);
        EXPECT_EQ(callbacks(), 6U);
        EXPECT_EQ(last_callback()->total_fee, Fen{20'000});
        EXPECT_EQ(query(t + "34").at("total_fee"), "20000");
    }
    order("U1", 551);
    EXPECT_EQ(query("U1").at("settlement_total_fee"), "550");
}

TEST_F(Acceptance, PlaysTheCasesOfCodePayment) {
    EXPECT_EQ(scan("M1", "1").at("cash_fee"), "1");
    EXPECT_EQ(scan("M2", "2").at("coupon_fee"), "1");
    EXPECT_EQ(scan("M3", "3").at("settlement_total_fee"), "1");
    EXPECT_EQ(scan("M501", "501").at("cash_fee"), "500");
    EXPECT_EQ(scan("M30", "30").at("err_code"), "USERPAYING");
    sandbox.advance(std::chrono::hours(1));
    EXPECT_EQ(query("M30").at("trade_state"), "USERPAYING");
    EXPECT_EQ(call("/secapi/pay/reverse", {{"out_trade_no", "M30"}}).at("recall"), "N");
    EXPECT_EQ(scan("M4", "101").at("return_msg"),
              "沙箱被扫支付金额(101)无效，请检查需要验证的case");

    const auto is_silent = [&](const std::string& path, Fields fields) {
        http::Request request;
        request.method = "POST";
        request.path = "/sandboxnew" + path;
        request.body = AppHarness::xml(AppHarness::sign(std::move(fields), kSandboxKey));
        return std::holds_alternative<http::Later>(sandbox.app.handle(request));
    };
    for (const char* const total : {"31", "32", "33", "34"}) {
        EXPECT_TRUE(is_silent("/pay/micropay", {{"body", "b"},
                                                {"out_trade_no", std::string("M") + total},
                                                {"total_fee", total},
                                                {"spbill_create_ip", "127.0.0.1"},
                                                {"auth_code", "134579720130501234"}}))
            << total;
    }
    EXPECT_EQ(query("M31").at("trade_state"), "SUCCESS");
    EXPECT_EQ(query("M32").at("trade_state"), "PAYERROR");
    EXPECT_TRUE(is_silent("/pay/orderquery", {{"out_trade_no", "M33"}}));
    EXPECT_EQ(query("M34").at("coupon_fee"), "1");
}

TEST_F(Acceptance, RefundsWhatItsCasesHavePaid) {
    order("R1", 102);
    const Fields refund = call("/pay/refund", {{"out_trade_no", "R1"},
                                               {"out_refund_no", "1"},
                                               {"total_fee", "102"},
                                               {"refund_fee", "102"}});
    EXPECT_EQ(refund.at("result_code"), "SUCCESS");
    EXPECT_EQ(refund.at("settlement_refund_fee"), "100");
    EXPECT_EQ(call("/secapi/pay/refund", {{"out_trade_no", "R1"},
                                          {"out_refund_no", "2"},
                                          {"total_fee", "103"},
                                          {"refund_fee", "1"}})
                  .at("return_msg"),
              "沙箱支付金额不正确，请确认验收case");
    EXPECT_EQ(call("/pay/refundquery", {{"out_trade_no", "R1"}}).at("refund_count"), "1");
}

TEST_F(Acceptance, RefusesWhatIsTooLateToBePaid) {
    for (const char* const total : {"1", "2", "31", "33", "501"}) {
        const Fields answer = call("/pay/micropay", {{"body", "b"},
                                                     {"out_trade_no", std::string("L") + total},
                                                     {"total_fee", total},
                                                     {"spbill_create_ip", "127.0.0.1"},
                                                     {"time_expire", "20200101000000"},
                                                     {"auth_code", "134579720130501234"}});
        EXPECT_EQ(answer.at("return_msg"), "time_expire时间过短，刷卡至少1分钟，其他5分钟")
            << total;
        EXPECT_EQ(query(std::string("L") + total).at("err_code"), "ORDERNOTEXIST");
    }
}

TEST_F(Acceptance, SaysWhatItDoesNotKnow) {
    EXPECT_EQ(order("W1", 888).at("return_msg"), "沙箱支付金额(888)无效，请检查需要验收的case");
    EXPECT_EQ(sandbox
                  .v2_raw("/sandboxnew/pay/orderquery",
                          AppHarness::xml(AppHarness::sign({{"out_trade_no", "W1"}})))
                  .at("return_msg"),
              "沙箱验证签名失败，请确认沙箱签名key是否正确（通过getsignkey调用生成）");
    const Fields strange =
        call("/pay/unifiedorder", AppHarness::order("W2", {{"total_fee", "1.01"}}));
    EXPECT_EQ(strange.at("retmsg"), "请确认请求参数是否正确total_fee");
    EXPECT_EQ(strange.at("retcode"), "1");
}

TEST_F(Acceptance, SaysInTheSameWordsOnEachPathThatTheKeyIsWrong) {
    const Fields unsigned_call{{"appid", AppHarness::kAppId},   {"mch_appid", AppHarness::kAppId},
                               {"wxappid", AppHarness::kAppId}, {"mch_id", AppHarness::kMchId},
                               {"mchid", AppHarness::kMchId},   {"nonce_str", "n"},
                               {"sign", std::string(32, '0')}};
    const auto all = sandbox::api_v2::acceptance_endpoints();
    EXPECT_GT(all.size(), 20U);
    for (const sandbox::api_v2::Endpoint& endpoint : all) {
        const Fields answer =
            sandbox.v2_raw(std::string(endpoint.path), AppHarness::xml(unsigned_call));
        EXPECT_EQ(answer.at("return_code"), "FAIL") << endpoint.path;
        EXPECT_EQ(answer.at("return_msg"),
                  "沙箱验证签名失败，请确认沙箱签名key是否正确（通过getsignkey调用生成）")
            << endpoint.path;
        EXPECT_EQ(answer.size(), 2U) << endpoint.path;
    }
}

TEST_F(Acceptance, TheNewerOneHasAllCallsAndTheOlderOneOrders) {
    Fields transfer{{"mch_appid", AppHarness::kAppId},
                    {"mchid", AppHarness::kMchId},
                    {"nonce_str", "n"},
                    {"partner_trade_no", "P1"},
                    {"openid", AppHarness::kOpenId},
                    {"check_name", "NO_CHECK"},
                    {"amount", "100"},
                    {"desc", "d"},
                    {"spbill_create_ip", "127.0.0.1"}};
    std::vector<FieldView> views;
    for (const auto& [name, value] : transfer) views.push_back({name, value});
    transfer["sign"] = v2::sign(views, Secret(kSandboxKey), v2::SignType::md5);
    const std::string path = "/mmpaymkttransfers/promotion/transfers";
    const std::string body = AppHarness::xml(transfer);
    EXPECT_EQ(sandbox.post("/sandboxnew" + path, body).status, 404);
    const Fields made = sandbox.v2_raw("/xdc/apiv2sandbox" + path, body);
    EXPECT_EQ(made.at("result_code"), "SUCCESS");
    EXPECT_EQ(made.at("mchid"), AppHarness::kMchId);
    const Fields found = call("/mmpaymkttransfers/gettransferinfo", {{"partner_trade_no", "P1"}},
                              "/xdc/apiv2sandbox");
    EXPECT_EQ(found.at("mch_id"), AppHarness::kMchId);
    EXPECT_EQ(found.at("status"), "SUCCESS");
    EXPECT_EQ(sandbox
                  .v2_raw("/mmpaymkttransfers/gettransferinfo",
                          AppHarness::xml(AppHarness::sign({{"partner_trade_no", "P1"}})))
                  .at("err_code"),
              "NOT_FOUND");
    for (const sandbox::api_v2::Endpoint& endpoint : sandbox::api_v2::endpoints()) {
        if (endpoint.path.ends_with("/getsignkey")) continue;
        EXPECT_NE(sandbox.post("/xdc/apiv2sandbox" + std::string(endpoint.path), "").status, 404)
            << endpoint.path;
    }
}

TEST_F(Acceptance, ShowsItsRecordsUnderTheMerchantsNumber) {
    const auto get = [&](const std::string& target) {
        return sandbox.control("GET", "/_sandbox/v1/" + target);
    };
    order("K1", 101);
    sandbox.run_due();
    const auto shown = get("orders/1900000109:K1");
    ASSERT_EQ(shown.status, 200);
    EXPECT_EQ(shown.body["mch_id"], AppHarness::kMchId);
    EXPECT_EQ(shown.body["acceptance"], true);
    EXPECT_EQ(shown.body["state"], "SUCCESS");
    const auto told = get("notifications?mch_id=1900000109&out_trade_no=K1").body["notifications"];
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0]["mch_id"], AppHarness::kMchId);
    EXPECT_EQ(told[0]["acceptance"], true);
    const std::string by_prepay_id = "order=" + shown.body["prepay_id"].get<std::string>();
    for (const std::string& narrowed :
         {std::string("order=1900000109:K1"), std::string("mch_id=1900000109"), by_prepay_id}) {
        const auto exchanges = get("exchanges?" + narrowed).body["exchanges"];
        ASSERT_EQ(exchanges.size(), 2U) << narrowed;
        EXPECT_EQ(exchanges[0]["kind"], "callback");
        EXPECT_EQ(exchanges[0]["mch_id"], AppHarness::kMchId);
    }
    EXPECT_EQ(get("wait?order=1900000109:K1&until=notified&timeout=0").status, 200);

    ASSERT_EQ(call("/secapi/pay/refund", {{"out_trade_no", "K1"},
                                          {"out_refund_no", "R1"},
                                          {"total_fee", "101"},
                                          {"refund_fee", "1"}})
                  .at("result_code"),
              "SUCCESS");
    EXPECT_EQ(get("refunds/1900000109:R1").body["refund_fee"], 1);
}

TEST_F(Acceptance, GivesWayToAProductionOrderOfItsNumber) {
    const auto get = [&](const std::string& target) {
        return sandbox.control("GET", "/_sandbox/v1/" + target);
    };
    order("K1", 101);
    sandbox.run_due();
    ASSERT_EQ(sandbox.v2("/pay/unifiedorder", AppHarness::order("K1")).at("result_code"),
              "SUCCESS");
    order("K2", 101);
    EXPECT_FALSE(get("orders/1900000109:K1").body.contains("acceptance"));
    EXPECT_EQ(get("wait?order=1900000109:K1&until=notified&timeout=0").status, 408)
        << "the callback was the other one's";
    const auto page = get("orders?mch_id=1900000109&limit=2");
    ASSERT_EQ(page.body["orders"].size(), 2U);
    EXPECT_EQ(page.body["orders"][0]["out_trade_no"], "K2") << "newest first";
    EXPECT_FALSE(page.body["orders"][1].contains("acceptance"));
    const auto rest = get("orders?mch_id=1900000109&limit=2&cursor=" +
                          page.body["next_cursor"].get<std::string>());
    ASSERT_EQ(rest.body["orders"].size(), 1U);
    EXPECT_EQ(rest.body["orders"][0]["acceptance"], true);
    EXPECT_FALSE(rest.body.contains("next_cursor"));

    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/reset?mch_id=1900000110").status, 200);
    EXPECT_EQ(get("orders?mch_id=1900000109").body["orders"].size(), 3U);
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/reset?mch_id=1900000109").status, 200);
    EXPECT_TRUE(get("orders").body["orders"].empty());
    EXPECT_TRUE(get("notifications").body["notifications"].empty());
    EXPECT_TRUE(get("exchanges").body["exchanges"].empty());
}

TEST_F(Acceptance, KeepsItsOrdersToItself) {
    order("K1", 101);
    EXPECT_EQ(sandbox.v2("/pay/orderquery", {{"out_trade_no", "K1"}}).at("err_code"),
              "ORDERNOTEXIST");
    EXPECT_EQ(sandbox.v2("/pay/unifiedorder", AppHarness::order("K1")).at("result_code"),
              "SUCCESS");
    EXPECT_EQ(
        call("/pay/orderquery", {{"out_trade_no", "K1"}}, "/xdc/apiv2sandbox").at("trade_state"),
        "SUCCESS");
    const std::string bill =
        sandbox
            .post("/sandboxnew/pay/downloadbill",
                  AppHarness::xml(AppHarness::sign({{"bill_date", "20991231"}}, kSandboxKey)))
            .body;
    EXPECT_NE(bill.find("`2016-05-04 12:00:00"), std::string::npos) << bill;
}

}  // namespace
}  // namespace wxpay::test
