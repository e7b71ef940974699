// Refunds through API V3: answers, refusals, states, callbacks, and the same refunds through API
// V2.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/codec/base64.hpp"
#include "core/v2/refund_notification.hpp"

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using namespace std::chrono_literals;

using test::AppHarness;
using test::Fields;
using test::V3Answer;
using test::V3Caller;
using Json = nlohmann::json;

constexpr const char* kRefunds = "/v3/refund/domestic/refunds";
constexpr const char* kNotify = "http://127.0.0.1:9190/wxpay/refund_notify";

class V3Refunds : public testing::Test {
  protected:
    void paid_order(const std::string& number, const Json& how = Json::object()) {
        const auto answer = merchant.post("/v3/pay/transactions/jsapi", V3Caller::order(number));
        ASSERT_EQ(answer.status, 200) << answer.response.body;
        pay(number, how);
    }
    void pay(const std::string& number, const Json& how = Json::object()) {
        const auto paid =
            sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay", how);
        ASSERT_EQ(paid.status, 200) << paid.body;
        sandbox.run_due();
        sandbox.sender.sent.clear();
    }
    /// A good refund of 100 fen; `changes` are merged into it.
    static Json body(const std::string& number, const std::string& refund_number,
                     const Json& changes = Json::object()) {
        Json out{{"out_trade_no", number},
                 {"out_refund_no", refund_number},
                 {"amount", {{"refund", 100}, {"total", 888}, {"currency", "CNY"}}}};
        out.merge_patch(changes);
        return out;
    }
    V3Answer refund(const std::string& number, const std::string& refund_number,
                    const Json& changes = Json::object()) {
        return merchant.post(kRefunds, body(number, refund_number, changes));
    }
    V3Answer query(const std::string& refund_number) {
        return merchant.get(std::string(kRefunds) + "/" + refund_number);
    }
    void plan(const std::string& number, const char* outcome) {
        ASSERT_EQ(
            sandbox
                .control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/refund-outcome",
                         {{"outcome", outcome}})
                .status,
            200);
    }
    /// What the only callback since the last one said.
    Json told() {
        sandbox.run_due();
        EXPECT_EQ(sandbox.sender.sent.size(), 1U);
        if (sandbox.sender.sent.empty()) return nullptr;
        Json out = open_callback(sandbox.sender.sent[0].request, sandbox);
        event = Json::parse(sandbox.sender.sent[0].request.body);
        sandbox.sender.sent.clear();
        return out;
    }

    AppHarness sandbox;
    V3Caller merchant{sandbox};
    Json event;  ///< the envelope of what told() returned
};

TEST_F(V3Refunds, AnswerInTheBytesOfTheSample) {
    paid_order("T20240601000001");
    const auto answer = refund("T20240601000001", "R1", {{"reason", "商品已售完"}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.is_signed);
    EXPECT_EQ(answer.number(), "0");
    const std::string id = answer.body["refund_id"];
    EXPECT_EQ(id.size(), 29U);
    EXPECT_TRUE(id.starts_with("50"));
    const std::string transaction_id =
        sandbox.control("GET", "/_sandbox/v1/orders/1900000109:T20240601000001")
            .body["transaction_id"];
    const std::string head =
        R"({"amount":{"currency":"CNY","discount_refund":0,"from":[],"payer_refund":100,)"
        R"("payer_total":888,"refund":100,"refund_fee":0,"settlement_refund":100,)"
        R"("settlement_total":888,"total":888},"channel":"ORIGINAL",)"
        R"("create_time":"2024-06-01T12:00:00+08:00","funds_account":"AVAILABLE",)"
        R"("out_refund_no":"R1","out_trade_no":"T20240601000001","promotion_detail":[],)"
        R"("refund_id":")" +
        id;
    const std::string tail =
        R"("transaction_id":")" + transaction_id + R"(","user_received_account":"支付用户零钱"})";
    EXPECT_EQ(answer.response.body, head + R"(","status":"PROCESSING",)" + tail);
    sandbox.run_due();
    const auto ended = query("R1");
    EXPECT_TRUE(ended.is_signed);
    EXPECT_EQ(ended.response.body,
              head + R"(","status":"SUCCESS","success_time":"2024-06-01T12:00:00+08:00",)" + tail);
}

