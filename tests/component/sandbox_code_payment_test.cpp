// Code payment: micropay and reverse, on the manual clock.
#include <gtest/gtest.h>

#include "sandbox/ledger/payment.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

class CodePayment : public testing::Test {
  protected:
    /// `last` are the last four digits of the code; they choose the payer.
    Fields pay(const std::string& number, const std::string& last, const Fields& changes = {}) {
        Fields fields{{"body", "image形象店-深圳腾大- QQ公仔"},
                      {"out_trade_no", number},
                      {"total_fee", "888"},
                      {"spbill_create_ip", "14.17.22.52"},
                      {"auth_code", "1345797201305" + std::to_string(next_++ % 10) + last}};
        for (const auto& [name, value] : changes) fields[name] = value;
        return sandbox.v2("/pay/micropay", fields);
    }
    Fields again(const std::string& number, const std::string& auth_code) {
        --next_;
        return pay(number, "", {{"auth_code", auth_code}});
    }
    std::string state(const std::string& number) {
        return sandbox.v2("/pay/orderquery", {{"out_trade_no", number}})["trade_state"];
    }
    Fields reverse(const std::string& number) {
        return sandbox.v2("/secapi/pay/reverse", {{"out_trade_no", number}});
    }
    static std::string error(const Fields& answer) {
        return answer.contains("err_code") ? answer.at("err_code") + " " + answer.at("err_code_des")
                                           : answer.at("return_msg");
    }

    AppHarness sandbox;
    int next_ = 0;
};

TEST_F(CodePayment, PaysAtOnceInTheBytesOfTheSampleAndTellsNobody) {
    const Fields sent = AppHarness::sign({{"body", "image形象店-深圳腾大- QQ公仔"},
                                          {"out_trade_no", "20240601121000005"},
                                          {"total_fee", "888"},
                                          {"spbill_create_ip", "14.17.22.52"},
                                          {"auth_code", "134579720130507234"}});
    const std::string body = sandbox.post("/pay/micropay", AppHarness::xml(sent)).body;
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
                  "<openid><![CDATA[oUpF8uMuAJO_M2pxb1Q9zNjWeS6o]]></openid>\n"
                  "<is_subscribe><![CDATA[N]]></is_subscribe>\n"
                  "<trade_type><![CDATA[MICROPAY]]></trade_type>\n"
                  "<bank_type><![CDATA[CMB_CREDIT]]></bank_type>\n"
                  "<total_fee>888</total_fee>\n<fee_type><![CDATA[CNY]]></fee_type>\n"
                  "<transaction_id><![CDATA[" +
                  text("transaction_id") +
                  "]]></transaction_id>\n"
                  "<out_trade_no><![CDATA[20240601121000005]]></out_trade_no>\n"
                  "<attach><![CDATA[]]></attach>\n"
                  "<time_end><![CDATA[20240601120000]]></time_end>\n"
                  "<cash_fee>888</cash_fee>\n<cash_fee_type><![CDATA[CNY]]></cash_fee_type>\n"
                  "</xml>");
    sandbox.run_due();
    EXPECT_TRUE(sandbox.sender.sent.empty());
    EXPECT_EQ(error(sandbox.v2("/pay/micropay", {{"body", "image形象店-深圳腾大- QQ公仔"},
                                                 {"out_trade_no", "20240601121000005"},
                                                 {"total_fee", "888"},
                                                 {"spbill_create_ip", "14.17.22.52"},
                                                 {"auth_code", "134579720130507234"}})),
              "ORDERPAID 订单已支付");
}

TEST_F(CodePayment, WaitsForThePasswordAndIsThenPaid) {
    EXPECT_EQ(error(pay("U1", "9001")), "USERPAYING 需要用户输入支付密码");
    EXPECT_EQ(state("U1"), "USERPAYING");
    const std::string code = "134579720130509001";
    EXPECT_EQ(error(again("U1", code)), "USERPAYING 需要用户输入支付密码");
    sandbox.advance(10s);
    EXPECT_EQ(state("U1"), "SUCCESS");
    EXPECT_EQ(again("U1", code).at("result_code"), "SUCCESS");  // as the Java SDK repeats it
}

TEST_F(CodePayment, WaitsForThePasswordOfWhoPaysMuch) {
    EXPECT_EQ(pay("M1", "1234", {{"total_fee", "100000"}}).at("result_code"), "SUCCESS");
    EXPECT_EQ(error(pay("M2", "1234", {{"total_fee", "100001"}})),
              "USERPAYING 需要用户输入支付密码");
}

