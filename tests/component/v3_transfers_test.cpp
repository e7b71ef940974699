// Transfers to users through API V3: made, accepted in WeChat, cancelled, overdue.
#include <string>

#include <gtest/gtest.h>

#include "core/codec/base64.hpp"

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using test::AppHarness;
using test::V3Caller;
using Json = nlohmann::json;

constexpr const char* kBills = "/v3/fund-app/mch-transfer/transfer-bills";
constexpr const char* kBill = "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/TR20240310001";

class V3Transfers : public testing::Test {
  protected:
    AppHarness sandbox;
    V3Caller merchant{sandbox};

    static Json bill(const Json& changes = Json::object()) {
        Json body{{"appid", AppHarness::kAppId},
                  {"out_bill_no", "TR20240310001"},
                  {"transfer_scene_id", "1000"},
                  {"openid", AppHarness::kOpenId},
                  {"transfer_amount", 100},
                  {"transfer_remark", "demo"},
                  {"notify_url", "http://127.0.0.1:9190/wxpay/transfer"},
                  {"transfer_scene_report_infos",
                   {{{"info_type", "活动名称"}, {"info_content", "新会员有礼"}},
                    {{"info_type", "奖励说明"}, {"info_content", "注册会员抽奖"}}}}};
        body.merge_patch(changes);
        return body;
    }
    void make(const Json& changes = Json::object()) {
        const auto answer = merchant.post(kBills, bill(changes));
        ASSERT_EQ(answer.status, 200) << answer.response.body;
    }
    AppHarness::Controlled confirm(const std::string& outcome) {
        return sandbox.control("POST", "/_sandbox/v1/transfers/1900000109:TR20240310001/confirm",
                               {{"outcome", outcome}});
    }
    Json show() { return merchant.get(kBill).body; }
    Fen balance() {
        return sandbox.store->begin()
            ->balance(MchId::parse(AppHarness::kMchId).value())
            .value_or(Fen{100'000'000});
    }
    Json told() {
        sandbox.run_due();
        return sandbox.sender.sent.size() == 1
                   ? open_callback(sandbox.sender.sent[0].request, sandbox)
                   : Json();
    }
};

TEST_F(V3Transfers, WaitsForItsUser) {
    const auto answer = merchant.post(kBills, bill());
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.is_signed);
    EXPECT_EQ(
        answer.response.body.find(R"({"out_bill_no":"TR20240310001","transfer_bill_no":"1330000)"),
        0U);
    EXPECT_EQ(answer.body["transfer_bill_no"].get<std::string>().size(), 40U);
    EXPECT_EQ(answer.body["create_time"], "2024-06-01T12:00:00+08:00");
    EXPECT_EQ(answer.body["state"], "WAIT_USER_CONFIRM");
    EXPECT_FALSE(answer.body["package_info"].get<std::string>().empty());
    EXPECT_EQ(balance().count(), 100'000'000 - 100);
    EXPECT_EQ(merchant.post(kBills, bill()).response.body, answer.response.body);
    EXPECT_EQ(balance().count(), 100'000'000 - 100);
}

TEST_F(V3Transfers, IsAnsweredByBothNumbers) {
    make();
    const auto by_number = merchant.get(kBill);
    EXPECT_TRUE(by_number.is_signed);
    EXPECT_EQ(by_number.body["transfer_amount"], 100);
    EXPECT_EQ(by_number.body["mch_id"], "1900000109");
    const std::string id = by_number.body["transfer_bill_no"];
    EXPECT_EQ(merchant.get(std::string(kBills) + "/transfer-bill-no/" + id).response.body,
              by_number.response.body);
    const auto unknown = merchant.get(std::string(kBills) + "/out-bill-no/UNKNOWN");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.response.body, R"({"code":"NOT_FOUND","message":"记录不存在"})");
}

TEST_F(V3Transfers, ArrivesWhenTheUserAcceptsIt) {
    make();
    const auto confirmed = confirm("success");
    EXPECT_EQ(confirmed.status, 200);
    EXPECT_EQ(confirmed.body["state"], "SUCCESS");
    EXPECT_EQ(show()["state"], "SUCCESS");
    const Json plain = told();
    EXPECT_EQ(Json::parse(sandbox.sender.sent.at(0).request.body)["event_type"],
              "MCHTRANSFER.BILL.FINISHED");
    EXPECT_EQ(plain["state"], "SUCCESS");
    EXPECT_EQ(plain["out_bill_no"], "TR20240310001");
    EXPECT_EQ(plain["transfer_amount"], 100);
    EXPECT_EQ(sandbox.only_notification()["kind"], "transfer");
    EXPECT_EQ(confirm("fail").status, 409);
    EXPECT_EQ(merchant.post(std::string(kBill) + "/cancel", Json::object()).code(),
              "INVALID_REQUEST");
}

