// Refunds and what follows from them, on the manual clock.
#include <algorithm>

#include <gtest/gtest.h>

#include "core/codec/beijing_time.hpp"

#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

class Refunds : public testing::Test {
  protected:
    void paid_order(const std::string& number, const nlohmann::json& payment = nullptr,
                    const Fields& changes = {}) {
        ASSERT_EQ(
            sandbox.v2("/pay/unifiedorder", AppHarness::order(number, changes)).at("result_code"),
            "SUCCESS");
        ASSERT_EQ(
            sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay", payment)
                .status,
            200);
        sandbox.run_due();
    }
    Fields refund(const std::string& number, const std::string& refund_number,
                  const std::string& fee, const Fields& changes = {}) {
        Fields fields{{"out_trade_no", number},
                      {"out_refund_no", refund_number},
                      {"total_fee", "888"},
                      {"refund_fee", fee}};
        for (const auto& [name, value] : changes) {
            if (value == "-") {
                fields.erase(name);
            } else {
                fields[name] = value;
            }
        }
        return sandbox.v2("/secapi/pay/refund", fields);
    }
    Fields query(const Fields& fields) { return sandbox.v2("/pay/refundquery", fields); }
    nlohmann::json order(const std::string& number) {
        return sandbox.control("GET", "/_sandbox/v1/orders/1900000109:" + number).body;
    }
    std::string error(const Fields& answer) {
        return answer.contains("err_code") ? answer.at("err_code") + " " + answer.at("err_code_des")
                                           : answer.at("return_msg");
    }

    AppHarness sandbox;
};

constexpr const char* kDiffers = "订单金额或退款金额与之前请求不一致，请核实后再试";

TEST_F(Refunds, AnswerInTheBytesOfTheSample) {
    paid_order("20240601120000001");
    const Fields sent = AppHarness::sign({{"out_trade_no", "20240601120000001"},
                                          {"out_refund_no", "R20240601130000001"},
                                          {"total_fee", "888"},
                                          {"refund_fee", "100"},
                                          {"refund_desc", "商品已售完"}});
    const std::string body = sandbox.post("/secapi/pay/refund", AppHarness::xml(sent)).body;
    const auto message = XmlMessage::parse(body).value();
    const auto text = [&](const char* name) { return std::string(message.get(name)); };
    EXPECT_EQ(body,
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[OK]]></return_msg>\n"
              "<appid><![CDATA[wx8888888888888888]]></appid>\n"
              "<mch_id><![CDATA[1900000109]]></mch_id>\n"
              "<nonce_str><![CDATA[" +
                  text("nonce_str") +
                  "]]></nonce_str>\n"
                  "<sign><![CDATA[" +
                  text("sign") +
                  "]]></sign>\n"
                  "<result_code><![CDATA[SUCCESS]]></result_code>\n"
                  "<transaction_id><![CDATA[" +
                  text("transaction_id") +
                  "]]></transaction_id>\n"
                  "<out_trade_no><![CDATA[20240601120000001]]></out_trade_no>\n"
                  "<out_refund_no><![CDATA[R20240601130000001]]></out_refund_no>\n"
                  "<refund_id><![CDATA[" +
                  text("refund_id") +
                  "]]></refund_id>\n"
                  "<refund_channel><![CDATA[]]></refund_channel>\n"
                  "<refund_fee>100</refund_fee>\n<coupon_refund_fee>0</coupon_refund_fee>\n"
                  "<total_fee>888</total_fee>\n<cash_fee>888</cash_fee>\n"
                  "<coupon_refund_count>0</coupon_refund_count>\n"
                  "<cash_refund_fee>100</cash_refund_fee>\n</xml>");
    EXPECT_EQ(text("refund_id").size(), 29U);
    EXPECT_TRUE(text("refund_id").starts_with("50"));
    EXPECT_EQ(order("20240601120000001")["state"], "REFUND");
}

