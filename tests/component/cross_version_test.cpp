// events.md 3, "Cross-version rules": one ledger, two faces. A row each, named for it. Rows that
// stand elsewhere: refund and refund query by the other version, and the refund's notification in
// the asker's version, are V3Refunds.OfAV2OrderSpeakV3, .ByV2OfAV3OrderSpeakV2 and
// .HaveTheirStatesInBothVersionsWords; one row set of bills is V3Bills.HaveTheRowsOfBothVersions.
#include <string>

#include <gtest/gtest.h>

#include "core/codec/beijing_time.hpp"
#include "core/v2/notification.hpp"
#include "core/v2/pay_sign.hpp"
#include "core/v3/pay_sign.hpp"

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using namespace std::chrono_literals;

using test::AppHarness;
using test::Fields;
using test::V3Answer;
using test::V3Caller;
using Json = nlohmann::json;

constexpr const char* kV3Order = "/v3/pay/transactions/jsapi";
constexpr const char* kV3Refunds = "/v3/refund/domestic/refunds";

/// Which version's call made an order.
enum class By { v2, v3 };

class CrossVersion : public testing::Test {
  protected:
    /// The prepay_id.
    std::string order(By version, const std::string& number) {
        if (version == By::v2) {
            const Fields answer = sandbox.v2("/pay/unifiedorder", AppHarness::order(number));
            EXPECT_EQ(answer.at("result_code"), "SUCCESS");
            return answer.at("prepay_id");
        }
        const V3Answer answer = merchant.post(kV3Order, V3Caller::order(number));
        EXPECT_EQ(answer.status, 200) << answer.response.body;
        return answer.body["prepay_id"];
    }
    void pay(const std::string& number) {
        EXPECT_EQ(
            sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay").status,
            200);
        sandbox.run_due();
    }
    Fields query_by_v2(const std::string& number) {
        return sandbox.v2("/pay/orderquery", {{"out_trade_no", number}});
    }
    V3Answer query_by_v3(const std::string& number) {
        return merchant.get("/v3/pay/transactions/out-trade-no/" + number + "?mchid=1900000109");
    }
    V3Answer close_by_v3(const std::string& number) {
        return merchant.post("/v3/pay/transactions/out-trade-no/" + number + "/close",
                             {{"mchid", "1900000109"}});
    }
    /// The state as both versions tell it.
    std::string states(const std::string& number) {
        return query_by_v2(number)["trade_state"] + "/" +
               query_by_v3(number).body.value("trade_state", "");
    }
    Fields refund_by_v2(const std::string& number) {
        return sandbox.v2("/secapi/pay/refund", {{"out_trade_no", number},
                                                 {"out_refund_no", number + "R2"},
                                                 {"total_fee", "888"},
                                                 {"refund_fee", "100"}});
    }
    V3Answer refund_by_v3(const std::string& number, const Json& changes = Json::object()) {
        Json body{{"out_trade_no", number},
                  {"out_refund_no", number + "R3"},
                  {"amount", {{"refund", 100}, {"total", 888}, {"currency", "CNY"}}}};
        body.merge_patch(changes);
        return merchant.post(kV3Refunds, body);
    }

    AppHarness sandbox;
    V3Caller merchant{sandbox};
};

