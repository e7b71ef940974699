// Code payment through API V3: codepay and reverse, on the manual clock.
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/v3_caller.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr const char* kCodepay = "/v3/pay/transactions/codepay";

class V3CodePayment : public testing::Test {
  protected:
    static Json order(const std::string& number, const std::string& auth_code,
                      const Json& changes = Json::object()) {
        Json body{{"appid", AppHarness::kAppId},
                  {"mchid", AppHarness::kMchId},
                  {"description", "image形象店-深圳腾大- QQ公仔"},
                  {"out_trade_no", number},
                  {"payer", {{"auth_code", auth_code}}},
                  {"amount", {{"total", 888}, {"currency", "CNY"}}},
                  {"scene_info", {{"store_info", {{"id", "0001"}}}}}};
        body.merge_patch(changes);
        return body;
    }
    /// `last` are the last four digits of the code; they choose the payer.
    std::string code(const std::string& last) {
        return "1345797201305" + std::to_string(next_++ % 10) + last;
    }
    V3Answer pay(const std::string& number, const std::string& last,
                 const Json& changes = Json::object()) {
        return merchant.post(kCodepay, order(number, code(last), changes));
    }
    V3Answer reverse(const std::string& number) {
        return merchant.post("/v3/pay/transactions/out-trade-no/" + number + "/reverse",
                             {{"appid", AppHarness::kAppId}, {"mchid", AppHarness::kMchId}});
    }
    std::string state(const std::string& number) {
        return merchant.get("/v3/pay/transactions/out-trade-no/" + number + "?mchid=1900000109")
            .body["trade_state"];
    }
    static void expect(const V3Answer& answer, int status, const std::string& body,
                       const std::string& number = "268435456") {
        EXPECT_EQ(answer.status, status);
        EXPECT_EQ(answer.response.body, body);
        EXPECT_EQ(answer.number(), number);
        EXPECT_TRUE(answer.is_signed);
    }
    std::vector<std::string> last_notes() const {
        return sandbox.exchanges.list(1, [](const auto&) { return true; }).at(0)->notes;
    }

    static constexpr const char* kPaying =
        R"({"code":"USERPAYING","message":"需要用户输入支付密码"})";
    static constexpr const char* kTradeError = R"({"code":"TRADE_ERROR","message":"交易错误"})";

    AppHarness sandbox;
    V3Caller merchant{sandbox};
    int next_ = 0;
};

TEST_F(V3CodePayment, PaysAtOnceAndTellsNobody) {
    const auto answer = pay("C20240601000001", "7234", {{"attach", "自定义数据"}});
    const std::string id = answer.body["transaction_id"];
    expect(answer, 200,
           R"({"amount":{"currency":"CNY","payer_currency":"CNY","payer_total":888,"total":888},)"
           R"("appid":"wx8888888888888888","attach":"自定义数据","bank_type":"CMB_CREDIT",)"
           R"("mchid":"1900000109","out_trade_no":"C20240601000001",)"
           R"("payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},"promotion_detail":[],)"
           R"("success_time":"2024-06-01T12:00:00+08:00","trade_state":"SUCCESS",)"
           R"("trade_state_desc":"支付成功","trade_type":"MICROPAY","transaction_id":")" +
               id + R"("})",
           "0");
    EXPECT_EQ(last_notes().size(), 1U);
    EXPECT_NE(last_notes().at(0).find("not every merchant has code payment in V3"),
              std::string::npos);
    sandbox.run_due();
    EXPECT_TRUE(sandbox.sender.sent.empty());
    EXPECT_EQ(state("C20240601000001"), "SUCCESS");
}

TEST_F(V3CodePayment, IsTheSameLedgerAsV2) {
    const std::string used = code("1234");
    EXPECT_EQ(merchant.post(kCodepay, order("SHARED01", used)).status, 200);
    EXPECT_EQ(sandbox.v2("/pay/orderquery", {{"out_trade_no", "SHARED01"}})["trade_type"],
              "MICROPAY");
    const Fields scanned{{"body", "b"},
                         {"total_fee", "888"},
                         {"spbill_create_ip", "14.17.22.52"},
                         {"auth_code", used}};
    Fields again = scanned;
    again["out_trade_no"] = "SHARED02";
    EXPECT_EQ(sandbox.v2("/pay/micropay", again)["err_code"], "AUTH_CODE_INVALID");
    EXPECT_EQ(sandbox.v2("/secapi/pay/reverse", {{"out_trade_no", "SHARED01"}})["result_code"],
              "SUCCESS");
    EXPECT_EQ(state("SHARED01"), "REVOKED");

    Fields by_v2 = scanned;
    by_v2["out_trade_no"] = "SHARED03";
    by_v2["auth_code"] = code("1234");
    EXPECT_EQ(sandbox.v2("/pay/micropay", by_v2)["result_code"], "SUCCESS");
    expect(pay("SHARED03", "1234"), 400,
           R"({"code":"INVALID_REQUEST","message":"请求重入时，参数与首次请求时不一致"})",
           "268498688");
    EXPECT_EQ(reverse("SHARED03").status, 200);
}

