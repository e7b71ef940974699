// Profit sharing through API V3: receivers, requests, what is left, unfreezing, returns.
#include <string>

#include <gtest/gtest.h>

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using test::AppHarness;
using test::V3Caller;
using Json = nlohmann::json;

constexpr const char* kOrders = "/v3/profitsharing/orders";
constexpr const char* kUnfreeze = "/v3/profitsharing/orders/unfreeze";
constexpr const char* kReturns = "/v3/profitsharing/return-orders";

class V3ProfitSharing : public testing::Test {
  protected:
    AppHarness sandbox;
    V3Caller merchant{sandbox};
    std::string id;  ///< the transaction_id of an order of 1000 fen, paid a minute ago

    void SetUp() override {
        id = paid("SHARED01", {{"settle_info", {{"profit_sharing", true}}}});
        sandbox.advance(std::chrono::minutes(1));
        ASSERT_EQ(merchant
                      .post("/v3/profitsharing/receivers/add", {{"appid", AppHarness::kAppId},
                                                                {"type", "MERCHANT_ID"},
                                                                {"account", "1900000110"},
                                                                {"relation_type", "STORE"}})
                      .response.body,
                  R"({"type":"MERCHANT_ID","account":"1900000110","relation_type":"STORE"})");
    }
    std::string paid(const std::string& number, const Json& changes) {
        Json order = V3Caller::order(number, changes);
        order["amount"]["total"] = 1000;
        EXPECT_EQ(merchant.post("/v3/pay/transactions/jsapi", order).status, 200);
        return sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay", {})
            .body.value("transaction_id", "");
    }
    Json request(const Json& changes = Json::object(), int amount = 10) const {
        Json body{{"appid", AppHarness::kAppId},
                  {"transaction_id", id},
                  {"out_order_no", "S1"},
                  {"receivers",
                   {{{"type", "MERCHANT_ID"},
                     {"account", "1900000110"},
                     {"amount", amount},
                     {"description", "share"}}}},
                  {"unfreeze_unsplit", false}};
        body.merge_patch(changes);
        return body;
    }
    std::int64_t unsplit() {
        return merchant.get("/v3/profitsharing/transactions/" + id + "/amounts")
            .body.value("unsplit_amount", -1);
    }
    Json query(const std::string& number) {
        return merchant.get(std::string(kOrders) + "/" + number + "?transaction_id=" + id).body;
    }
};

TEST_F(V3ProfitSharing, IsInProcessFirstAndThenFinished) {
    const auto answer = merchant.post(kOrders, request());
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.is_signed);
    EXPECT_EQ(answer.response.body.find(R"({"transaction_id":")" + id +
                                        R"(","out_order_no":"S1","order_id":"30)"),
              0U)
        << answer.response.body;
    EXPECT_EQ(answer.body["state"], "PROCESSING");
    EXPECT_EQ(answer.body["receivers"][0]["result"], "PENDING");
    EXPECT_EQ(answer.body["receivers"][0]["finish_time"], "1970-01-01T08:00:00+08:00");
    EXPECT_EQ(unsplit(), 990);
    sandbox.run_due();
    const Json finished = query("S1");
    EXPECT_EQ(finished["state"], "FINISHED");
    EXPECT_EQ(finished["receivers"][0]["result"], "SUCCESS");
    EXPECT_EQ(finished["receivers"][0]["finish_time"], "2024-06-01T12:01:00+08:00");
    EXPECT_FALSE(finished.contains("creation"));
    EXPECT_EQ(merchant.post(kOrders, request()).body, finished);
    EXPECT_EQ(unsplit(), 990);
}

TEST_F(V3ProfitSharing, FinishesWithoutSuccessForAReceiverWhoCannotGetIt) {
    ASSERT_EQ(merchant
                  .post("/v3/profitsharing/receivers/add", {{"appid", AppHarness::kAppId},
                                                            {"type", "PERSONAL_OPENID"},
                                                            {"account", "oPAYERROR1"},
                                                            {"relation_type", "STAFF"}})
                  .status,
              200);
    Json body = request();
    body["receivers"][0]["type"] = "PERSONAL_OPENID";
    body["receivers"][0]["account"] = "oPAYERROR1";
    EXPECT_EQ(merchant.post(kOrders, body).status, 200);
    EXPECT_EQ(unsplit(), 990);
    sandbox.run_due();
    EXPECT_EQ(query("S1")["state"], "FINISHED");
    EXPECT_EQ(query("S1")["receivers"][0]["result"], "CLOSED");
    EXPECT_EQ(unsplit(), 1000);
}

TEST_F(V3ProfitSharing, TakesNoMoreThanTheAccountHolds) {
    const Json transfer{{"appid", AppHarness::kAppId},
                        {"out_bill_no", "DRAIN1"},
                        {"transfer_scene_id", "1000"},
                        {"openid", AppHarness::kOpenId},
                        {"transfer_amount", 100'000'000 + 1000 - 299},
                        {"transfer_remark", "demo"},
                        {"transfer_scene_report_infos",
                         {{{"info_type", "活动名称"}, {"info_content", "新会员有礼"}},
                          {{"info_type", "奖励说明"}, {"info_content", "注册会员抽奖"}}}}};
    ASSERT_EQ(merchant.post("/v3/fund-app/mch-transfer/transfer-bills", transfer).status, 200);
    const auto refused = merchant.post(kOrders, request(Json::object(), 300));
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.response.body, R"({"code":"NOT_ENOUGH","message":"分账金额不足"})");
    EXPECT_EQ(unsplit(), 1000);
    EXPECT_EQ(merchant.post(kOrders, request(Json::object(), 299)).status, 200);
}