TEST_F(CodePayment, EndsAsPayErrorWhenTheUserGivesUp) {
    EXPECT_EQ(error(pay("G1", "9002")), "USERPAYING 需要用户输入支付密码");
    sandbox.advance(10s);
    EXPECT_EQ(state("G1"), "PAYERROR");
    EXPECT_EQ(error(again("G1", "134579720130509002")), "TRADE_ERROR 用户没有输入支付密码");
    EXPECT_EQ(reverse("G1").at("recall"), "N");
    EXPECT_EQ(state("G1"), "REVOKED");
    EXPECT_EQ(error(pay("G1", "1234")), "ORDERREVERSED 订单已撤销");
}

TEST_F(CodePayment, FailsAsTheCodeSays) {
    EXPECT_EQ(error(pay("F3", "9003")), "NOTENOUGH 余额不足");
    EXPECT_EQ(state("F3"), "NOTPAY");
    EXPECT_EQ(error(pay("F4", "9004")), "AUTH_CODE_INVALID 101 付款码已过期，请退出重试");
    EXPECT_EQ(error(pay("F5", "9005")), "SYSTEMERROR 系统错误");
    EXPECT_EQ(state("F5"), "SUCCESS");
    EXPECT_EQ(error(pay("F6", "9006")), "BANKERROR 银行系统异常");
    EXPECT_EQ(error(pay("F8", "9123")), "AUTH_CODE_INVALID 101 付款码无效，请重新扫码");
    EXPECT_EQ(error(pay("F9", "", {{"auth_code", "234579720130501234"}})),
              "AUTH_CODE_INVALID 请扫描微信支付授权码(以10/11/12/13/14/15为前缀的18位数字)");
    EXPECT_EQ(error(pay("F10", "7000", {{"limit_pay", "no_credit"}})),
              "NOTSUPORTCARD 不支持卡类型");
    EXPECT_EQ(error(pay("F10", "8000", {{"limit_pay", "no_credit"}})),
              "BUYER_MISMATCH 支付帐号错误");
    EXPECT_EQ(error(pay("F11", "1234", {{"notify_url", "http://a.b/c"}})),
              "不识别的参数notify_url");
    EXPECT_EQ(error(pay("F12", "1234", {{"total_fee", "0"}})), "invalid total_fee");
    EXPECT_EQ(error(pay("F13", "1234", {{"time_expire", "20240601120059"}})),
              "time_expire时间过短，刷卡至少1分钟，其他5分钟");
}

TEST_F(CodePayment, TakesEachCodeForOneOrder) {
    EXPECT_EQ(again("T1", "134579720130501234").at("result_code"), "SUCCESS");
    EXPECT_EQ(error(again("T2", "134579720130501234")),
              "AUTH_CODE_INVALID 101 付款码已过期，请退出重试");
}

TEST_F(CodePayment, TakesAnotherCodeForTheSameOrderOnce) {
    EXPECT_EQ(error(again("A1", "134579720130509003")), "NOTENOUGH 余额不足");
    EXPECT_EQ(again("A2", "134579720130501234").at("result_code"), "SUCCESS");
    EXPECT_EQ(error(again("A1", "134579720130501234")),
              "AUTH_CODE_INVALID 101 付款码已过期，请退出重试")
        << "it has paid another order";
    const std::string second = "134579720130519001";
    EXPECT_EQ(error(again("A1", second)), "USERPAYING 需要用户输入支付密码");
    EXPECT_EQ(error(again("A3", second)), "AUTH_CODE_INVALID 101 付款码已过期，请退出重试");
    sandbox.advance(10s);
    EXPECT_EQ(again("A1", second).at("result_code"), "SUCCESS") << "the same call again";
    EXPECT_EQ(error(again("A1", "134579720130509003")), "ORDERPAID 订单已支付");
}

TEST_F(CodePayment, AnAttemptThatWasGivenUpEndsNoLaterOne) {
    EXPECT_EQ(error(pay("O1", "9002")), "USERPAYING 需要用户输入支付密码");
    sandbox.advance(1s);
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:O1/pay", {{"outcome", "cancel"}});
    EXPECT_EQ(state("O1"), "NOTPAY");
    sandbox.advance(1s);
    EXPECT_EQ(error(pay("O1", "9001")), "USERPAYING 需要用户输入支付密码");
    sandbox.advance(9s);
    EXPECT_EQ(state("O1"), "USERPAYING");
    sandbox.advance(1s);
    EXPECT_EQ(state("O1"), "SUCCESS");
}

TEST_F(CodePayment, ThatHasFailedIsNotPaidAnyMore) {
    pay("P1", "9002");
    sandbox.advance(10s);
    const auto paid = sandbox.control("POST", "/_sandbox/v1/orders/1900000109:P1/pay");
    EXPECT_EQ(paid.status, 409);
    EXPECT_EQ(paid.body["error"]["code"], "PAYERROR") << paid.body;
    EXPECT_EQ(state("P1"), "PAYERROR");
}