TEST_F(V3Refunds, TellTheirNotifyUrlOnceTheyHaveEnded) {
    paid_order("T20240601000002");
    const auto answer = refund("T20240601000002", "R1", {{"notify_url", kNotify}});
    EXPECT_TRUE(sandbox.sender.sent.empty());
    const Json plain = told();
    EXPECT_EQ(event["event_type"], "REFUND.SUCCESS");
    EXPECT_EQ(event["summary"], "退款成功");
    EXPECT_EQ(event["resource"]["original_type"], "refund");
    EXPECT_EQ(event["resource"]["associated_data"], "refund");
    EXPECT_EQ(
        plain,
        (Json{{"mchid", "1900000109"},
              {"out_trade_no", "T20240601000002"},
              {"transaction_id", answer.body["transaction_id"]},
              {"out_refund_no", "R1"},
              {"refund_id", answer.body["refund_id"]},
              {"refund_status", "SUCCESS"},
              {"success_time", "2024-06-01T12:00:00+08:00"},
              {"amount",
               {{"total", 888}, {"refund", 100}, {"payer_total", 888}, {"payer_refund", 100}}},
              {"user_received_account", "支付用户零钱"}}));
    refund("T20240601000002", "R2");  // the call names no address
    sandbox.run_due();
    EXPECT_TRUE(sandbox.sender.sent.empty());
}

TEST_F(V3Refunds, FindTheOrderByEitherNumberOrBoth) {
    paid_order("T20240601000003");
    paid_order("T20240601000004");
    const std::string id = refund("T20240601000003", "R1").body["transaction_id"];
    const auto by_id =
        refund("T20240601000003", "R2", {{"out_trade_no", nullptr}, {"transaction_id", id}});
    EXPECT_EQ(by_id.body["out_trade_no"], "T20240601000003");
    EXPECT_EQ(refund("T20240601000003", "R3", {{"transaction_id", id}}).status, 200);
    const auto both = refund("T20240601000004", "R4", {{"transaction_id", id}});
    EXPECT_EQ(both.status, 400);
    EXPECT_EQ(both.response.body,
              R"({"code":"INVALID_REQUEST","message":"微信支付订单号与商户订单号不是同一订单"})");
    const auto neither = refund("", "R5", {{"out_trade_no", nullptr}});
    EXPECT_EQ(
        neither.response.body,
        R"({"code":"PARAM_ERROR","detail":{"location":"body","value":""},"message":)"
        R"("输入源“/body/transaction_id”映射到字段“微信支付订单号”必填性规则校验失败，此字段为必填项"})");
    EXPECT_EQ(neither.number(), "268435461");
}

TEST_F(V3Refunds, OfTheSameNumberAreOneRefund) {
    paid_order("T20240601000005");
    const auto first = refund("T20240601000005", "R1");
    EXPECT_EQ(refund("T20240601000005", "R1").response.body, first.response.body);
    sandbox.run_due();
    const auto later = refund("T20240601000005", "R1");
    EXPECT_EQ(later.body["refund_id"], first.body["refund_id"]);
    EXPECT_EQ(later.body["status"], "SUCCESS");
    const auto order = sandbox.control("GET", "/_sandbox/v1/orders/1900000109:T20240601000005");
    EXPECT_EQ(order.body["refunded_fee"], 100);
    const auto other = refund("T20240601000005", "R1", {{"amount", {{"refund", 101}}}});
    EXPECT_EQ(other.status, 400);
    EXPECT_EQ(
        other.response.body,
        R"({"code":"INVALID_REQUEST","message":"订单金额或退款金额与之前请求不一致，请核实后再试"})");
    EXPECT_TRUE(other.is_signed);
    paid_order("T20240601000006");
    EXPECT_EQ(refund("T20240601000006", "R1").response.body, other.response.body);
}

