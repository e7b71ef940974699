// Batch transfers through API V3: accepted, finished, what does not arrive, what is refused.
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "core/codec/base64.hpp"

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using test::AppHarness;
using test::V3Answer;
using test::V3Caller;
using Json = nlohmann::json;

constexpr const char* kBatches = "/v3/transfer/batches";
constexpr const char* kBatch = "/v3/transfer/batches/out-batch-no/";
constexpr std::int64_t kTopUp = 100'000'000;

class V3TransferBatches : public testing::Test {
  protected:
    AppHarness sandbox;
    V3Caller merchant{sandbox};

    static Json detail(const std::string& out_detail_no, std::int64_t amount,
                       const std::string& openid = AppHarness::kOpenId) {
        return {{"out_detail_no", out_detail_no},
                {"transfer_amount", amount},
                {"transfer_remark", "2024年6月"},
                {"openid", openid}};
    }
    /// Three details of 100, 200 and 300 fen, of which the second never arrives.
    static Json batch(const Json& changes = Json::object()) {
        Json body{{"appid", AppHarness::kAppId},
                  {"out_batch_no", "BATCH20240601"},
                  {"batch_name", "六月"},
                  {"batch_remark", "六月的奖金"},
                  {"total_amount", 600},
                  {"total_num", 3},
                  {"transfer_detail_list",
                   {detail("D1", 100), detail("D2", 200, "oPAYERROR1"), detail("D3", 300)}},
                  {"notify_url", "http://127.0.0.1:9190/wxpay/transfer"}};
        body.merge_patch(changes);
        return body;
    }
    V3Answer make(const Json& changes = Json::object()) {
        return merchant.post(kBatches, batch(changes));
    }
    V3Answer show(const std::string& query, const std::string& number = "BATCH20240601") {
        return merchant.get(kBatch + number + "?" + query);
    }
    /// The out_detail_no of those that a query answers, one behind the other.
    std::string listed(const std::string& query) {
        const V3Answer answer = show("need_query_detail=true&" + query);
        EXPECT_EQ(answer.status, 200) << answer.response.body;
        std::string out;
        for (const Json& each : answer.body["transfer_detail_list"])
            out += each["out_detail_no"].get<std::string>();
        return out;
    }
    std::int64_t balance() {
        return sandbox.store->begin()
            ->balance(MchId::parse(AppHarness::kMchId).value())
            .value_or(Fen{kTopUp})
            .count();
    }
    /// What refuses a batch that differs from the good one so; nothing has been paid for it.
    void expect_refused(const Json& changes, int status, const std::string& body,
                        const std::string& number) {
        const V3Answer answer = make(changes);
        EXPECT_EQ(answer.status, status);
        EXPECT_EQ(answer.response.body, body);
        EXPECT_EQ(answer.number(), number);
        EXPECT_TRUE(answer.is_signed);
        EXPECT_EQ(balance(), kTopUp);
    }
};

constexpr const char* kOther = "268435456";

TEST_F(V3TransferBatches, IsAcceptedAndFinishedRightAfter) {
    const V3Answer answer = make();
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.is_signed);
    const std::string id = answer.body.value("batch_id", "");
    EXPECT_EQ(id.size(), 40U);
    EXPECT_EQ(answer.response.body, R"({"out_batch_no":"BATCH20240601","batch_id":")" + id +
                                        R"(","create_time":"2024-06-01T12:00:00+08:00",)" +
                                        R"("batch_status":"ACCEPTED"})");
    EXPECT_EQ(balance(), kTopUp - 600);
    EXPECT_EQ(show("need_query_detail=false").body["transfer_batch"]["batch_status"], "ACCEPTED");
    EXPECT_EQ(listed("detail_status=SUCCESS"), "");

    sandbox.run_due();
    const V3Answer finished = show("need_query_detail=false");
    EXPECT_TRUE(finished.is_signed);
    EXPECT_EQ(finished.response.body,
              R"({"transfer_batch":{"mchid":"1900000109","out_batch_no":"BATCH20240601",)"
              R"("batch_id":")" +
                  id +
                  R"(","appid":"wx8888888888888888","batch_status":"FINISHED",)"
                  R"("batch_type":"API","batch_name":"六月","batch_remark":"六月的奖金",)"
                  R"("total_amount":600,"total_num":3,"create_time":"2024-06-01T12:00:00+08:00",)"
                  R"("update_time":"2024-06-01T12:00:00+08:00","success_amount":400,)"
                  R"("success_num":2,"fail_amount":200,"fail_num":1}})");
}