TEST_F(V3CodePayment, WaitsForThePasswordAndIsThenPaid) {
    const std::string slow = code("9001");
    expect(merchant.post(kCodepay, order("SLOW01", slow)), 202, kPaying);
    EXPECT_EQ(state("SLOW01"), "USERPAYING");
    expect(merchant.post(kCodepay, order("SLOW01", slow)), 202, kPaying);
    sandbox.advance(10s);
    EXPECT_EQ(state("SLOW01"), "SUCCESS");
    EXPECT_EQ(merchant.post(kCodepay, order("SLOW01", slow)).body["trade_state"], "SUCCESS");
    expect(pay("SLOW01", "1234"), 400, R"({"code":"ORDERPAID","message":"该订单已支付"})",
           "268498689");
    EXPECT_TRUE(sandbox.sender.sent.empty());
}

TEST_F(V3CodePayment, WaitsForThePasswordOfWhoPaysMuch) {
    EXPECT_EQ(pay("MUCH01", "1234", {{"amount", {{"total", 100000}}}}).status, 200);
    EXPECT_EQ(pay("MUCH02", "1234", {{"amount", {{"total", 100001}}}}).status, 202);
}

TEST_F(V3CodePayment, EndsAsPayErrorWhenTheUserGivesUp) {
    expect(pay("GIVEUP01", "9002"), 202, kPaying);
    sandbox.advance(10s);
    EXPECT_EQ(state("GIVEUP01"), "PAYERROR");
    expect(pay("GIVEUP01", "9002"), 403, kTradeError);
    EXPECT_EQ(reverse("GIVEUP01").status, 200);
    EXPECT_EQ(state("GIVEUP01"), "REVOKED");
    expect(pay("GIVEUP01", "1234"), 400, R"({"code":"ORDER_REVERSED","message":"订单已撤销"})");
}

TEST_F(V3CodePayment, RefusesWhatTheCodeSays) {
    expect(pay("CODES01", "9003"), 403, R"({"code":"NOT_ENOUGH","message":"余额不足"})");
    EXPECT_EQ(state("CODES01"), "NOTPAY");
    EXPECT_EQ(pay("CODES01", "1234").status, 200);  // the same order, another code
    const char* const expired =
        R"({"code":"AUTH_CODE_EXPIRE","message":"付款码已过期，请用户刷新后重试"})";
    expect(pay("CODES02", "9004"), 403, expired);
    expect(reverse("CODES02"), 404, R"({"code":"ORDER_NOT_EXIST","message":"订单不存在"})",
           "268512771");
    expect(pay("CODES03", "9005"), 500,
           R"({"code":"SYSTEM_ERROR","message":"系统繁忙，请稍后重试"})");
    EXPECT_EQ(state("CODES03"), "SUCCESS");
    expect(pay("CODES04", "9006"), 500, R"({"code":"BANK_ERROR","message":"银行系统异常"})");
    EXPECT_EQ(state("CODES04"), "NOTPAY");
    expect(pay("CODES04", "8000"), 403, kTradeError);  // another user
    expect(pay("CODES05", "9999"), 400, R"({"code":"AUTH_CODE_INVALID","message":"付款码无效"})");
    const std::string once = code("1234");
    EXPECT_EQ(merchant.post(kCodepay, order("CODES06", once)).status, 200);
    expect(merchant.post(kCodepay, order("CODES07", once)), 403, expired);
}

TEST_F(V3CodePayment, NeverAnswersButIsPaid) {
    const auto request = merchant.request("POST", kCodepay, order("SILENCE1", code("9007")).dump());
    EXPECT_TRUE(std::holds_alternative<http::Later>(sandbox.app.handle(request)));
    EXPECT_EQ(state("SILENCE1"), "SUCCESS");
}

TEST_F(V3CodePayment, RefusesACodeOfAnotherForm) {
    for (const char* const wrong : {"164579720130501234", "13457972013050123", "abc"}) {
        expect(merchant.post(kCodepay, order("FORM01", wrong)), 400,
               R"({"code":"AUTH_CODE_INVALID","message":)"
               R"x("请扫描微信支付授权码(以10/11/12/13/14/15为前缀的18位数字)"})x");
    }
}

TEST_F(V3CodePayment, HoldsARepeatedCallToTheFirstOne) {
    EXPECT_EQ(pay("AGAIN01", "9003").status, 403);
    expect(pay("AGAIN01", "1234", {{"amount", {{"total", 889}}}}), 400,
           R"({"code":"INVALID_REQUEST","message":"请求重入时，参数与首次请求时不一致"})",
           "268498688");
    EXPECT_EQ(merchant.post("/v3/pay/transactions/jsapi", V3Caller::order("AGAIN02")).status, 200);
    expect(pay("AGAIN02", "1234"), 403,
           R"({"code":"OUT_TRADE_NO_USED","message":"商户订单号重复"})");
    EXPECT_EQ(merchant
                  .post("/v3/pay/transactions/out-trade-no/AGAIN03/close",
                        {{"mchid", AppHarness::kMchId}})
                  .status,
              204);
    expect(pay("AGAIN03", "1234"), 400,
           R"({"code":"INVALID_REQUEST","message":"请求重入时，参数与首次请求时不一致"})",
           "268498688");
}