TEST_F(CrossVersion, QueryByTheOtherVersionGivesTheSameData) {
    for (const By version : {By::v2, By::v3}) {
        const std::string number = version == By::v2 ? "QUERY-V2" : "QUERY-V3";
        order(version, number);
        EXPECT_EQ(states(number), "NOTPAY/NOTPAY");
        pay(number);
        EXPECT_EQ(states(number), "SUCCESS/SUCCESS");
        const Fields by_v2 = query_by_v2(number);
        const V3Answer by_v3 = query_by_v3(number);
        EXPECT_TRUE(by_v3.is_signed);
        const std::string id = by_v3.body["transaction_id"];
        EXPECT_EQ(by_v2.at("transaction_id"), id);
        EXPECT_EQ(by_v2.at("total_fee"), std::to_string(by_v3.body["amount"]["total"].get<int>()));
        EXPECT_EQ(by_v2.at("cash_fee"),
                  std::to_string(by_v3.body["amount"]["payer_total"].get<int>()));
        EXPECT_EQ(by_v2.at("fee_type"), by_v3.body["amount"]["currency"]);
        EXPECT_EQ(by_v2.at("openid"), by_v3.body["payer"]["openid"]);
        EXPECT_EQ(by_v2.at("appid"), by_v3.body["appid"]);
        EXPECT_EQ(by_v2.at("mch_id"), by_v3.body["mchid"]);
        EXPECT_EQ(by_v2.at("trade_type"), by_v3.body["trade_type"]);
        EXPECT_EQ(by_v2.at("trade_state_desc"), by_v3.body["trade_state_desc"]);
        EXPECT_EQ(by_v2.at("bank_type"), by_v3.body["bank_type"]);
        EXPECT_EQ(parse_compact_time(by_v2.at("time_end")),
                  parse_rfc3339(by_v3.body["success_time"].get<std::string>()));
        EXPECT_EQ(sandbox.v2("/pay/orderquery", {{"transaction_id", id}})["out_trade_no"], number);
        EXPECT_EQ(merchant.get("/v3/pay/transactions/id/" + id + "?mchid=1900000109").response.body,
                  by_v3.response.body);
    }
}

TEST_F(CrossVersion, CloseByTheOtherVersion) {
    order(By::v2, "CLOSE-V2");
    EXPECT_EQ(close_by_v3("CLOSE-V2").status, 204);
    EXPECT_EQ(states("CLOSE-V2"), "CLOSED/CLOSED");
    order(By::v3, "CLOSE-V3");
    EXPECT_EQ(sandbox.v2("/pay/closeorder", {{"out_trade_no", "CLOSE-V3"}})["result_code"],
              "SUCCESS");
    EXPECT_EQ(states("CLOSE-V3"), "CLOSED/CLOSED");
}

/// A number that one version closed before it was ordered is burnt for the other, too.
TEST_F(CrossVersion, CloseOfANumberThatWasNeverOrdered) {
    EXPECT_EQ(close_by_v3("BURNT-V3").status, 204);
    EXPECT_EQ(sandbox.v2("/pay/unifiedorder", AppHarness::order("BURNT-V3"))["err_code"],
              "ORDERCLOSED");
    sandbox.v2("/pay/closeorder", {{"out_trade_no", "BURNT-V2"}});
    EXPECT_EQ(merchant.post(kV3Order, V3Caller::order("BURNT-V2")).code(), "INVALID_REQUEST");
}

/// Whatever the calls say, they are no repetition of each other.
TEST_F(CrossVersion, TheSameNumberThroughTheOtherVersionIsAnotherOrder) {
    order(By::v2, "SAME-V2");
    const V3Answer by_v3 = merchant.post(kV3Order, V3Caller::order("SAME-V2"));
    EXPECT_EQ(by_v3.status, 400);
    EXPECT_EQ(by_v3.response.body,
              R"({"code":"INVALID_REQUEST","message":"请求重入时，参数与首次请求时不一致"})");
    EXPECT_EQ(by_v3.number(), "268498688");
    order(By::v3, "SAME-V3");
    const Fields by_v2 = sandbox.v2("/pay/unifiedorder", AppHarness::order("SAME-V3"));
    EXPECT_EQ(by_v2.at("err_code"), "INVALID_REQUEST");
    EXPECT_EQ(by_v2.at("err_code_des"), "201 商户订单号重复");
    EXPECT_NE(sandbox.hint.find("API V3"), std::string::npos) << sandbox.hint;
}

TEST_F(CrossVersion, PaymentNotificationIsOfTheVersionThatCreatedTheOrder) {
    order(By::v2, "PAID-V2");
    pay("PAID-V2");
    EXPECT_EQ(query_by_v3("PAID-V2").body["trade_state"], "SUCCESS");
    order(By::v3, "PAID-V3");
    EXPECT_EQ(query_by_v2("PAID-V3")["trade_state"], "NOTPAY");
    pay("PAID-V3");
    ASSERT_EQ(sandbox.sender.sent.size(), 2U);

    const http::Request& xml = sandbox.sender.sent[0].request;
    EXPECT_EQ(xml.headers.get("Wechatpay-Signature"), "");
    const auto message =
        v2::parse_payment_notification(xml.body, Secret(AppHarness::kKey), v2::SignType::md5);
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->out_trade_no, "PAID-V2");

    const Json plain = open_callback(sandbox.sender.sent[1].request, sandbox);
    ASSERT_TRUE(plain.is_object());
    EXPECT_EQ(plain["out_trade_no"], "PAID-V3");
}