TEST_F(Refunds, AreFoundByEachOfTheFourNumbersSortedByName) {
    paid_order("Q1");
    const std::string refund_id = refund("Q1", "R1", "100").at("refund_id");
    sandbox.advance(8s);
    const std::string transaction_id = order("Q1")["transaction_id"];
    for (const Fields& by :
         {Fields{{"refund_id", refund_id}}, Fields{{"out_refund_no", "R1"}},
          Fields{{"transaction_id", transaction_id}}, Fields{{"out_trade_no", "Q1"}},
          Fields{{"refund_id", refund_id}, {"out_trade_no", "nosuch"}}}) {
        const Fields answer = query(by);
        EXPECT_EQ(answer.at("refund_id_0"), refund_id);
        EXPECT_EQ(answer.at("refund_count"), "1");
        EXPECT_EQ(answer.at("refund_status_0"), "SUCCESS");
        EXPECT_EQ(answer.at("refund_recv_accout_0"), "支付用户零钱");
        EXPECT_EQ(answer.at("refund_account_0"), "REFUND_SOURCE_UNSETTLED_FUNDS");
        EXPECT_EQ(answer.at("refund_success_time_0"), "2024-06-01 12:00:00");
    }
    const std::string body =
        sandbox
            .post("/pay/refundquery", AppHarness::xml(AppHarness::sign({{"out_trade_no", "Q1"}})))
            .body;
    const auto message = XmlMessage::parse(body).value();
    std::vector<std::string> names;
    for (const FieldView& field : message.fields()) names.emplace_back(field.name);
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end())) << body;

    EXPECT_EQ(error(query({{"out_trade_no", "unknown"}})), "REFUNDNOTEXIST not exist");
    EXPECT_EQ(error(query({})), "缺少参数");
    EXPECT_EQ(error(query({{"out_trade_no", "Q1"}, {"offset", "x"}})), "PARAM_ERROR 参数错误");
    EXPECT_EQ(error(query({{"transaction_id", "x1"}})), "INVALID_TRANSACTIONID 无效transaction_id");
}

TEST_F(Refunds, ComeInPagesOfTen) {
    paid_order("P1");
    for (int i = 0; i < 12; ++i) refund("P1", "R" + std::to_string(i), "10");
    const Fields first = query({{"out_trade_no", "P1"}});
    EXPECT_EQ(first.at("refund_count"), "10");
    EXPECT_EQ(first.at("out_refund_no_9"), "R9");
    EXPECT_FALSE(first.contains("total_refund_count"));
    EXPECT_EQ(first.at("refund_fee"), "120");
    const Fields second = query({{"out_trade_no", "P1"}, {"offset", "10"}});
    EXPECT_EQ(second.at("refund_count"), "2");
    EXPECT_EQ(second.at("total_refund_count"), "12");
    EXPECT_EQ(second.at("out_refund_no_0"), "R10");
    EXPECT_EQ(error(query({{"out_trade_no", "P1"}, {"offset", "12"}})), "REFUNDNOTEXIST not exist");
}

TEST_F(Refunds, OfTheSameNumberAreOneRefund) {
    paid_order("S1");
    const Fields first = refund("S1", "R1", "300");
    EXPECT_EQ(refund("S1", "R1", "300").at("refund_id"), first.at("refund_id"));
    EXPECT_EQ(order("S1")["refunded_fee"], 300);
    EXPECT_EQ(error(refund("S1", "R1", "301")), std::string("INVALID_REQUEST ") + kDiffers);
    paid_order("S2");
    EXPECT_EQ(error(refund("S2", "R1", "300")), std::string("INVALID_REQUEST ") + kDiffers);
    EXPECT_EQ(error(refund("S2", "R2", "300", {{"total_fee", "887"}})),
              std::string("INVALID_REQUEST ") + kDiffers);
}

