// Combined orders: several merchants' orders, paid and closed in one go.
#include <string>

#include <gtest/gtest.h>

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using test::AppHarness;
using test::V3Caller;
using Json = nlohmann::json;

constexpr const char* kNative = "/v3/combine-transactions/native";
constexpr const char* kJsapi = "/v3/combine-transactions/jsapi";
constexpr const char* kQuery = "/v3/combine-transactions/out-trade-no/C20240310000001";

class V3Combine : public testing::Test {
  protected:
    AppHarness sandbox;
    V3Caller merchant{sandbox};

    static Json part(const std::string& mchid, const std::string& number, int total) {
        return {{"mchid", mchid},
                {"attach", "a"},
                {"amount", {{"total_amount", total}, {"currency", "CNY"}}},
                {"out_trade_no", number},
                {"description", "one"}};
    }
    static Json combination(const Json& changes = Json::object()) {
        Json body{{"combine_appid", AppHarness::kAppId},
                  {"combine_mchid", AppHarness::kMchId},
                  {"combine_out_trade_no", "C20240310000001"},
                  {"scene_info", {{"payer_client_ip", "14.17.22.32"}, {"device_id", "till 1"}}},
                  {"sub_orders",
                   {part("1900000109", "C1SUB0001", 10), part("1900000110", "C1SUB0002", 20)}},
                  {"notify_url", "http://127.0.0.1:9190/wxpay/combine"}};
        body.merge_patch(changes);
        return body;
    }
    void order(const Json& changes = Json::object()) {
        const auto answer = merchant.post(kNative, combination(changes));
        ASSERT_EQ(answer.status, 200) << answer.response.body;
    }
    Json pay(const std::string& id, const Json& how = Json::object()) {
        return sandbox.control("POST", "/_sandbox/v1/orders/" + id + "/pay", how).body;
    }
    std::string state_of(const std::string& id) {
        return sandbox.control("GET", "/_sandbox/v1/orders/" + id).body.value("state", "");
    }
    static Json closing() {
        return {{"combine_appid", AppHarness::kAppId},
                {"sub_orders",
                 {{{"mchid", "1900000109"}, {"out_trade_no", "C1SUB0001"}},
                  {{"mchid", "1900000110"}, {"out_trade_no", "C1SUB0002"}}}}};
    }
};

TEST_F(V3Combine, ALaterAttemptByAnotherPartIsTheOneThatCounts) {
    order();
    pay("1900000109:C1SUB0001", {{"outcome", "userpaying"}});
    sandbox.advance(std::chrono::seconds{5});
    pay("1900000110:C1SUB0002", {{"outcome", "cancel"}});
    pay("1900000110:C1SUB0002",
        {{"outcome", "userpaying"},
         {"coupons", {{{"id", "2000000044096177209"}, {"type", "CASH"}, {"fee", 3}}}}});
    sandbox.advance(std::chrono::seconds{9});
    EXPECT_EQ(state_of("1900000109:C1SUB0001"), "USERPAYING");
    sandbox.advance(std::chrono::seconds{1});
    EXPECT_EQ(state_of("1900000109:C1SUB0001"), "SUCCESS");
    const Json parts = merchant.get(kQuery).body.at("sub_orders");
    EXPECT_EQ(parts.at(0).at("amount").at("payer_amount"), 10);
    EXPECT_EQ(parts.at(1).at("amount").at("payer_amount"), 17) << parts;
    EXPECT_EQ(parts.at(1).at("promotion_detail").size(), 1U);
}

TEST_F(V3Combine, GivesEachProductItsOwnAnswer) {
    const Json user{{"combine_payer_info", {{"openid", AppHarness::kOpenId}}}};
    const auto jsapi = merchant.post(kJsapi, combination(user));
    EXPECT_EQ(jsapi.status, 200);
    EXPECT_TRUE(jsapi.is_signed);
    EXPECT_EQ(jsapi.body["prepay_id"].get<std::string>().size(), 36U);
    const auto numbered = [&](const char* number) {
        return Json{{"combine_out_trade_no", number},
                    {"sub_orders",
                     {part("1900000109", number + std::string("AAAAA"), 10),
                      part("1900000110", number + std::string("BBBBB"), 20)}}};
    };
    EXPECT_TRUE(merchant.post("/v3/combine-transactions/app", combination(numbered("2")))
                    .body.contains("prepay_id"));
    EXPECT_TRUE(merchant.post(kNative, combination(numbered("3"))).body.contains("code_url"));
    Json h5 = combination(numbered("4"));
    h5["scene_info"]["h5_info"] = {{"type", "Wap"}};
    EXPECT_TRUE(merchant.post("/v3/combine-transactions/h5", h5).body.contains("h5_url"));
}

