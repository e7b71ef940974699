// Bills through API V3: links, files, days, and the same rows as through API V2.
#include <string>

#include <gtest/gtest.h>

#include "core/codec/gzip.hpp"
#include "core/codec/hex.hpp"
#include "core/crypto/digest.hpp"

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using namespace std::chrono_literals;

using test::AppHarness;
using test::V3Answer;
using test::V3Caller;
using Json = nlohmann::json;

const std::string kBom = "\xEF\xBB\xBF";
const std::string kBase = "http://127.0.0.1:12180";

std::string sha1_of(const std::string& text) {
    std::string out;
    append_hex(out, sha1(text), HexCase::lower);
    return out;
}

class V3Bills : public testing::Test {
  protected:
    void order(const std::string& number) {
        const auto answer = merchant.post("/v3/pay/transactions/jsapi",
                                          V3Caller::order(number, {{"attach", "支付测试"}}));
        ASSERT_EQ(answer.status, 200) << answer.response.body;
        pay(number);
    }
    void v2_order(const std::string& number) {
        sandbox.v2("/pay/unifiedorder", AppHarness::order(number));
        pay(number);
    }
    void pay(const std::string& number) {
        ASSERT_EQ(
            sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay").status,
            200);
    }
    std::string refund(const std::string& number, const std::string& refund_number) {
        const auto answer =
            merchant.post("/v3/refund/domestic/refunds",
                          {{"out_trade_no", number},
                           {"out_refund_no", refund_number},
                           {"amount", {{"refund", 100}, {"total", 888}, {"currency", "CNY"}}}});
        EXPECT_EQ(answer.status, 200) << answer.response.body;
        return answer.body["refund_id"];
    }
    std::string transaction_id(const std::string& number) {
        return sandbox.control("GET", "/_sandbox/v1/orders/1900000109:" + number)
            .body["transaction_id"];
    }
    V3Answer trade(const std::string& query) { return merchant.get("/v3/bill/tradebill?" + query); }
    V3Answer funds(const std::string& query) {
        return merchant.get("/v3/bill/fundflowbill?" + query);
    }
    /// Where a link leads on this host.
    static std::string target(const V3Answer& link) {
        const std::string url = link.body.value("download_url", "");
        EXPECT_TRUE(url.starts_with(kBase + "/v3/billdownload/file?token=")) << url;
        return url.substr(kBase.size());
    }
    /// What is behind a link; it must be what the link promised.
    std::string file(const V3Answer& link) {
        EXPECT_EQ(link.status, 200) << link.response.body;
        EXPECT_TRUE(link.is_signed);
        const auto answer = merchant.get(target(link));
        EXPECT_EQ(answer.status, 200) << answer.response.body;
        EXPECT_EQ(sha1_of(answer.response.body), link.body["hash_value"]);
        return answer.response.body;
    }

    AppHarness sandbox;
    V3Caller merchant{sandbox};
};