/// Signed as each version's pages say, and the other way round.
TEST_F(CrossVersion, PrepayIdIsSignedForAsItsVersionSays) {
    const auto open = [&](By version, const std::string& prepay_id) {
        Json payment{{"appId", AppHarness::kAppId},
                     {"timeStamp", "1717214400"},
                     {"nonceStr", "593BEC0C930BF1AFEB40B4A08C8FB242"},
                     {"package", "prepay_id=" + prepay_id},
                     {"signType", version == By::v2 ? "MD5" : "RSA"}};
        const auto fill = [&](auto& out) {
            out.app_id = payment["appId"];
            out.time_stamp = payment["timeStamp"];
            out.nonce_str = payment["nonceStr"];
            out.package = payment["package"];
        };
        if (version == By::v2) {
            v2::JsapiPayment out;
            fill(out);
            out.sign_type = "MD5";
            payment["paySign"] = v2::pay_sign(out, Secret(AppHarness::kKey), v2::SignType::md5);
        } else {
            v3::JsapiPayment out;
            fill(out);
            payment["paySign"] = v3::pay_sign(out, merchant.key);
        }
        return sandbox.control("POST", "/_sandbox/v1/cashier", payment);
    };
    const std::string of_v2 = order(By::v2, "CASHIER-V2");
    const std::string of_v3 = order(By::v3, "CASHIER-V3");
    EXPECT_EQ(open(By::v2, of_v2).body["api"], "v2");
    EXPECT_EQ(open(By::v3, of_v3).body["api"], "v3");
    const auto refused = [&](By version, const std::string& prepay_id, const std::string& hint) {
        const auto answer = open(version, prepay_id);
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(answer.body["error"]["message"], "支付验证签名失败");
        EXPECT_NE(answer.body.dump().find(hint), std::string::npos) << answer.body;
    };
    refused(By::v2, of_v3, "the prepay_id is of API V3");
    refused(By::v3, of_v2, "the prepay_id is of API V2");
}

/// No call of V3 is answered without an APIv3 key, so it was taken away since.
TEST_F(CrossVersion, WithoutAnApiV3KeyNoNotificationOfV3IsSentAndTheLogSaysWhy) {
    order(By::v2, "NOKEY-V2");
    order(By::v3, "NOKEY-V3");
    pay("NOKEY-V2");
    refund_by_v3("NOKEY-V2", {{"notify_url", "http://127.0.0.1:9190/wxpay/refund_notify"}});
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    sandbox.sender.sent.clear();
    sandbox::Merchant keyless = *sandbox.directory.find_merchant("1900000109");
    keyless.api_v3_key = Secret();
    sandbox.directory.add(std::move(keyless));
    EXPECT_EQ(query_by_v3("NOKEY-V3").response.body,
              R"({"code":"SIGN_ERROR","message":"商户未设置APIv3密钥。"})");

    const std::string why =
        "merchant 1900000109 has no api_v3_key, and without one API V3 sends none";
    testing::internal::CaptureStdout();  // the log
    sandbox.run_due();
    std::string said = testing::internal::GetCapturedStdout();
    EXPECT_NE(said.find("refund_notify, about NOKEY-V2: " + why), std::string::npos) << said;
    testing::internal::CaptureStdout();
    pay("NOKEY-V3");
    said = testing::internal::GetCapturedStdout();
    EXPECT_NE(said.find("wxpay/notify, about NOKEY-V3: " + why), std::string::npos) << said;
    EXPECT_TRUE(sandbox.sender.sent.empty());
    EXPECT_EQ(query_by_v2("NOKEY-V3")["trade_state"], "SUCCESS");

    order(By::v2, "NOKEY-V2-2");
    pay("NOKEY-V2-2");
    EXPECT_EQ(sandbox.sender.sent.size(), 1U);  // V2 needs no such key
}