TEST_F(Refunds, AreRefusedInWeChatsWords) {
    EXPECT_EQ(error(refund("none", "R1", "1")), "ORDERNOTEXIST 订单不存在");
    sandbox.v2("/pay/unifiedorder", AppHarness::order("U1"));
    EXPECT_EQ(error(refund("U1", "R1", "1")), "ORDERNOTEXIST 订单不存在");
    sandbox.v2("/pay/closeorder", {{"out_trade_no", "U1"}});
    EXPECT_EQ(error(refund("U1", "R1", "1")), "ERROR 订单已关闭");
    paid_order("E1");
    EXPECT_EQ(refund("E1", "R1", "888").at("result_code"), "SUCCESS");
    EXPECT_EQ(error(refund("E1", "R2", "1")), "INVALID_REQUEST 订单已全额退款");
    paid_order("E2");
    refund("E2", "R3", "800");
    EXPECT_EQ(error(refund("E2", "R4", "89")), "REFUND_FEE_INVALID 累计退款金额大于支付金额");
    EXPECT_EQ(error(refund("E2", "R5", "0")), "refund_fee参数格式错误");
    EXPECT_EQ(error(refund("E2", "R5", "1", {{"out_trade_no", "-"}, {"transaction_id", "42x"}})),
              "INVALID_TRANSACTIONID 无效transaction_id");
    EXPECT_EQ(error(refund("E2", "R5", "1", {{"out_trade_no", "-"}})), "缺少参数");
    EXPECT_EQ(error(refund("E2", "R5", "1", {{"refund_account", "X"}})), "PARAM_ERROR 参数错误");
}

TEST_F(Refunds, AreRefusedAYearAfterThePayment) {
    paid_order("Y1");
    paid_order("Y2");
    sandbox.advance(24h * 365);
    EXPECT_EQ(refund("Y1", "R1", "1").at("result_code"), "SUCCESS");
    sandbox.advance(1s);
    EXPECT_EQ(error(refund("Y2", "R2", "1")), "TRADE_OVERDUE 订单已经超过退款期限");
}

TEST_F(Refunds, AreFiftyAtMost) {
    paid_order("F1");
    for (int i = 0; i < 50; ++i)
        ASSERT_EQ(refund("F1", "R" + std::to_string(i), "1").at("result_code"), "SUCCESS");
    EXPECT_EQ(error(refund("F1", "R50", "1")), "PARAM_ERROR 参数错误");
}

TEST_F(Refunds, GiveCouponsBackInProportionAndEndExactly) {
    paid_order("C1", {{"coupons",
                       {{{"id", "1"}, {"type", "NO_CASH"}, {"fee", 100}},
                        {{"id", "2"}, {"type", "CASH"}, {"fee", 33}}}}});
    std::int64_t cash = 0;
    std::int64_t coupons = 0;
    std::int64_t settled = 0;
    const int fees[] = {100, 1, 300, 7, 480};
    for (int i = 0; i < 5; ++i) {
        const Fields answer = refund("C1", "R" + std::to_string(i), std::to_string(fees[i]));
        ASSERT_EQ(answer.at("result_code"), "SUCCESS");
        cash += std::stoll(answer.at("cash_refund_fee"));
        coupons += std::stoll(answer.at("coupon_refund_fee"));
        settled += std::stoll(answer.at("settlement_refund_fee"));
        EXPECT_EQ(
            std::stoll(answer.at("cash_refund_fee")) + std::stoll(answer.at("coupon_refund_fee")),
            fees[i]);
        EXPECT_EQ(answer.at("coupon_type_0"), "NO_CASH");
    }
    EXPECT_EQ(cash, 755);
    EXPECT_EQ(coupons, 133);
    EXPECT_EQ(settled, 788);
}

TEST_F(Refunds, EndAsTheControlApiSays) {
    paid_order("O1");
    const auto plan = [&](const char* outcome) {
        return sandbox.control("POST", "/_sandbox/v1/orders/1900000109:O1/refund-outcome",
                               {{"outcome", outcome}});
    };
    ASSERT_EQ(plan("closed").status, 200);
    refund("O1", "R1", "888");
    EXPECT_EQ(order("O1")["state"], "REFUND");
    sandbox.run_due();
    EXPECT_EQ(order("O1")["state"], "SUCCESS");  // the only refund was taken back
    EXPECT_EQ(order("O1")["refunded_fee"], 0);
    EXPECT_EQ(query({{"out_refund_no", "R1"}}).at("refund_status_0"), "REFUNDCLOSE");

    plan("abnormal");
    refund("O1", "R2", "100");
    sandbox.run_due();
    EXPECT_EQ(query({{"out_refund_no", "R2"}}).at("refund_status_0"), "CHANGE");
    EXPECT_EQ(order("O1")["refunded_fee"], 100);

    plan("hold");
    refund("O1", "R3", "100");
    sandbox.advance(24h);
    EXPECT_EQ(query({{"out_refund_no", "R3"}}).at("refund_status_0"), "PROCESSING");
    const auto ended =
        sandbox.control("POST", "/_sandbox/v1/refunds/1900000109:R3", {{"outcome", "success"}});
    EXPECT_EQ(ended.body["state"], "SUCCESS");
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/refunds/1900000109:R3", {{"outcome", "closed"}})
                  .status,
              409);
    EXPECT_EQ(plan("sometimes").status, 400);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/refunds/1900000109:none").status, 404);
}