TEST_F(V3TransferBatches, ReturnsTheMoneyOfDetailsThatFail) {
    make();
    sandbox.run_due();
    EXPECT_EQ(balance(), kTopUp - 400);
    const Json details = show("need_query_detail=true").body["transfer_detail_list"];
    ASSERT_EQ(details.size(), 3U);
    EXPECT_EQ(details[0]["detail_status"], "SUCCESS");
    EXPECT_EQ(details[1]["detail_status"], "FAIL");
    EXPECT_EQ(details[1]["out_detail_no"], "D2");
    EXPECT_EQ(details[1]["detail_id"].get<std::string>().size(), 40U);
    EXPECT_NE(details[1]["detail_id"], details[2]["detail_id"]);
}

TEST_F(V3TransferBatches, TellsTheMerchantWhenItIsFinished) {
    make();
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    const auto& request = sandbox.sender.sent[0].request;
    const Json envelope = Json::parse(request.body);
    EXPECT_EQ(envelope["event_type"], "MCHTRANSFER.BATCH.FINISHED");
    EXPECT_EQ(envelope["resource"]["original_type"], "mchtransfer_batch");
    const Json plain = open_callback(request, sandbox);
    EXPECT_EQ(plain["out_batch_no"], "BATCH20240601");
    EXPECT_EQ(plain["batch_status"], "FINISHED");
    EXPECT_EQ(plain["total_num"], 3);
    EXPECT_EQ(plain["success_amount"], 400);
    EXPECT_EQ(plain["fail_num"], 1);
    EXPECT_EQ(sandbox.only_notification()["kind"], "transfer");
}

TEST_F(V3TransferBatches, TellsNobodyWithoutAnAddress) {
    EXPECT_EQ(make({{"notify_url", nullptr}}).status, 200);
    sandbox.run_due();
    EXPECT_TRUE(sandbox.sender.sent.empty());
    EXPECT_EQ(show("need_query_detail=false").body["transfer_batch"]["batch_status"], "FINISHED");
}

TEST_F(V3TransferBatches, IsTheSameWhenItIsRepeated) {
    const Json first = make().body;
    EXPECT_EQ(make().body, first);
    sandbox.run_due();
    EXPECT_EQ(make().body["batch_id"], first["batch_id"]);
    EXPECT_EQ(make().body["batch_status"], "FINISHED");
    EXPECT_EQ(balance(), kTopUp - 400);
    const V3Answer differs = make({{"batch_name", "七月"}});
    EXPECT_EQ(differs.status, 400);
    EXPECT_EQ(differs.response.body,
              R"({"code":"INVALID_REQUEST","message":"请求重入时，参数与首次请求时不一致"})");
    EXPECT_EQ(differs.number(), "268498688");
}

TEST_F(V3TransferBatches, ComparesNamesInPlainText) {
    const auto& key = sandbox.platform.public_key();
    merchant.platform_serial = key.serial;
    const auto make_for = [&](const std::string& name) {
        const std::string cipher = *key.key.public_key().encrypt_oaep(name);
        Json one = detail("D1", 600);
        one["user_name"] = base64_encode(
            std::span(reinterpret_cast<const unsigned char*>(cipher.data()), cipher.size()));
        return make({{"total_num", 1}, {"transfer_detail_list", Json::array({one})}});
    };
    EXPECT_EQ(make_for("错误").status, 200);
    EXPECT_EQ(make_for("错误").status, 200);
    EXPECT_EQ(make_for("张三").code(), "INVALID_REQUEST");
    sandbox.run_due();
    EXPECT_EQ(listed("detail_status=FAIL"), "D1");
    EXPECT_EQ(balance(), kTopUp);
}