TEST_F(V3Combine, AnswersAsTheSampleHasIt) {
    order({{"scene_info", {{"device_id", nullptr}}}});
    const auto answer = merchant.get(kQuery);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.is_signed);
    EXPECT_EQ(
        answer.response.body,
        R"({"combine_appid":"wx8888888888888888","combine_mchid":"1900000109",)"
        R"("combine_out_trade_no":"C20240310000001","sub_orders":[)"
        R"({"mchid":"1900000109","out_trade_no":"C1SUB0001","trade_state":"NOTPAY",)"
        R"("amount":{"total_amount":10,"currency":"CNY","payer_amount":10,"payer_currency":"CNY"}},)"
        R"({"mchid":"1900000110","out_trade_no":"C1SUB0002","trade_state":"NOTPAY",)"
        R"("amount":{"total_amount":20,"currency":"CNY","payer_amount":20,"payer_currency":"CNY"}}]})");
}

TEST_F(V3Combine, PaysAllPartsWhenOneIsPaidAndTellsOnce) {
    order();
    EXPECT_EQ(pay("1900000110:C1SUB0002")["state"], "SUCCESS");
    EXPECT_EQ(state_of("1900000109:C1SUB0001"), "SUCCESS");
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    EXPECT_EQ(sandbox.sender.sent[0].url, "http://127.0.0.1:9190/wxpay/combine");
    const Json told = open_callback(sandbox.sender.sent[0].request, sandbox);
    ASSERT_TRUE(told.is_object());
    EXPECT_EQ(told, merchant.get(kQuery).body);
    EXPECT_EQ(told["combine_payer_info"]["openid"], AppHarness::kOpenId);
    EXPECT_EQ(told["scene_info"]["device_id"], "till 1");
    ASSERT_EQ(told["sub_orders"].size(), 2U);
    EXPECT_EQ(told["sub_orders"][1]["success_time"], "2024-06-01T12:00:00+08:00");
    EXPECT_EQ(told["sub_orders"][1]["attach"], "a");
    EXPECT_NE(told["sub_orders"][0]["transaction_id"], told["sub_orders"][1]["transaction_id"]);
    const Json notification = sandbox.only_notification();
    EXPECT_EQ(notification["state"], "delivered");
    EXPECT_EQ(notification["out_trade_no"], "C20240310000001");
    const auto waited = sandbox.control(
        "GET", "/_sandbox/v1/wait?order=1900000110:C1SUB0002&until=notified&timeout=0s");
    EXPECT_EQ(waited.status, 200);
}

TEST_F(V3Combine, IsPaidByItsOwnNumberAndByItsPrepayId) {
    order();
    EXPECT_EQ(pay("1900000109:C20240310000001")["out_trade_no"], "C1SUB0001");
    EXPECT_EQ(state_of("1900000110:C1SUB0002"), "SUCCESS");
    Json other = combination({{"combine_out_trade_no", "C2"},
                              {"combine_payer_info", {{"openid", AppHarness::kOpenId}}}});
    other["sub_orders"] = {part("1900000109", "C2SUB0001", 1), part("1900000109", "C2SUB0002", 2)};
    const std::string prepay_id = merchant.post(kJsapi, other).body["prepay_id"];
    EXPECT_EQ(pay(prepay_id)["state"], "SUCCESS");
    EXPECT_EQ(state_of("1900000109:C2SUB0002"), "SUCCESS");
}