TEST_F(V3Refunds, AreRefusedInWeChatsWords) {
    const auto expect = [](const V3Answer& answer, int status, const std::string& text,
                           const std::string& number) {
        EXPECT_EQ(answer.status, status);
        EXPECT_EQ(answer.response.body, text);
        EXPECT_EQ(answer.number(), number);
        EXPECT_TRUE(answer.is_signed);
    };
    const std::string other = "268435456";
    const std::string no_order = R"({"code":"RESOURCE_NOT_EXISTS","message":"原订单不存在"})";
    expect(refund("T20240601000000", "R1"), 404, no_order, "268512771");
    merchant.post("/v3/pay/transactions/jsapi", V3Caller::order("T20240601000007"));
    expect(refund("T20240601000007", "R1"), 404, no_order, "268512771");
    merchant.post("/v3/pay/transactions/out-trade-no/T20240601000007/close",
                  {{"mchid", "1900000109"}});
    expect(refund("T20240601000007", "R1"), 404, no_order, "268512771");

    paid_order("T20240601000008");
    expect(refund("T20240601000008", "R1", {{"amount", {{"total", 887}}}}), 400,
           R"({"code":"INVALID_REQUEST","message":)"
           R"("订单金额或退款金额与之前请求不一致，请核实后再试"})",
           other);
    refund("T20240601000008", "R1", {{"amount", {{"refund", 800}}}});
    expect(refund("T20240601000008", "R2", {{"amount", {{"refund", 89}}}}), 400,
           R"({"code":"INVALID_REQUEST","message":"申请退款金额大于订单可退金额"})", other);
    refund("T20240601000008", "R3", {{"amount", {{"refund", 88}}}});
    expect(refund("T20240601000008", "R4"), 400,
           R"({"code":"INVALID_REQUEST","message":"订单已全额退款"})", other);
    expect(query("R4"), 404, R"({"code":"RESOURCE_NOT_EXISTS","message":"退款单不存在"})", other);

    expect(refund("T20240601000008", "R5", {{"amount", {{"refund", 0}}}}), 400,
           R"({"code":"PARAM_ERROR","detail":{"location":"body","value":0},"message":)"
           R"("输入源“/body/amount/refund”映射到数值字段“退款金额”规则校验失败，值低于最小值 1"})",
           "268435464");
    expect(refund("T20240601000008", "退款"), 400,
           R"({"code":"PARAM_ERROR","detail":{"location":"body","value":"退款"},"message":)"
           R"("输入源“/body/out_refund_no”映射到值字段“商户退款单号”字符串规则校验失败，)"
           R"(字符串必须匹配正则表达式“^[0-9a-zA-Z_\\-|\\*@]{1,64}$”"})",
           "268435461");
    EXPECT_EQ(refund("T20240601000008", "R5", {{"amount", {{"currency", nullptr}}}}).code(),
              "PARAM_ERROR");
    EXPECT_EQ(refund("T20240601000008", "R5", {{"reason", std::string(81, 'x')}}).code(),
              "PARAM_ERROR");
    EXPECT_EQ(refund("T20240601000008", "R5", {{"notify_url", "http://a/b?c=d"}}).code(),
              "PARAM_ERROR");
}

TEST_F(V3Refunds, AreRefusedWhenTheAccountHoldsTooLittle) {
    sandbox::Merchant poor = *sandbox.directory.find_merchant("1900000109");
    poor.top_up = Fen{-888};
    sandbox.directory.add(poor);
    paid_order("T20240601000009");
    const auto answer = refund("T20240601000009", "R1");
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.response.body,
              R"({"code":"NOT_ENOUGH","message":"基本账户余额不足，请充值后重新发起"})");
}

TEST_F(V3Refunds, AreRefusedAYearAfterThePaymentAndAfterFifty) {
    paid_order("T20240601000010");
    for (int i = 0; i < 50; ++i) {
        const auto answer =
            refund("T20240601000010", "F" + std::to_string(i), {{"amount", {{"refund", 1}}}});
        ASSERT_EQ(answer.status, 200) << answer.response.body;
    }
    EXPECT_EQ(refund("T20240601000010", "F50").response.body,
              R"({"code":"INVALID_REQUEST","message":"订单部分退款次数超过上限"})");
    paid_order("T20240601000011");
    sandbox.advance(24h * 365);
    EXPECT_EQ(refund("T20240601000011", "Y1").status, 200);
    sandbox.advance(1s);
    EXPECT_EQ(refund("T20240601000011", "Y2").response.body,
              R"({"code":"INVALID_REQUEST","message":"订单已经超过退款期限"})");
}