TEST_F(CrossVersion, ReverseIsSeenByBothVersions) {
    const auto pay_by_code = [&](const std::string& number) {
        return sandbox.v2("/pay/micropay", {{"body", "demo"},
                                            {"out_trade_no", number},
                                            {"total_fee", "888"},
                                            {"spbill_create_ip", "14.17.22.52"},
                                            {"auth_code", "134579720130507234"}});
    };
    ASSERT_EQ(pay_by_code("REVERSE1")["result_code"], "SUCCESS");
    EXPECT_EQ(states("REVERSE1"), "SUCCESS/SUCCESS");
    EXPECT_EQ(query_by_v3("REVERSE1").body["trade_type"], "MICROPAY");
    EXPECT_EQ(sandbox.v2("/secapi/pay/reverse", {{"out_trade_no", "REVERSE1"}})["result_code"],
              "SUCCESS");
    EXPECT_EQ(states("REVERSE1"), "REVOKED/REVOKED");
    // What is given back cannot be given back once more, by either version.
    EXPECT_EQ(refund_by_v2("REVERSE1")["result_code"], "FAIL");
    EXPECT_EQ(refund_by_v3("REVERSE1").status, 404);
}

/// The same mistake, in the words of each version.
TEST_F(CrossVersion, ErrorNamesStandSideBySide) {
    sandbox::Merchant poor = *sandbox.directory.find_merchant("1900000109");
    poor.top_up = Fen{-888};  // less than nothing, so that refunds find too little
    sandbox.directory.add(std::move(poor));
    const auto order_by_both = [&](const std::string& number) {
        return sandbox.v2("/pay/unifiedorder", AppHarness::order(number))["err_code"] + " " +
               merchant.post(kV3Order, V3Caller::order(number)).code();
    };
    EXPECT_EQ(query_by_v2("ERROR-NONE")["err_code"] + " " + query_by_v3("ERROR-NONE").code(),
              "ORDERNOTEXIST ORDER_NOT_EXIST");

    order(By::v2, "ERROR-PAID");
    pay("ERROR-PAID");
    EXPECT_EQ(order_by_both("ERROR-PAID"), "ORDERPAID ORDERPAID");
    EXPECT_EQ(sandbox.v2("/pay/closeorder", {{"out_trade_no", "ERROR-PAID"}})["err_code"] + " " +
                  close_by_v3("ERROR-PAID").code(),
              "ORDERPAID ORDERPAID");

    order(By::v3, "ERROR-CLOSED");
    close_by_v3("ERROR-CLOSED");
    EXPECT_EQ(order_by_both("ERROR-CLOSED"), "ORDERCLOSED ORDER_CLOSED");

    EXPECT_EQ(sandbox.v2("/pay/refundquery", {{"out_refund_no", "ERROR-NONE"}})["err_code"] + " " +
                  merchant.get(std::string(kV3Refunds) + "/ERROR-NONE").code(),
              "REFUNDNOTEXIST RESOURCE_NOT_EXISTS");

    EXPECT_EQ(refund_by_v2("ERROR-PAID")["err_code"] + " " + refund_by_v3("ERROR-PAID").code(),
              "NOTENOUGH NOT_ENOUGH");

    // SYSTEMERROR has no cause here that a caller could bring about; either spelling asks for it.
    for (const char* const asked : {"SYSTEMERROR", "SYSTEM_ERROR"}) {
        http::Request by_v3 =
            merchant.request("POST", kV3Order, V3Caller::order("ERROR-SYSTEM").dump());
        by_v3.headers.add("Wechatpay-Negative-Test", asked);
        const V3Answer answer = merchant.send(by_v3);
        EXPECT_EQ(answer.status, 500);
        EXPECT_EQ(answer.code(), "SYSTEM_ERROR");
    }
    http::Request by_v2;
    by_v2.method = "POST";
    by_v2.path = "/pay/unifiedorder";
    by_v2.headers.add("Wechatpay-Negative-Test", "SYSTEMERROR");
    by_v2.body = AppHarness::xml(AppHarness::sign(AppHarness::order("ERROR-SYSTEM")));
    EXPECT_NE(sandbox.call(by_v2).body.find("<err_code><![CDATA[SYSTEMERROR]]></err_code>"),
              std::string::npos);
}

}  // namespace
}  // namespace wxpay