TEST_F(V3Combine, LetsTestUsersFailAllOrNothing) {
    order();
    EXPECT_EQ(pay("1900000109:C1SUB0001", {{"openid", "oNOTENOUGH1"}})["state"], "NOTPAY");
    EXPECT_EQ(state_of("1900000110:C1SUB0002"), "NOTPAY");
    EXPECT_EQ(pay("1900000109:C1SUB0001", {{"openid", "oSLOW1"}})["state"], "USERPAYING");
    EXPECT_EQ(state_of("1900000110:C1SUB0002"), "USERPAYING");
    sandbox.advance(std::chrono::minutes(1));
    EXPECT_EQ(state_of("1900000109:C1SUB0001"), "SUCCESS");
    EXPECT_EQ(state_of("1900000110:C1SUB0002"), "SUCCESS");
    EXPECT_EQ(sandbox.sender.sent.size(), 1U);
}

TEST_F(V3Combine, ClosesWithTheSameListOnly) {
    order();
    Json short_list = closing();
    short_list["sub_orders"].erase(1);
    const std::string path = std::string(kQuery) + "/close";
    EXPECT_EQ(merchant.post(path, short_list).code(), "PARAM_ERROR");
    const auto closed = merchant.post(path, closing());
    EXPECT_EQ(closed.status, 204);
    EXPECT_TRUE(closed.is_signed);
    EXPECT_EQ(state_of("1900000109:C1SUB0001"), "CLOSED");
    EXPECT_EQ(state_of("1900000110:C1SUB0002"), "CLOSED");
    EXPECT_EQ(merchant.post(path, closing()).status, 204);
    EXPECT_EQ(merchant.post(kNative, combination()).code(), "ORDER_CLOSED");
    EXPECT_EQ(merchant.post("/v3/combine-transactions/out-trade-no/UNKNOWN/close", closing())
                  .response.body,
              R"({"code":"ORDER_NOT_EXIST","message":"订单不存在"})");
}

TEST_F(V3Combine, ClosesAfterAWeekAsAWhole) {
    order();
    sandbox.advance(std::chrono::hours(24 * 7 + 1));
    EXPECT_EQ(state_of("1900000109:C1SUB0001"), "CLOSED");
    EXPECT_EQ(state_of("1900000110:C1SUB0002"), "CLOSED");
}

TEST_F(V3Combine, KeepsItsPartsFromThePlainPaths) {
    order();
    const auto queried =
        merchant.get("/v3/pay/transactions/out-trade-no/C1SUB0001?mchid=1900000109");
    EXPECT_EQ(queried.code(), "ORDER_NOT_EXIST");
    EXPECT_EQ(queried.number(), "268512771");
    const auto closed = merchant.post("/v3/pay/transactions/out-trade-no/C1SUB0001/close",
                                      {{"mchid", AppHarness::kMchId}});
    EXPECT_EQ(closed.response.body, R"({"code":"ORDER_NOT_EXIST","message":"订单不存在"})");
    EXPECT_EQ(closed.number(), "268512771");
    EXPECT_EQ(state_of("1900000109:C1SUB0001"), "NOTPAY");
    EXPECT_EQ(merchant.post("/v3/pay/transactions/jsapi", V3Caller::order("C1SUB0001")).code(),
              "OUT_TRADE_NO_USED");
}

TEST_F(V3Combine, KeepsItsPartsFromTheQueryOfV2) {
    order();
    const auto query = [&](const test::Fields& fields) {
        return sandbox.v2("/pay/orderquery", fields).at("err_code");
    };
    EXPECT_EQ(query({{"out_trade_no", "C1SUB0001"}}), "ORDERNOTEXIST");
    EXPECT_NE(sandbox.hint.find("/v3/combine-transactions/"), std::string::npos) << sandbox.hint;
    pay("1900000109:C1SUB0001");
    const std::string id = merchant.get(kQuery).body["sub_orders"][0]["transaction_id"];
    EXPECT_EQ(query({{"transaction_id", id}}), "ORDERNOTEXIST");
}