TEST_F(V3Bills, AreFilesBehindALink) {
    order("T20240601000001");
    sandbox.advance(1h);
    const std::string refund_id = refund("T20240601000001", "R1");
    sandbox.advance(48h);
    const std::string id = transaction_id("T20240601000001");
    const std::string text =
        kBom +
        "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,"
        "交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,"
        "充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,"
        "费率备注\r\n"
        "`2024-06-01 12:00:00,`wx8888888888888888,`1900000109,`0,`,`" +
        id +
        ",`T20240601000001,`oUpF8uMuAJO_M2pxb1Q9zNjWeS6o,`JSAPI,`SUCCESS,`OTHERS,`CNY,`8.88,"
        "`0.00,`0,`0,`0.00,`0.00,`,`,`腾讯充值中心-QQ会员充值,`支付测试,`0.05000,`0.60%,`8.88,"
        "`0.00,`\r\n"
        "`2024-06-01 13:00:00,`wx8888888888888888,`1900000109,`0,`,`" +
        id +
        ",`T20240601000001,`oUpF8uMuAJO_M2pxb1Q9zNjWeS6o,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,"
        "`0.00,`" +
        refund_id +
        ",`R1,`1.00,`0.00,`ORIGINAL,`SUCCESS,`腾讯充值中心-QQ会员充值,`支付测试,`-0.01000,`0.60%,"
        "`0.00,`1.00,`\r\n"
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,"
        "申请退款总金额\r\n`2,`8.88,`1.00,`0.00,`0.04000,`8.88,`1.00\r\n";
    const auto link = trade("bill_date=2024-06-01");
    EXPECT_EQ(link.response.body, R"({"download_url":")" + kBase + target(link) +
                                      R"(","hash_type":"SHA1","hash_value":")" + sha1_of(text) +
                                      R"("})");
    const auto answer = merchant.get(target(link));
    EXPECT_EQ(answer.response.body, text);
    EXPECT_EQ(answer.response.headers.get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(answer.response.headers.get("Wechatpay-Signature"), "");
    EXPECT_EQ(answer.response.headers.get("Wechatpay-Serial"), "");
    EXPECT_EQ(answer.number(), "0");

    const auto packed = trade("bill_date=2024-06-01&bill_type=ALL&tar_type=GZIP");
    EXPECT_TRUE(target(packed).ends_with("&tartype=gzip"));
    EXPECT_EQ(packed.body["hash_value"], sha1_of(text));  // of the text, not of the file
    const auto gzipped = merchant.get(target(packed));
    EXPECT_EQ(gzipped.response.headers.get("Content-Type"), "application/x-gzip");
    EXPECT_EQ(gunzip(gzipped.response.body, 1 << 20), text);

    EXPECT_EQ(file(trade("bill_date=2024-06-01&bill_type=ALL_SPECIAL")), text);
    const std::string paid = file(trade("bill_date=2024-06-01&bill_type=SUCCESS"));
    EXPECT_EQ(paid.find(refund_id), std::string::npos);
    const std::string refunds = file(trade("bill_date=2024-06-01&bill_type=REFUND"));
    EXPECT_NE(refunds.find("代金券金额,退款申请时间,退款成功时间,微信退款单号"), std::string::npos);
    EXPECT_EQ(trade("bill_date=2024-06-01&bill_type=RECHARGE_REFUND").code(), "NO_STATEMENT_EXIST");
}

TEST_F(V3Bills, OfFundsShowTheAccountLineByLine) {
    order("T20240601000002");
    const std::string refund_id = refund("T20240601000002", "R1");
    sandbox.advance(48h);
    const std::string text =
        kBom +
        "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),"
        "账户结余(元),资金变更提交申请人,备注,业务凭证号\r\n"
        "`2024-06-01 12:00:00,`" +
        transaction_id("T20240601000002") +
        ",`1900000109202406010000000001,`交易,`交易,`收入,`8.88,`1000008.88,`system,"
        "`结算总金额 8.88 元;含手续费 0.05 元,`T20240601000002\r\n"
        "`2024-06-01 12:00:00,`" +
        refund_id +
        ",`1900000109202406010000000002,`退款,`退款,`支出,`1.00,`1000007.88,`system,`,`R1\r\n"
        "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n`2,`1,`8.88,`1,`1.00\r\n";
    EXPECT_EQ(file(funds("bill_date=2024-06-01")), text);
    EXPECT_EQ(file(funds("bill_date=2024-06-01&account_type=BASIC")), text);
    EXPECT_EQ(funds("bill_date=2024-06-01&account_type=FEES").code(), "NO_STATEMENT_EXIST");
    EXPECT_EQ(funds("bill_date=2024-06-01&account_type=OPERATION").code(), "NO_STATEMENT_EXIST");
}