TEST_F(V3CodePayment, IsRefusedToWhomItIsNotSwitchedOnFor) {
    V3Caller other(sandbox, "1900000110");
    expect(
        other.post(kCodepay, order("NOAUTH1", code("1234"), {{"mchid", "1900000110"}})), 403,
        R"({"code":"NO_AUTH","message":"商户号该产品权限未开通，请前往商户平台>产品中心检查后重试"})");
}

TEST_F(V3CodePayment, ReversesAPaidOneForGood) {
    EXPECT_EQ(pay("REVERSE1", "1234").status, 200);
    const char* const done =
        R"({"appid":"wx8888888888888888","mchid":"1900000109","out_trade_no":"REVERSE1"})";
    expect(reverse("REVERSE1"), 200, done, "0");
    EXPECT_EQ(state("REVERSE1"), "REVOKED");
    expect(reverse("REVERSE1"), 200, done, "0");
    sandbox.run_due();
    EXPECT_TRUE(sandbox.sender.sent.empty());
    expect(pay("REVERSE1", "1234"), 400, R"({"code":"ORDER_REVERSED","message":"订单已撤销"})");
}

TEST_F(V3CodePayment, ReversesWhileTheUserTypes) {
    expect(pay("REVERSE2", "9001"), 202, kPaying);
    EXPECT_EQ(reverse("REVERSE2").status, 200);
    sandbox.advance(1h);
    EXPECT_EQ(state("REVERSE2"), "REVOKED");
}

TEST_F(V3CodePayment, ReversesNothingElse) {
    EXPECT_EQ(merchant.post("/v3/pay/transactions/jsapi", V3Caller::order("REVERSE3")).status, 200);
    expect(reverse("REVERSE3"), 403, kTradeError);
    EXPECT_EQ(pay("REVERSE4", "1234").status, 200);
    EXPECT_EQ(pay("REVERSE5", "9003").status, 403);
    sandbox.advance(24h * 7 + 1s);
    expect(reverse("REVERSE4"), 403, kTradeError);
    expect(reverse("REVERSE5"), 400, R"({"code":"ORDER_CLOSED","message":"订单已关闭"})");
    EXPECT_EQ(merchant
                  .post("/v3/refund/domestic/refunds",
                        {{"out_trade_no", "REVERSE4"},
                         {"out_refund_no", "R1"},
                         {"amount", {{"refund", 1}, {"total", 888}, {"currency", "CNY"}}}})
                  .status,
              200);
    expect(reverse("REVERSE4"), 403, kTradeError);
}

TEST_F(V3CodePayment, IsNotClosedButReversed) {
    const auto close = [&](const std::string& number) {
        return merchant.post("/v3/pay/transactions/out-trade-no/" + number + "/close",
                             {{"mchid", AppHarness::kMchId}});
    };
    const char* const only_reverse =
        R"({"code":"TRADE_ERROR","message":"付款码支付的订单只能撤销，不能关闭"})";
    EXPECT_EQ(pay("CLOSE01", "9002").status, 202);
    expect(close("CLOSE01"), 202, kPaying);
    EXPECT_EQ(state("CLOSE01"), "USERPAYING");
    sandbox.advance(10s);
    EXPECT_EQ(state("CLOSE01"), "PAYERROR");
    expect(close("CLOSE01"), 403, only_reverse, "268449641");
    EXPECT_EQ(pay("CLOSE02", "9003").status, 403);
    EXPECT_EQ(state("CLOSE02"), "NOTPAY");
    expect(close("CLOSE02"), 403, only_reverse, "268449641");
    EXPECT_EQ(pay("CLOSE03", "1234").status, 200);
    expect(close("CLOSE03"), 400, R"({"code":"ORDERPAID","message":"该订单已支付"})", "268498689");
}

TEST_F(V3CodePayment, WorksForAProvidersMerchants) {
    V3Caller provider(sandbox, "1900000111");
    const Json changes{{"appid", nullptr},
                       {"mchid", nullptr},
                       {"sp_mchid", "1900000111"},
                       {"sub_mchid", "1900000200"}};
    const auto paid = provider.post("/v3/pay/partner/transactions/codepay",
                                    order("PARTNER1", code("1234"), changes));
    EXPECT_EQ(paid.status, 200) << paid.response.body;
    EXPECT_EQ(paid.body["sp_appid"], AppHarness::kAppId);
    EXPECT_EQ(paid.body["sub_mchid"], "1900000200");
    EXPECT_EQ(paid.body["payer"]["sp_openid"], AppHarness::kOpenId);
    expect(provider.post("/v3/pay/partner/transactions/out-trade-no/PARTNER1/reverse",
                         {{"sp_mchid", "1900000111"}, {"sub_mchid", "1900000200"}}),
           200,
           R"({"out_trade_no":"PARTNER1","sp_appid":"wx8888888888888888",)"
           R"("sp_mchid":"1900000111","sub_mchid":"1900000200"})",
           "0");
}

}  // namespace
}  // namespace wxpay::test