TEST_F(Refunds, AreToldToTheAddressOfTheConsoleWhenTheyNameNone) {
    ASSERT_EQ(sandbox
                  .control("POST", "/_sandbox/v1/merchants",
                           {{"mch_id", AppHarness::kMchId},
                            {"api_key", AppHarness::kKey},
                            {"appids", {AppHarness::kAppId}},
                            {"refund_notify_url", "http://127.0.0.1:9190/console"}})
                  .status,
              200);
    paid_order("C1");
    sandbox.sender.sent.clear();
    refund("C1", "R1", "100");
    refund("C1", "R2", "100", {{"notify_url", "http://127.0.0.1:9190/call"}});
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 2U);
    EXPECT_EQ(sandbox.sender.sent[0].url, "http://127.0.0.1:9190/console");
    EXPECT_EQ(sandbox.sender.sent[1].url, "http://127.0.0.1:9190/call");
}

TEST_F(Refunds, OfAMerchantThatALaterStartDoesNotKnowStillEnd) {
    paid_order("O2");
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:O2/refund-outcome",
                    {{"outcome", "closed"}});
    refund("O2", "R1", "888");
    sandbox.directory = sandbox::Directory({}, {});
    sandbox.run_due();
    EXPECT_EQ(order("O2")["state"], "SUCCESS");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/refunds/1900000109:R1").body["state"], "CLOSED");
}

TEST_F(Refunds, TellTheirNotifyUrlOnceTheyHaveEnded) {
    paid_order("N1");
    sandbox.sender.sent.clear();
    refund("N1", "R1", "100", {{"notify_url", "http://127.0.0.1:9190/wxpay/refund_notify"}});
    EXPECT_TRUE(sandbox.sender.sent.empty());
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    EXPECT_EQ(sandbox.sender.sent[0].url, "http://127.0.0.1:9190/wxpay/refund_notify");
    const std::string& body = sandbox.sender.sent[0].request.body;
    EXPECT_TRUE(body.starts_with(
        "<xml><return_code>SUCCESS</return_code><appid><![CDATA[wx8888888888888888]]></appid>"
        "<mch_id><![CDATA[1900000109]]></mch_id><nonce_str><![CDATA["))
        << body;
    EXPECT_EQ(XmlMessage::parse(body)->find("sign"), std::nullopt);

    sandbox.sender.sent.clear();
    refund("N1", "R2", "100");  // neither the call nor the merchant names an address
    sandbox.run_due();
    EXPECT_TRUE(sandbox.sender.sent.empty());
}

TEST_F(Refunds, GiveWhatIsAskedForByHeader) {
    paid_order("D1");
    http::Request request;
    request.method = "POST";
    request.path = "/secapi/pay/refund";
    request.headers.add("Wechatpay-Negative-Test", "BIZERR_NEED_RETRY");
    request.body = AppHarness::xml(AppHarness::sign({{"out_trade_no", "D1"},
                                                     {"out_refund_no", "R1"},
                                                     {"total_fee", "888"},
                                                     {"refund_fee", "1"}}));
    EXPECT_NE(sandbox.call(request).body.find("退款业务流程错误，需要商户触发重试来解决"),
              std::string::npos);
    EXPECT_EQ(order("D1")["refunds"].size(), 0U);
}