TEST_F(V3Refunds, GiveCouponsBackInProportion) {
    paid_order("T20240601000012", {{"coupons",
                                    {{{"id", "1"}, {"type", "NO_CASH"}, {"fee", 100}},
                                     {{"id", "2"}, {"type", "CASH"}, {"fee", 88}}}}});
    const auto answer = refund("T20240601000012", "R1", {{"amount", {{"refund", 888}}}});
    EXPECT_EQ(answer.body["amount"], (Json{{"currency", "CNY"},
                                           {"discount_refund", 188},
                                           {"from", Json::array()},
                                           {"payer_refund", 700},
                                           {"payer_total", 700},
                                           {"refund", 888},
                                           {"refund_fee", 0},
                                           {"settlement_refund", 788},
                                           {"settlement_total", 788},
                                           {"total", 888}}));
    EXPECT_EQ(answer.body["promotion_detail"], (Json{{{"amount", 100},
                                                      {"promotion_id", "1"},
                                                      {"refund_amount", 100},
                                                      {"scope", "GLOBAL"},
                                                      {"type", "NOCASH"}},
                                                     {{"amount", 88},
                                                      {"promotion_id", "2"},
                                                      {"refund_amount", 88},
                                                      {"scope", "GLOBAL"},
                                                      {"type", "CASH"}}}));
}

TEST_F(V3Refunds, ServeAProviderForItsMerchant) {
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
    sandbox.run_due();
    sandbox.sender.sent.clear();
    const Json call =
        body("P20240310000001", "R1", {{"sub_mchid", "1900000200"}, {"notify_url", kNotify}});
    EXPECT_EQ(provider.post(kRefunds, call).body["status"], "PROCESSING");
    EXPECT_EQ(provider.post(kRefunds, body("P20240310000001", "R1")).number(), "268443704");
    const std::string path = std::string(kRefunds) + "/R1";
    EXPECT_EQ(provider.get(path + "?sub_mchid=1900000200").status, 200);
    EXPECT_EQ(provider.get(path).code(), "PARAM_ERROR");
    EXPECT_EQ(provider.get(path + "?sub_mchid=1900000109").code(), "NO_AUTH");
    EXPECT_EQ(query("R1").status, 404);  // of another merchant
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    const Json plain = open_callback(sandbox.sender.sent[0].request, sandbox, "1900000111");
    EXPECT_EQ(plain["sp_mchid"], "1900000111");
    EXPECT_EQ(plain["sub_mchid"], "1900000200");
    EXPECT_FALSE(plain.contains("mchid"));
}

TEST_F(V3Refunds, EndAsTheControlApiSays) {
    paid_order("T20240601000013");
    plan("T20240601000013", "closed");
    refund("T20240601000013", "R1", {{"notify_url", kNotify}});
    EXPECT_EQ(told()["refund_status"], "CLOSED");
    EXPECT_EQ(event["event_type"], "REFUND.CLOSED");
    EXPECT_EQ(query("R1").body["status"], "CLOSED");
    EXPECT_FALSE(query("R1").body.contains("success_time"));
    const auto order =
        merchant.get("/v3/pay/transactions/out-trade-no/T20240601000013?mchid=1900000109");
    EXPECT_EQ(order.body["trade_state"], "SUCCESS");  // the only refund was taken back
    plan("T20240601000013", "success");
    EXPECT_EQ(refund("T20240601000013", "R1").body["status"], "CLOSED");
    EXPECT_EQ(refund("T20240601000013", "R2").body["status"], "PROCESSING");
}