TEST_F(V3Bills, AreThereFromTenOfTheNextDayOnForThreeMonths) {
    order("T20240601000003");
    const std::string june = "bill_date=2024-06-01";
    const std::string no_day =
        R"({"code":"INVALID_REQUEST","message":"账单日期不在可下载的范围内"})";
    const std::string creating = R"({"code":"STATEMENT_CREATING","message":"账单生成中"})";
    const auto today = trade(june);
    EXPECT_EQ(today.status, 400);
    EXPECT_EQ(today.response.body, no_day);
    EXPECT_EQ(today.number(), "268435456");
    EXPECT_TRUE(today.is_signed);
    EXPECT_EQ(funds("bill_date=2024-06-02").response.body, no_day);
    EXPECT_EQ(trade("bill_date=2024-05-31").response.body,
              R"({"code":"NO_STATEMENT_EXIST","message":"账单文件不存在"})");
    sandbox.advance(21h);  // 09:00
    EXPECT_EQ(trade(june).response.body, creating);
    EXPECT_EQ(funds(june).response.body, creating);
    sandbox.advance(1h);
    EXPECT_EQ(trade(june).status, 200);
    EXPECT_EQ(funds(june).status, 200);
    sandbox.advance(24h * 93);
    EXPECT_EQ(trade(june).response.body, no_day);
}

TEST_F(V3Bills, RefuseFieldsInTheWordsOfTheLiveService) {
    EXPECT_EQ(trade("bill_date=20240601").response.body,
              R"({"code":"PARAM_ERROR","detail":{"location":"query","value":"20240601"},"message":)"
              R"("输入源“/query/bill_date”映射到值字段“账单日期”字符串规则校验失败，)"
              R"(字符串必须匹配正则表达式“^\\d{4}-\\d{2}-\\d{2}$”"})");
    EXPECT_EQ(
        merchant.get("/v3/bill/tradebill").response.body,
        R"({"code":"PARAM_ERROR","detail":{"location":"query","value":""},"message":)"
        R"("输入源“/query/bill_date”映射到字段“账单日期”必填性规则校验失败，此字段为必填项"})");
    EXPECT_EQ(trade("bill_date=2024-05-31&bill_type=X").code(), "PARAM_ERROR");
    EXPECT_EQ(trade("bill_date=2024-05-31&tar_type=ZIP").code(), "PARAM_ERROR");
    EXPECT_EQ(funds("bill_date=2024-05-31&account_type=Basic").code(), "PARAM_ERROR");
    EXPECT_EQ(funds("bill_date=2024-05-31&sub_mchid=1900000200").number(), "270924358");
    EXPECT_EQ(merchant.get("/v3/billdownload/file").code(), "PARAM_ERROR");
    EXPECT_EQ(trade("bill_date=2024-05-31&sub_mchid=1900000200").code(), "NO_AUTH");
}

TEST_F(V3Bills, LinksAreGoodForFiveMinutesAndForTheirMerchantOnly) {
    order("T20240601000004");
    sandbox.advance(48h);
    const auto link = trade("bill_date=2024-06-01");
    sandbox.advance(5min);
    EXPECT_EQ(merchant.get(target(link)).status, 200);
    V3Caller other(sandbox, "1900000110");
    const auto of_another = other.get(target(link));
    EXPECT_EQ(of_another.status, 403);
    EXPECT_EQ(of_another.response.body, R"({"code":"NO_AUTH","message":"无权限下载该账单"})");
    EXPECT_TRUE(of_another.is_signed);
    http::Request unsigned_call = merchant.request("GET", target(link));
    unsigned_call.headers.set("Authorization", "");
    EXPECT_EQ(merchant.send(unsigned_call).status, 401);

    sandbox.advance(1s);
    const std::string over =
        R"({"code":"INVALID_REQUEST","message":"账单下载链接已失效，请重新申请"})";
    const auto late = merchant.get(target(link));
    EXPECT_EQ(late.status, 400);
    EXPECT_EQ(late.response.body, over);
    for (const char* const token :
         {"x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA99",
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAx"}) {
        EXPECT_EQ(merchant.get("/v3/billdownload/file?token=" + std::string(token)).response.body,
                  over);
    }
    // Asked for again, the same bill has the same link; it lives anew.
    const auto again = trade("bill_date=2024-06-01");
    EXPECT_EQ(again.response.body, link.response.body);
    EXPECT_EQ(merchant.get(target(link)).status, 200);
}

TEST_F(V3Bills, KeepWhatTheirLinkPromised) {
    order("T20240601000005");
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:T20240601000005/refund-outcome",
                    {{"outcome", "hold"}});
    refund("T20240601000005", "R1");
    sandbox.advance(48h);
    const auto before = trade("bill_date=2024-06-01");
    EXPECT_NE(file(before).find("`PROCESSING"), std::string::npos);
    sandbox.control("POST", "/_sandbox/v1/refunds/1900000109:R1", {{"outcome", "success"}});
    EXPECT_EQ(merchant.get(target(before)).code(), "INVALID_REQUEST");
    const auto after = trade("bill_date=2024-06-01");
    EXPECT_NE(target(after), target(before));
    EXPECT_EQ(file(after).find("`PROCESSING"), std::string::npos);
}