TEST_F(Refunds, WantTheMerchantsCertificateOverTls) {
    paid_order("T1");
    http::Request request;
    request.method = "POST";
    request.path = "/secapi/pay/refund";
    request.secure = true;
    request.body = AppHarness::xml(AppHarness::sign({{"out_trade_no", "T1"},
                                                     {"out_refund_no", "R1"},
                                                     {"total_fee", "888"},
                                                     {"refund_fee", "1"}}));
    const http::Response bare = sandbox.call(request);
    EXPECT_EQ(bare.status, 400);
    EXPECT_EQ(bare.body,
              "<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n"
              "<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n"
              "<center>No required SSL certificate was sent</center>\r\n"
              "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n");
    const auto show = [&](const char* name, bool trusted) {
        request.certificate = std::make_shared<const http::ClientCertificate>(
            http::ClientCertificate{name, "01", trusted});
        return sandbox.call(request);
    };
    EXPECT_NE(show("1900000109", false).body.find("400 The SSL certificate error"),
              std::string::npos);
    EXPECT_NE(show("1900000110", true).body.find("<![CDATA[CERT_ERROR]]>"), std::string::npos);
    EXPECT_NE(show("1900000109", true).body.find("<refund_id>"), std::string::npos);
}

TEST_F(Refunds, OfAProvidersOrderNameTheSubMerchant) {
    const std::string key = "3e8b6a1d5c9f4072b1e0d3c2a5f48697";
    Fields fields =
        AppHarness::order("SP1", {{"mch_id", "1900000111"}, {"sub_mch_id", "1900000200"}});
    sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(AppHarness::sign(fields, key)));
    ASSERT_EQ(sandbox.control("POST", "/_sandbox/v1/orders/1900000111:SP1/pay").status, 200);
    const Fields call{{"mch_id", "1900000111"}, {"sub_mch_id", "1900000200"},
                      {"out_trade_no", "SP1"},  {"out_refund_no", "R1"},
                      {"total_fee", "888"},     {"refund_fee", "8"}};
    const Fields answer =
        sandbox.v2_raw("/secapi/pay/refund", AppHarness::xml(AppHarness::sign(call, key)));
    EXPECT_EQ(answer.at("result_code"), "SUCCESS");
    EXPECT_EQ(answer.at("sub_mch_id"), "1900000200");
    Fields without = call;
    without.erase("sub_mch_id");
    EXPECT_EQ(sandbox.v2_raw("/secapi/pay/refund", AppHarness::xml(AppHarness::sign(without, key)))
                  .at("return_msg"),
              "受理机构必须传入sub_mch_id");
}

TEST_F(Refunds, ListOnlyCouponsOfWhichSomethingGoesBack) {
    paid_order("Z1", {{"coupons",
                       {{{"id", "1"}, {"type", "NO_CASH"}, {"fee", 1}},
                        {{"id", "2"}, {"type", "CASH"}, {"fee", 2}}}}});
    const Fields answer = refund("Z1", "R1", "100");
    ASSERT_EQ(answer.at("result_code"), "SUCCESS");
    const Fields asked = sandbox.v2("/pay/refundquery", {{"out_refund_no", "R1"}});
    const int listed = std::stoi(answer.at("coupon_refund_count"));
    EXPECT_EQ(asked.at("coupon_refund_count_0"), std::to_string(listed));
    EXPECT_LT(listed, 2);
    for (int n = 0; n < listed; ++n)
        EXPECT_NE(answer.at("coupon_refund_fee_" + std::to_string(n)), "0");
    EXPECT_FALSE(answer.contains("coupon_refund_fee_" + std::to_string(listed)));
    const Fields rest = refund("Z1", "R2", "788");
    EXPECT_EQ(rest.at("result_code"), "SUCCESS") << "what was left out of the list is still known";
}

TEST_F(Refunds, HaveOrdinaryWordsForATotalThatIsNone) {
    paid_order("T1");
    for (const char* const total : {"1.5", "0", "-1", "10000000000"}) {
        const Fields answer = sandbox.v2("/secapi/pay/refund", {{"out_trade_no", "T1"},
                                                                {"out_refund_no", "R1"},
                                                                {"total_fee", total},
                                                                {"refund_fee", "1"}});
        EXPECT_EQ(answer.at("return_msg"), "invalid total_fee") << total;
    }
}

}  // namespace
}  // namespace wxpay::test