TEST_F(V3TransferBatches, IsReadInPages) {
    Json details = Json::array();
    for (int i = 10; i < 40; ++i)
        details.push_back(detail("D" + std::to_string(i), 1, i % 10 == 0 ? "oPAYERROR1" : "oU1"));
    const Json changes{{"total_amount", 30}, {"total_num", 30}, {"transfer_detail_list", details}};
    EXPECT_EQ(make(changes).status, 200);
    sandbox.run_due();
    EXPECT_EQ(show("need_query_detail=true").body["transfer_detail_list"].size(), 20U);
    EXPECT_EQ(listed("detail_status=ALL&limit=25&offset=28"), "D38D39");
    EXPECT_EQ(listed("offset=30"), "");
    EXPECT_EQ(listed("detail_status=FAIL"), "D10D20D30");
    EXPECT_EQ(listed("detail_status=FAIL&offset=1"), "D20D30");
    EXPECT_EQ(listed("detail_status=WAIT_PAY"), "");
    EXPECT_FALSE(show("need_query_detail=false&limit=20").body.contains("transfer_detail_list"));
    EXPECT_EQ(show("need_query_detail=true&limit=19").code(), "PARAM_ERROR");
    EXPECT_EQ(show("need_query_detail=true&limit=101").number(), "268435464");
    EXPECT_EQ(show("need_query_detail=perhaps").code(), "PARAM_ERROR");
}

TEST_F(V3TransferBatches, RefusesAListThatIsNotWhatTheTotalsSay) {
    const std::string amount =
        R"({"code":"INVALID_REQUEST","message":"转账总金额与明细金额之和不一致"})";
    expect_refused({{"total_amount", 601}}, 400, amount, kOther);
    expect_refused({{"total_amount", 599}}, 400, amount, kOther);
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    expect_refused(
        {{"total_num", 2}, {"transfer_detail_list", {detail("D1", kMost), detail("D2", kMost)}}},
        400, amount, kOther);
    const std::string count =
        R"({"code":"INVALID_REQUEST","message":"转账总笔数与明细笔数不一致"})";
    expect_refused({{"total_num", 2}}, 400, count, kOther);
    expect_refused({{"transfer_detail_list", Json::array()}}, 400, count, kOther);
    expect_refused(
        {{"total_num", 2}, {"transfer_detail_list", {detail("D1", 300), detail("D1", 300)}}}, 400,
        R"({"code":"INVALID_REQUEST","message":"商家明细单号重复"})", kOther);
}

TEST_F(V3TransferBatches, Refuses) {
    expect_refused({{"total_amount", kTopUp + 1},
                    {"total_num", 1},
                    {"transfer_detail_list", Json::array({detail("D1", kTopUp + 1)})}},
                   403, R"({"code":"NOT_ENOUGH","message":"基本账户余额不足，请充值后重新发起"})",
                   kOther);
    EXPECT_EQ(make({{"total_num", 1001}}).number(), "268435464");
    EXPECT_EQ(make({{"out_batch_no", "BATCH_1"}}).code(), "PARAM_ERROR");
    EXPECT_EQ(make({{"appid", "wx0000000000000000"}}).code(), "APPID_MCHID_NOT_MATCH");
    V3Caller other(sandbox, "1900000110");
    const V3Answer forbidden = other.post(kBatches, batch());
    EXPECT_EQ(forbidden.status, 403);
    EXPECT_EQ(forbidden.code(), "NO_AUTH");
    const V3Answer unknown = show("need_query_detail=false", "UNKNOWN");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.response.body, R"({"code":"NOT_FOUND","message":"记录不存在"})");
    EXPECT_EQ(unknown.number(), kOther);
    EXPECT_TRUE(sandbox.sender.sent.empty());
}

}  // namespace
}  // namespace wxpay