TEST(CodePaymentOfTestUsers, GoesByTheCodeAlone) {
    sandbox::Settings settings;
    settings.test_openids.push_back({"o", sandbox::PayOutcome::user_paying});
    AppHarness sandbox(settings);
    const Fields answer = sandbox.v2("/pay/micropay", {{"body", "b"},
                                                       {"out_trade_no", "T1"},
                                                       {"total_fee", "1"},
                                                       {"spbill_create_ip", "14.17.22.52"},
                                                       {"auth_code", "134579720130501234"}});
    EXPECT_EQ(answer.at("result_code"), "SUCCESS");
    EXPECT_EQ(sandbox.v2("/pay/orderquery", {{"out_trade_no", "T1"}}).at("trade_state"), "SUCCESS");
}

TEST_F(CodePayment, KeepsWhatWasPaidThoughTheAnswerNeverComes) {
    http::Request request;
    request.method = "POST";
    request.path = "/pay/micropay";
    request.body = AppHarness::xml(AppHarness::sign({{"body", "b"},
                                                     {"out_trade_no", "S1"},
                                                     {"total_fee", "1"},
                                                     {"spbill_create_ip", "14.17.22.52"},
                                                     {"auth_code", "134579720130509007"}}));
    const http::Answer answer = sandbox.app.handle(request);
    EXPECT_TRUE(std::holds_alternative<http::Later>(answer));
    EXPECT_EQ(state("S1"), "SUCCESS");
}

TEST_F(CodePayment, IsNotMixedUpWithOtherOrders) {
    sandbox.v2("/pay/unifiedorder", AppHarness::order("X1"));
    EXPECT_EQ(error(pay("X1", "1234")), "INVALID_REQUEST 201 商户订单号重复");
    EXPECT_EQ(error(reverse("X1")), "TRADE_ERROR 业务错误");
    pay("X2", "9001");
    EXPECT_EQ(error(pay("X2", "1234", {{"total_fee", "889"}})),
              "INVALID_REQUEST 201 商户订单号重复");
    EXPECT_EQ(error(sandbox.v2("/pay/closeorder", {{"out_trade_no", "X2"}})),
              "TRADE_STATE_ERROR 订单状态错误");
}

TEST_F(CodePayment, IsGivenBackByReverse) {
    pay("R1", "1234");
    EXPECT_EQ(reverse("R1").at("recall"), "N");
    EXPECT_EQ(state("R1"), "REVOKED");
    EXPECT_EQ(reverse("R1").at("result_code"), "SUCCESS");
    const auto order = sandbox.control("GET", "/_sandbox/v1/orders/1900000109:R1").body;
    EXPECT_EQ(order["refunded_fee"], 888);
    EXPECT_EQ(reverse("never").at("recall"), "N");

    pay("R2", "1234");
    sandbox.advance(24h * 7 + 1s);
    EXPECT_EQ(error(reverse("R2")), "REVERSE_EXPIRE 订单无法撤销");
    pay("R3", "1234");
    sandbox.v2("/secapi/pay/refund", {{"out_trade_no", "R3"},
                                      {"out_refund_no", "1"},
                                      {"total_fee", "888"},
                                      {"refund_fee", "1"}});
    const Fields refused = reverse("R3");
    EXPECT_EQ(error(refused), "INVALID_REQUEST 无效请求");
    EXPECT_EQ(refused.at("recall"), "N");
    EXPECT_EQ(error(sandbox.v2("/secapi/pay/reverse", {{"transaction_id", "4x"}})),
              "INVALID_TRANSACTIONID 无效transaction_id");
    EXPECT_EQ(error(sandbox.v2("/secapi/pay/reverse", {{"out_trade_no", "a b"}})),
              "PARAM_ERROR 参数错误");
}

TEST(UnpaidOrders, CloseAfterSevenDays) {
    AppHarness sandbox;
    const auto state = [&](const char* number) {
        return sandbox.v2("/pay/orderquery", {{"out_trade_no", number}})["trade_state"];
    };
    sandbox.v2("/pay/unifiedorder", AppHarness::order("A1"));
    sandbox.advance(10s);
    sandbox.v2("/pay/unifiedorder", AppHarness::order("A2"));
    sandbox.v2("/pay/unifiedorder", AppHarness::order("A3"));
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:A3/pay");
    sandbox.advance(24h * 7 - 11s);
    EXPECT_EQ(state("A1"), "NOTPAY");
    sandbox.advance(1s);
    EXPECT_EQ(state("A1"), "CLOSED");
    EXPECT_EQ(state("A2"), "NOTPAY");
    sandbox.advance(10s);
    EXPECT_EQ(state("A2"), "CLOSED");
    EXPECT_EQ(state("A3"), "SUCCESS");
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/orders/1900000109:A2/pay").status, 409);
    // The timer that closes them all is set again by the next order.
    sandbox.v2("/pay/unifiedorder", AppHarness::order("A4"));
    sandbox.advance(24h * 7);
    EXPECT_EQ(state("A4"), "CLOSED");
}

