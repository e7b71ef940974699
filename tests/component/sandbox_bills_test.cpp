// The bills: bytes, days, totals.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/gzip.hpp"

#include "sandbox/bills/bill_day.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

class Bills : public testing::Test {
  protected:
    void paid_order(const std::string& number, const Fields& changes = {}) {
        sandbox.v2("/pay/unifiedorder", AppHarness::order(number, changes));
        ASSERT_EQ(
            sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay").status,
            200);
    }
    void refund(const std::string& number, const std::string& refund_number, const char* fee) {
        ASSERT_EQ(sandbox
                      .v2("/secapi/pay/refund", {{"out_trade_no", number},
                                                 {"out_refund_no", refund_number},
                                                 {"total_fee", "888"},
                                                 {"refund_fee", fee}})
                      .at("result_code"),
                  "SUCCESS");
    }
    std::string bill(const Fields& fields) {
        return sandbox.post("/pay/downloadbill", AppHarness::xml(AppHarness::sign(fields))).body;
    }
    std::string number_of(const std::string& id, const char* name) {
        return sandbox.control("GET", "/_sandbox/v1/orders/1900000109:" + id).body[name];
    }

    AppHarness sandbox;
};

const std::string kBom = "\xEF\xBB\xBF";
const std::string kAllTitles =
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n";
const std::string kSummaryTitles =
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,"
    "申请退款总金额\r\n";

TEST_F(Bills, HaveTheColumnsAndBytesOfRealOnes) {
    sandbox.advance(65s);
    paid_order("20240601120000001", {{"attach", "支付测试"}});
    sandbox.advance(58min + 58s);
    refund("20240601120000001", "R20240601130000001", "100");
    sandbox.advance(48h);
    const std::string transaction_id = number_of("20240601120000001", "transaction_id");
    const std::string refund_id =
        sandbox.control("GET", "/_sandbox/v1/refunds/1900000109:R20240601130000001")
            .body["refund_id"];
    const std::string payment =
        "`2024-06-01 12:01:05,`wx8888888888888888,`1900000109,`0,`,`" + transaction_id +
        ",`20240601120000001,`oUpF8uMuAJO_M2pxb1Q9zNjWeS6o,`JSAPI,`SUCCESS,`OTHERS,`CNY,`8.88,"
        "`0.00,`0,`0,`0.00,`0.00,`,`,`腾讯充值中心-QQ会员充值,`支付测试,`0.05000,`0.60%,`8.88,"
        "`0.00,`\r\n";
    const std::string back =
        "`2024-06-01 13:00:03,`wx8888888888888888,`1900000109,`0,`,`" + transaction_id +
        ",`20240601120000001,`oUpF8uMuAJO_M2pxb1Q9zNjWeS6o,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,"
        "`0.00,`" +
        refund_id +
        ",`R20240601130000001,`1.00,`0.00,`ORIGINAL,`SUCCESS,`腾讯充值中心-QQ会员充值,`支付测试,"
        "`-0.01000,`0.60%,`0.00,`1.00,`\r\n";
    const std::string all = kBom + kAllTitles + payment + back + kSummaryTitles +
                            "`2,`8.88,`1.00,`0.00,`0.04000,`8.88,`1.00\r\n";
    EXPECT_EQ(bill({{"bill_date", "20240601"}}), all);
    EXPECT_EQ(bill({{"bill_date", "20240601"}, {"bill_type", "ALL"}}), all);
    EXPECT_EQ(gunzip(bill({{"bill_date", "20240601"}, {"tar_type", "GZIP"}}), 1 << 20), all);

    const std::string success = bill({{"bill_date", "20240601"}, {"bill_type", "SUCCESS"}});
    EXPECT_EQ(success.find("微信退款单号"), std::string::npos);
    EXPECT_NE(success.find("`0.05000,`0.60%,`8.88,`\r\n"), std::string::npos) << success;
    const std::string refunds = bill({{"bill_date", "20240601"}, {"bill_type", "REFUND"}});
    EXPECT_NE(refunds.find("代金券金额,退款申请时间,退款成功时间,微信退款单号"), std::string::npos);
    EXPECT_NE(refunds.find("`0.00,`2024-06-01 13:00:03,`2024-06-01 13:00:03,`" + refund_id),
              std::string::npos)
        << refunds;
    const std::string recharge =
        bill({{"bill_date", "20240601"}, {"bill_type", "RECHARGE_REFUND"}});
    EXPECT_NE(recharge.find("No Bill Exist"), std::string::npos);
}