TEST_F(V3Bills, ServeAProviderForAllItsMerchantsOrOne) {
    V3Caller provider(sandbox, "1900000111");
    const Json order{{"sp_appid", AppHarness::kAppId},
                     {"sp_mchid", "1900000111"},
                     {"sub_mchid", "1900000200"},
                     {"description", "demo"},
                     {"out_trade_no", "P20240310000001"},
                     {"notify_url", "http://127.0.0.1:9190/notify"},
                     {"amount", {{"total", 888}, {"currency", "CNY"}}},
                     {"payer", {{"sp_openid", AppHarness::kOpenId}}}};
    ASSERT_EQ(provider.post("/v3/pay/partner/transactions/jsapi", order).status, 200);
    ASSERT_EQ(sandbox.control("POST", "/_sandbox/v1/orders/1900000111:P20240310000001/pay").status,
              200);
    sandbox.advance(48h);
    const std::string path = "/v3/bill/tradebill?bill_date=2024-06-01";
    const auto all = provider.get(path);
    const auto one = provider.get(path + "&sub_mchid=1900000200");
    EXPECT_EQ(all.status, 200) << all.response.body;
    EXPECT_EQ(all.body["hash_value"], one.body["hash_value"]);
    EXPECT_NE(provider.get(target(one)).response.body.find("`1900000111,`1900000200,"),
              std::string::npos);
    EXPECT_EQ(provider.get(path + "&sub_mchid=1900000109").code(), "NO_AUTH");
    EXPECT_EQ(provider.get("/v3/bill/fundflowbill?bill_date=2024-06-01").status, 200);
}

// events.md 3: one row set for both versions.
TEST_F(V3Bills, HaveTheRowsOfBothVersions) {
    order("T20240601000006");
    v2_order("V20240601000006");
    refund("V20240601000006", "R1");
    ASSERT_EQ(sandbox
                  .v2("/secapi/pay/refund", {{"out_trade_no", "T20240601000006"},
                                             {"out_refund_no", "R2"},
                                             {"total_fee", "888"},
                                             {"refund_fee", "8"}})
                  .at("result_code"),
              "SUCCESS");
    sandbox.advance(48h);
    const std::string text = file(trade("bill_date=2024-06-01"));
    for (const char* const number : {"`T20240601000006,", "`V20240601000006,", "`R1,", "`R2,"})
        EXPECT_NE(text.find(number), std::string::npos) << number;
    EXPECT_NE(text.find("\r\n`4,`17.76,`1.08,"), std::string::npos) << text;
    EXPECT_EQ(sandbox
                  .post("/pay/downloadbill",
                        AppHarness::xml(AppHarness::sign({{"bill_date", "20240601"}})))
                  .body,
              text);
}

}  // namespace
}  // namespace wxpay