TEST_F(V3Combine, RefusesAUserOrAnAddressThatCannotBe) {
    const std::string openid = "oSubOpenidSample000000000002";
    auto issued = sandbox.store->begin();
    issued->add_openid(AppId::parse(AppHarness::kAppId).value(), openid);
    issued->commit();
    issued.reset();
    const auto refused = [&](const Json& changes) {
        return merchant.post(kJsapi, combination(changes)).code();
    };
    Json user{{"combine_payer_info", {{"openid", AppHarness::kOpenId}, {"sub_openid", openid}}}};
    user["sub_orders"] = {part("1900000109", "C1SUB0001", 10), part("1900000110", "C1SUB0002", 2)};
    user["sub_orders"][1]["sub_appid"] = "wx1111111111111111";
    EXPECT_EQ(refused(user), "OPENID_MISMATCH");
    user["sub_orders"][1]["sub_appid"] = AppHarness::kAppId;
    EXPECT_EQ(refused(user), "");
    user["scene_info"]["payer_client_ip"] = "localhost";
    EXPECT_EQ(refused(user), "PARAM_ERROR");
}

TEST_F(V3Combine, RefundsAPartByItsTransactionIdThroughV2) {
    order();
    pay("1900000109:C1SUB0001");
    const std::string id = merchant.get(kQuery).body["sub_orders"][0]["transaction_id"];
    const auto refunded = sandbox.v2("/secapi/pay/refund", {{"transaction_id", id},
                                                            {"out_refund_no", "R1"},
                                                            {"total_fee", "10"},
                                                            {"refund_fee", "10"}});
    EXPECT_EQ(refunded.at("result_code"), "SUCCESS");
    const Json parts = merchant.get(kQuery).body["sub_orders"];
    EXPECT_EQ(parts[0]["trade_state"], "REFUND");
    EXPECT_EQ(parts[1]["trade_state"], "SUCCESS");
}

TEST_F(V3Combine, RepeatsWhatIsTheSame) {
    const auto first = merchant.post(kNative, combination());
    EXPECT_EQ(merchant.post(kNative, combination()).response.body, first.response.body);
    const auto differs = merchant.post(kNative, combination({{"notify_url", "http://127.0.0.1/"}}));
    EXPECT_EQ(differs.response.body,
              R"({"code":"INVALID_REQUEST","message":"请求重入时，参数与首次请求时不一致"})");
    EXPECT_EQ(differs.number(), "268498688");
    Json settled = combination();
    settled["sub_orders"][0]["settle_info"] = {{"profit_sharing", true}};
    EXPECT_EQ(merchant.post(kNative, settled).response.body,
              R"({"code":"INVALID_REQUEST","message":"重复下单且结算信息不一致"})");
    EXPECT_EQ(merchant.post("/v3/combine-transactions/app", combination()).code(),
              "OUT_TRADE_NO_USED");
    pay("1900000109:C1SUB0001");
    EXPECT_EQ(merchant.post(kNative, combination()).response.body,
              R"({"code":"ORDERPAID","message":"该订单已支付"})");
}

TEST_F(V3Combine, RefusesAndKeepsNothing) {
    Json unknown = combination();
    unknown["sub_orders"][1]["mchid"] = "1999999999";
    const auto no_merchant = merchant.post(kNative, unknown);
    EXPECT_EQ(no_merchant.response.body, R"({"code":"MCH_NOT_EXISTS","message":"商户号不存在"})");
    EXPECT_EQ(no_merchant.number(), "268443715");
    Json alone = combination();
    alone["sub_orders"].erase(1);
    EXPECT_EQ(merchant.post(kNative, alone).response.body,
              R"({"code":"PARAM_ERROR","message":"参数错误"})");
    Json no_object = combination();
    no_object["sub_orders"][1] = 7;
    EXPECT_EQ(merchant.post(kNative, no_object).code(), "PARAM_ERROR");
    EXPECT_EQ(merchant.post("/v3/pay/transactions/jsapi", V3Caller::order("C1SUB0002")).status,
              200);
    Json taken = combination();
    taken["sub_orders"][1]["mchid"] = "1900000109";
    EXPECT_EQ(merchant.post(kNative, taken).response.body,
              R"({"code":"OUT_TRADE_NO_USED","message":"商户订单号重复"})");
    EXPECT_EQ(state_of("1900000109:C1SUB0001"), "");
    EXPECT_EQ(merchant.get(kQuery).code(), "ORDER_NOT_EXIST");
    EXPECT_EQ(merchant.post(kNative, combination({{"combine_mchid", "1900000110"}})).message(),
              "http header中的mchid与post payload中的mchid不匹配");
}

}  // namespace
}  // namespace wxpay