TEST_F(V3Refunds, ThatWentWrongAreSentToAnotherCard) {
    paid_order("T20240601000014");
    plan("T20240601000014", "abnormal");
    const std::string id =
        refund("T20240601000014", "R1", {{"notify_url", kNotify}}).body["refund_id"];
    const std::string path = std::string(kRefunds) + "/" + id + "/apply-abnormal-refund";
    const Json to_merchant{{"out_refund_no", "R1"}, {"type", "MERCHANT_BANK_CARD"}};
    EXPECT_EQ(
        merchant.post(path, to_merchant).response.body,
        R"({"code":"INVALID_REQUEST","message":"退款单状态不是退款异常，不能发起异常退款处理"})");
    EXPECT_EQ(told()["refund_status"], "ABNORMAL");
    EXPECT_EQ(event["event_type"], "REFUND.ABNORMAL");
    const Json first = event;

    Json to_user{{"out_refund_no", "R1"}, {"type", "USER_BANK_CARD"}};
    EXPECT_EQ(
        merchant.post(path, to_user).response.body,
        R"({"code":"PARAM_ERROR","detail":{"location":"body","value":""},"message":)"
        R"("输入源“/body/bank_type”映射到字段“bank_type”必填性规则校验失败，此字段为必填项"})");
    to_user["bank_type"] = "ICBC_DEBIT";
    EXPECT_EQ(merchant.post(path, to_user).code(), "PARAM_ERROR");
    const sandbox::Platform::Key& platform = sandbox.platform.public_key();
    const auto sealed = [&](const char* text) {
        const std::string cipher = platform.key.public_key().encrypt_oaep(text).value();
        return base64_encode(std::vector<unsigned char>(cipher.begin(), cipher.end()));
    };
    to_user["bank_account"] = sealed("6222020200012345678");
    to_user["real_name"] = sealed("张三");
    EXPECT_EQ(merchant.post(path, to_user).message(),
              "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)");
    merchant.platform_serial = "444F4864EA9B34415";
    EXPECT_EQ(merchant.post(path, to_user).message(), "平台证书序列号Wechatpay-Serial错误");
    merchant.platform_serial = platform.serial;
    Json plain = to_user;
    plain["real_name"] = "张三";
    EXPECT_EQ(merchant.post(path, plain).message(), "请确认待处理的消息是否为加密后的密文");
    Json other = to_user;
    other["out_refund_no"] = "R2";
    EXPECT_EQ(merchant.post(path, other).response.body,
              R"({"code":"RESOURCE_NOT_EXISTS","message":"退款单不存在"})");

    const auto answer = merchant.post(path, to_user);
    EXPECT_EQ(answer.status, 200) << answer.response.body;
    EXPECT_TRUE(answer.is_signed);
    EXPECT_EQ(answer.body["status"], "PROCESSING");
    EXPECT_EQ(answer.body["refund_id"], id);
    EXPECT_EQ(told()["refund_status"], "SUCCESS");
    EXPECT_NE(event["id"], first["id"]) << "who knows callbacks by their id must not drop this one";
    EXPECT_NE(event["resource"]["nonce"], first["resource"]["nonce"]);
    EXPECT_EQ(query("R1").body["status"], "SUCCESS");
    EXPECT_TRUE(query("R1").body.contains("success_time"));
}

TEST_F(V3Refunds, ThatAreHeldStaySoWhenSentAgain) {
    paid_order("T20240601000015");
    plan("T20240601000015", "hold");
    const std::string id = refund("T20240601000015", "R1").body["refund_id"];
    const auto end = [&](const char* outcome) {
        sandbox.control("POST", "/_sandbox/v1/refunds/" + id, {{"outcome", outcome}});
    };
    end("abnormal");
    const Json call{{"out_refund_no", "R1"}, {"type", "MERCHANT_BANK_CARD"}};
    EXPECT_EQ(
        merchant.post(std::string(kRefunds) + "/" + id + "/apply-abnormal-refund", call).status,
        200);
    sandbox.advance(1h);
    EXPECT_EQ(query("R1").body["status"], "PROCESSING");
    end("success");
    EXPECT_EQ(query("R1").body["status"], "SUCCESS");
}

TEST_F(V3Refunds, GiveWhatIsAskedForByHeader) {
    paid_order("T20240601000016");
    const auto demanded = [&](const char* word) {
        http::Request request =
            merchant.request("POST", kRefunds, body("T20240601000016", "R1").dump());
        request.headers.add("Wechatpay-Negative-Test", word);
        const auto answer = merchant.send(request);
        return std::to_string(answer.status) + " " + answer.code() + " " + answer.message();
    };
    EXPECT_EQ(demanded("MCH_NOT_EXISTS"), "404 MCH_NOT_EXISTS 商户号不存在");
    EXPECT_EQ(demanded("RESOURCE_NOT_EXISTS"), "404 RESOURCE_NOT_EXISTS 原订单不存在");
    EXPECT_EQ(demanded("订单不存在"), "404 RESOURCE_NOT_EXISTS 订单不存在");
    EXPECT_EQ(demanded("USER_ACCOUNT_ABNORMAL"),
              "403 USER_ACCOUNT_ABNORMAL 退款请求失败，用户账户异常");
    EXPECT_EQ(demanded("REQUEST_BLOCKED"), "403 REQUEST_BLOCKED 请求被拦截");
    EXPECT_EQ(demanded("BIZ_ERR_NEED_RETRY"),
              "500 BIZ_ERR_NEED_RETRY 退款业务流程错误，需要商户触发重试来解决");
    EXPECT_EQ(demanded("FREQUENCY_LIMITED"), "429 FREQUENCY_LIMITED 频率超限");
    EXPECT_EQ(query("R1").status, 404);
}