/// The demo merchant with an account of `fen`.
sandbox::Directory with_account(std::int64_t fen) {
    const sandbox::Directory demo = sandbox::demo_directory();
    sandbox::Merchant merchant = *demo.find_merchant("1900000109");
    merchant.top_up = Fen{fen};
    return {{*demo.find_app("wx8888888888888888")}, {merchant}};
}

TEST_F(CodePayment, RepeatedAfterThePasswordOfALargeAmountSucceeds) {
    const Fields large{{"total_fee", "100001"}, {"auth_code", "100000000000000001"}};
    EXPECT_EQ(error(pay("L1", "", large)), "USERPAYING 需要用户输入支付密码");
    sandbox.advance(11s);
    EXPECT_EQ(pay("L1", "", large)["result_code"], "SUCCESS");
}

TEST_F(CodePayment, IsNotReversedOutOfAnEmptyAccount) {
    sandbox.directory = with_account(0);
    ASSERT_EQ(pay("E1", "1234")["result_code"], "SUCCESS");
    ASSERT_EQ(sandbox
                  .v2_raw("/mmpaymkttransfers/promotion/transfers", AppHarness::xml([] {
                              Fields fields{{"mch_appid", AppHarness::kAppId},
                                            {"mchid", AppHarness::kMchId},
                                            {"nonce_str", "n"},
                                            {"partner_trade_no", "drain"},
                                            {"openid", "oUser"},
                                            {"check_name", "NO_CHECK"},
                                            {"amount", "880"},
                                            {"desc", "d"},
                                            {"spbill_create_ip", "10.2.3.10"}};
                              std::vector<FieldView> views;
                              for (const auto& [name, value] : fields)
                                  views.push_back({name, value});
                              fields["sign"] =
                                  v2::sign(views, Secret(AppHarness::kKey), v2::SignType::md5);
                              return fields;
                          }()))
                  .at("result_code"),
              "SUCCESS");
    EXPECT_EQ(error(reverse("E1")), "TRADE_ERROR 业务错误");
    EXPECT_EQ(state("E1"), "SUCCESS");
}

TEST_F(CodePayment, NamesTheSubOpenidOfAProvidersUser) {
    const std::string key = "3e8b6a1d5c9f4072b1e0d3c2a5f48697";
    const Fields call{{"mch_id", "1900000111"},
                      {"sub_mch_id", "1900000200"},
                      {"sub_appid", "wx1111111111111111"}};
    Fields payment{{"body", "b"},
                   {"out_trade_no", "SP1"},
                   {"total_fee", "888"},
                   {"spbill_create_ip", "1.2.3.4"},
                   {"auth_code", "134579720130501234"}};
    payment.insert(call.begin(), call.end());
    const Fields paid =
        sandbox.v2_raw("/pay/micropay", AppHarness::xml(AppHarness::sign(payment, key)));
    ASSERT_TRUE(paid.contains("sub_openid"));
    EXPECT_EQ(paid.at("sub_is_subscribe"), "N");
    Fields question{{"auth_code", "134579720130501234"}};
    question.insert(call.begin(), call.end());
    EXPECT_EQ(
        sandbox.v2_raw("/tools/authcodetoopenid", AppHarness::xml(AppHarness::sign(question, key)))
            .at("sub_openid"),
        paid.at("sub_openid"));
    Fields query{{"out_trade_no", "SP1"}};
    query.insert(call.begin(), call.end());
    EXPECT_EQ(sandbox.v2_raw("/pay/orderquery", AppHarness::xml(AppHarness::sign(query, key)))
                  .at("sub_openid"),
              paid.at("sub_openid"));
}

TEST_F(CodePayment, AndAuthCodeToOpenidKnowTheSameUser) {
    const std::string payer = pay("U1", "8001")["openid"];
    EXPECT_EQ(
        sandbox.v2("/tools/authcodetoopenid", {{"auth_code", "134579720130508001"}})["openid"],
        payer);
    EXPECT_NE(
        sandbox.v2("/tools/authcodetoopenid", {{"auth_code", "134579720130500001"}})["openid"],
        payer);
}

}  // namespace
}  // namespace wxpay::test