TEST_F(V3ProfitSharing, UnfreezesTheRestOnce) {
    const Json body{{"transaction_id", id}, {"out_order_no", "U1"}, {"description", "done"}};
    const auto answer = merchant.post(kUnfreeze, body);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body["receivers"][0]["amount"], 1000);
    EXPECT_EQ(unsplit(), 0);
    EXPECT_EQ(merchant.post(kUnfreeze, body).status, 200);
    const auto late = merchant.post(kOrders, request());
    EXPECT_EQ(late.status, 403);
    EXPECT_EQ(late.response.body, R"({"code":"NOT_ENOUGH","message":"分账金额不足"})");
}

TEST_F(V3ProfitSharing, UnfreezesByItselfAfterThirtyDays) {
    EXPECT_EQ(unsplit(), 1000);
    sandbox.advance(std::chrono::hours(24 * 30));
    EXPECT_EQ(unsplit(), 0);
}

TEST_F(V3ProfitSharing, TakesReturnsFromMerchants) {
    ASSERT_EQ(merchant.post(kOrders, request()).status, 200);
    sandbox.run_due();
    Json body{{"out_order_no", "S1"},
              {"out_return_no", "B1"},
              {"return_mchid", "1900000110"},
              {"amount", 6},
              {"description", "back"}};
    const auto answer = merchant.post(kReturns, body);
    EXPECT_EQ(answer.status, 200) << answer.response.body;
    EXPECT_EQ(answer.body["result"], "SUCCESS");
    EXPECT_EQ(merchant.post(kReturns, body).response.body, answer.response.body);
    EXPECT_EQ(merchant.get(std::string(kReturns) + "/B1?out_order_no=S1").response.body,
              answer.response.body);
    EXPECT_FALSE(query("S1").contains("returned"));
    body["out_return_no"] = "B2";
    EXPECT_EQ(merchant.post(kReturns, body).response.body,
              R"({"code":"INVALID_REQUEST","message":"回退金额超过可回退金额"})");
    body["return_mchid"] = "1900000111";
    EXPECT_EQ(merchant.post(kReturns, body).code(), "INVALID_REQUEST");
    EXPECT_EQ(merchant.get(std::string(kReturns) + "/B2?out_order_no=S1").code(),
              "RESOURCE_NOT_EXISTS");
}

TEST_F(V3ProfitSharing, RefusesInTheWordsOfTheGuide) {
    const auto message = [&](const Json& body) { return merchant.post(kOrders, body).message(); };
    const std::string plain = paid("PLAIN001", Json::object());
    EXPECT_EQ(message(request({{"transaction_id", plain}})), "非分账订单不支持分账");
    const std::string young = paid("YOUNG001", {{"settle_info", {{"profit_sharing", true}}}});
    EXPECT_EQ(message(request({{"transaction_id", young}})), "订单处理中，请稍后重试");
    EXPECT_EQ(message(request(Json::object(), 301)), "分账金额超出最大分账比例");
    EXPECT_EQ(message(request(Json::object(), 1001)), "分账金额不足");
    Json stranger = request();
    stranger["receivers"][0]["account"] = "1900000111";
    EXPECT_EQ(message(stranger), "分账接收方关系不存在");
    ASSERT_EQ(merchant.post(kOrders, request(Json::object(), 300)).status, 200);
    EXPECT_EQ(message(request(Json::object(), 299)), "分账接收方与原请求不一致");
    EXPECT_EQ(message(request({{"unfreeze_unsplit", true}}, 300)),
              "请求重入时，参数与首次请求时不一致");
    EXPECT_EQ(message(request({{"out_order_no", "S2"}}, 1)), "分账金额超出最大分账比例");
    EXPECT_EQ(message(request({{"transaction_id", "4200000000000000000000000000"}})), "资源不存在");
    V3Caller other(sandbox, "1900000110");
    EXPECT_EQ(other.get("/v3/profitsharing/transactions/" + id + "/amounts").response.body,
              R"({"code":"NO_AUTH","message":"无分账权限"})");
}

TEST_F(V3ProfitSharing, ForgetsAReceiverThatIsDeleted) {
    const auto answer = merchant.post(
        "/v3/profitsharing/receivers/delete",
        {{"appid", AppHarness::kAppId}, {"type", "MERCHANT_ID"}, {"account", "1900000110"}});
    EXPECT_EQ(answer.response.body, R"({"type":"MERCHANT_ID","account":"1900000110"})");
    EXPECT_EQ(merchant.post(kOrders, request()).message(), "分账接收方关系不存在");
}

TEST_F(V3ProfitSharing, TellsTheRatioAndHasNoBills) {
    V3Caller provider(sandbox, "1900000111");
    EXPECT_EQ(provider.get("/v3/profitsharing/merchant-configs/1900000200").response.body,
              R"({"sub_mchid":"1900000200","max_ratio":3000})");
    EXPECT_EQ(provider.get("/v3/profitsharing/merchant-configs/1900000109").code(), "NO_AUTH");
    EXPECT_EQ(merchant.get("/v3/profitsharing/bills?bill_date=2024-05-31").code(),
              "NO_STATEMENT_EXIST");
}

}  // namespace
}  // namespace wxpay