TEST_F(Bills, AreThereFromTenOfTheNextDayOnForThreeMonths) {
    paid_order("A1");
    const auto message = [&](const Fields& fields) {
        const std::string body = bill(fields);
        const auto xml = XmlMessage::parse(body);
        return xml ? std::string(xml->get("return_msg")) + "/" + std::string(xml->get("error_code"))
                   : "bill";
    };
    EXPECT_EQ(message({{"bill_date", "20240601"}}), "invalid bill_date/20001");  // today
    EXPECT_EQ(message({{"bill_date", "20240531"}}), "No Bill Exist/20002");      // nothing then
    EXPECT_EQ(message({{"bill_date", "2024-6-1"}}), "invalid bill_date/20001");
    EXPECT_EQ(message({{"bill_date", "20240531"}, {"bill_type", "X"}}), "invalid bill_type/20001");
    EXPECT_EQ(message({{"bill_date", "20240531"}, {"tar_type", "ZIP"}}), "data format error/20001");
    EXPECT_EQ(message({}), "missing parameter/20001");
    sandbox.advance(20h);  // 08:00
    EXPECT_EQ(message({{"bill_date", "20240601"}}), "No Bill Exist/20002");
    sandbox.advance(1h);
    EXPECT_EQ(message({{"bill_date", "20240601"}}), "Bill Creating/");
    sandbox.advance(1h);
    EXPECT_EQ(message({{"bill_date", "20240601"}}), "bill");
    sandbox.advance(24h * 93);
    EXPECT_EQ(message({{"bill_date", "20240601"}}), "invalid bill_date/20001");
    Fields wrong =
        AppHarness::sign({{"bill_date", "20240601"}}, "0123456789abcdef0123456789abcdef");
    EXPECT_EQ(sandbox.post("/pay/downloadbill", AppHarness::xml(wrong)).body,
              "<xml><return_code><![CDATA[FAIL]]></return_code>\n"
              "<return_msg><![CDATA[SIGN ERROR]]></return_msg>\n"
              "<error_code><![CDATA[20001]]></error_code>\n</xml>");
}

TEST_F(Bills, KeepTheirColumnsWhateverTheTextsHold) {
    paid_order("C1", {{"body", "a,b"}, {"attach", "x,y"}});
    sandbox.advance(48h);
    const std::string text = bill({{"bill_date", "20240601"}});
    EXPECT_NE(text.find("`a b,`x y,"), std::string::npos) << text;
}

TEST_F(Bills, ShowReversedCodePayments) {
    sandbox.v2("/pay/micropay", {{"body", "b"},
                                 {"out_trade_no", "M1"},
                                 {"total_fee", "888"},
                                 {"spbill_create_ip", "1.2.3.4"},
                                 {"auth_code", "134579720130501234"}});
    sandbox.v2("/secapi/pay/reverse", {{"out_trade_no", "M1"}});
    sandbox.advance(48h);
    const std::string text = bill({{"bill_date", "20240601"}});
    EXPECT_NE(text.find("`MICROPAY,`SUCCESS,"), std::string::npos) << text;
    EXPECT_NE(text.find("`MICROPAY,`REVOKED,"), std::string::npos) << text;
}

TEST_F(Bills, OfFundsShowTheAccountLineByLine) {
    paid_order("F1");
    refund("F1", "R1", "100");
    sandbox.advance(48h);
    const Fields call{
        {"bill_date", "20240601"}, {"account_type", "Basic"}, {"sign_type", "HMAC-SHA256"}};
    const auto ask = [&](const Fields& fields) {
        return sandbox.post("/pay/downloadfundflow", AppHarness::xml(AppHarness::sign(fields)))
            .body;
    };
    const std::string text = ask(call);
    const std::string refund_id =
        sandbox.control("GET", "/_sandbox/v1/refunds/1900000109:R1").body["refund_id"];
    EXPECT_EQ(
        text,
        kBom +
            "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,"
            "账户结余（元）,资金变更提交申请人,备注,业务凭证号\r\n"
            "`2024-06-01 12:00:00,`" +
            number_of("F1", "transaction_id") +
            ",`1900000109202406010000000001,`交易,`交易,`收入,`8.88,`1000008.88,`system,"
            "`结算总金额 8.88 元;含手续费 0.05 元,`F1\r\n"
            "`2024-06-01 12:00:00,`" +
            refund_id +
            ",`1900000109202406010000000002,`退款,`退款,`支出,`1.00,`1000007.88,`system,`,"
            "`R1\r\n"
            "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n`2,`1,`8.88,`1,`1.00\r\n");
    Fields other = call;
    other["account_type"] = "Fees";
    EXPECT_NE(ask(other).find("NO_BILL_EXIST"), std::string::npos);
    other["account_type"] = "X";
    EXPECT_NE(ask(other).find("<err_code><![CDATA[PARAM_ERROR]]></err_code>"), std::string::npos);
    EXPECT_EQ(ask({{"bill_date", "20240601"}, {"account_type", "Basic"}, {"sign_type", "MD5"}}),
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[OK]]></return_msg>\n"
              "<result_code><![CDATA[FAIL]]></result_code>\n"
              "<err_code><![CDATA[SIGN_ERROR]]></err_code>\n"
              "<err_code_des><![CDATA[签名错误]]></err_code_des>\n</xml>");
}

}  // namespace
}  // namespace wxpay::test