TEST_F(V3Transfers, ReturnsTheMoneyOfWhatFails) {
    make();
    EXPECT_EQ(confirm("cancel").body["state"], "WAIT_USER_CONFIRM");
    EXPECT_EQ(confirm("fail").body["state"], "FAIL");
    EXPECT_EQ(balance().count(), 100'000'000);
    EXPECT_EQ(told()["fail_reason"], "PAYEE_ACCOUNT_ABNORMAL");
}

TEST_F(V3Transfers, EndsAfterADayWithoutAWord) {
    make();
    sandbox.advance(std::chrono::hours(24));
    EXPECT_EQ(show()["state"], "FAIL");
    EXPECT_EQ(show()["fail_reason"], "OVERDUE_CLOSE");
    EXPECT_EQ(balance().count(), 100'000'000);
    EXPECT_EQ(told()["state"], "FAIL");
}

TEST_F(V3Transfers, IsSlowForASlowUser) {
    make({{"openid", "oSLOW1"}});
    EXPECT_EQ(confirm("success").body["state"], "TRANSFERING");
    sandbox.advance(std::chrono::seconds(10));
    EXPECT_EQ(show()["state"], "SUCCESS");
}

TEST_F(V3Transfers, IsCancelledWhileItWaits) {
    make();
    const std::string path = std::string(kBill) + "/cancel";
    const auto answer = merchant.send(merchant.request("POST", path));
    EXPECT_EQ(answer.status, 200) << answer.response.body;
    EXPECT_EQ(answer.body["state"], "CANCELING");
    EXPECT_EQ(told()["state"], "CANCELLED");
    EXPECT_EQ(balance().count(), 100'000'000);
    EXPECT_EQ(merchant.send(merchant.request("POST", path)).body["state"], "CANCELLED");
    EXPECT_EQ(confirm("success").status, 409);
}

TEST_F(V3Transfers, KeepsANameEncrypted) {
    const auto& key = sandbox.platform.public_key();
    merchant.platform_serial = key.serial;
    const std::string name = *key.key.public_key().encrypt_oaep("张三");
    make({{"user_name", base64_encode(std::span(reinterpret_cast<const unsigned char*>(name.data()),
                                                name.size()))},
          {"transfer_amount", 200'000}});
    const auto cipher = base64_decode(show()["user_name"].get<std::string>());
    ASSERT_TRUE(cipher);
    EXPECT_EQ(merchant.key.decrypt_oaep(*cipher), "张三");
}

TEST_F(V3Transfers, Refuses) {
    make();
    const auto differs = merchant.post(kBills, bill({{"transfer_amount", 101}}));
    EXPECT_EQ(differs.response.body,
              R"({"code":"INVALID_REQUEST","message":"请求重入时，参数与首次请求时不一致"})");
    const auto poor =
        merchant.post(kBills, bill({{"out_bill_no", "TR2"}, {"transfer_amount", 100'000'000}}));
    EXPECT_EQ(poor.status, 403);
    EXPECT_EQ(poor.response.body,
              R"({"code":"NOT_ENOUGH","message":"基本账户余额不足，请充值后重新发起"})");
    EXPECT_EQ(merchant.post(kBills, bill({{"out_bill_no", "TR_2"}})).code(), "PARAM_ERROR");
    EXPECT_EQ(merchant.post(kBills, bill({{"transfer_remark", std::string(33, 'x')}})).code(),
              "PARAM_ERROR");
    V3Caller other(sandbox, "1900000110");
    EXPECT_EQ(other.post(kBills, bill()).code(), "NO_AUTH");
    EXPECT_EQ(
        sandbox.control("POST", "/_sandbox/v1/transfers/1900000109:NONE/confirm", Json::object())
            .status,
        404);
    EXPECT_EQ(confirm("maybe").status, 400);
}

}  // namespace
}  // namespace wxpay