// events.md 3: one ledger, two faces.

TEST_F(V3Refunds, OfAV2OrderSpeakV3) {
    ASSERT_EQ(
        sandbox.v2("/pay/unifiedorder", AppHarness::order("V20240601000001")).at("result_code"),
        "SUCCESS");
    pay("V20240601000001");
    const auto answer = refund("V20240601000001", "R1", {{"notify_url", kNotify}});
    EXPECT_EQ(answer.status, 200) << answer.response.body;
    EXPECT_EQ(told()["refund_status"], "SUCCESS");

    const Fields by_v2 = sandbox.v2("/pay/refundquery", {{"out_refund_no", "R1"}});
    EXPECT_EQ(by_v2.at("refund_id_0"), answer.body["refund_id"]);
    EXPECT_EQ(by_v2.at("refund_status_0"), "SUCCESS");
    EXPECT_EQ(by_v2.at("refund_fee_0"), "100");
    EXPECT_EQ(by_v2.at("refund_recv_accout_0"), "支付用户零钱");
    // One number, one refund, whoever asks.
    EXPECT_EQ(sandbox
                  .v2("/secapi/pay/refund", {{"out_trade_no", "V20240601000001"},
                                             {"out_refund_no", "R1"},
                                             {"total_fee", "888"},
                                             {"refund_fee", "100"}})
                  .at("refund_id"),
              answer.body["refund_id"]);
}

TEST_F(V3Refunds, ByV2OfAV3OrderSpeakV2) {
    paid_order("T20240601000017");
    const Fields asked = sandbox.v2("/secapi/pay/refund", {{"out_trade_no", "T20240601000017"},
                                                           {"out_refund_no", "R1"},
                                                           {"total_fee", "888"},
                                                           {"refund_fee", "100"},
                                                           {"notify_url", kNotify}});
    ASSERT_EQ(asked.at("result_code"), "SUCCESS");
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    const auto message = v2::parse_refund_notification(sandbox.sender.sent[0].request.body,
                                                       Secret(AppHarness::kKey));
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->out_refund_no, "R1");
    EXPECT_EQ(message->refund_status, "SUCCESS");
    const auto by_v3 = query("R1");
    EXPECT_EQ(by_v3.status, 200);
    EXPECT_EQ(by_v3.body["refund_id"], asked.at("refund_id"));
    EXPECT_EQ(by_v3.body["status"], "SUCCESS");
    EXPECT_EQ(by_v3.body["amount"]["refund"], 100);
    EXPECT_EQ(refund("T20240601000017", "R2", {{"amount", {{"refund", 789}}}}).message(),
              "申请退款金额大于订单可退金额");
}

TEST_F(V3Refunds, HaveTheirStatesInBothVersionsWords) {
    paid_order("T20240601000018");
    const auto in_both = [&](const char* number) {
        return query(number).body["status"].get<std::string>() + "/" +
               sandbox.v2("/pay/refundquery", {{"out_refund_no", number}}).at("refund_status_0");
    };
    plan("T20240601000018", "hold");
    refund("T20240601000018", "R1");
    EXPECT_EQ(in_both("R1"), "PROCESSING/PROCESSING");
    plan("T20240601000018", "abnormal");
    refund("T20240601000018", "R2");
    sandbox.run_due();
    EXPECT_EQ(in_both("R2"), "ABNORMAL/CHANGE");
    paid_order("T20240601000019");
    plan("T20240601000019", "closed");
    refund("T20240601000019", "R3");
    sandbox.run_due();
    EXPECT_EQ(in_both("R3"), "CLOSED/REFUNDCLOSE");
}

}  // namespace
}  // namespace wxpay
