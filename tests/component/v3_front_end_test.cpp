// What a phone does with an order of API V3, and callbacks of orders that never were.
#include <string>

#include <gtest/gtest.h>

#include "core/v3/pay_sign.hpp"
#include "core/v3/resource.hpp"

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using test::AppHarness;
using test::V3Caller;
using Json = nlohmann::json;

class V3Cashier : public testing::Test {
  protected:
    AppHarness sandbox;
    V3Caller merchant{sandbox};
    const std::string prepay_id =
        merchant.post("/v3/pay/transactions/jsapi", V3Caller::order("CASHIER1")).body["prepay_id"];

    Json payment() const {
        v3::JsapiPayment payment;
        payment.app_id = AppHarness::kAppId;
        payment.time_stamp = "1717214400";
        payment.nonce_str = "593BEC0C930BF1AFEB40B4A08C8FB242";
        payment.package = "prepay_id=" + prepay_id;
        return {{"appId", payment.app_id},
                {"timeStamp", payment.time_stamp},
                {"nonceStr", payment.nonce_str},
                {"package", payment.package},
                {"signType", "RSA"},
                {"paySign", v3::pay_sign(payment, merchant.key)}};
    }
    Json signed_over(const std::string& text) const {
        Json out = payment();
        out["paySign"] = merchant.key.sign_sha256(text);
        return out;
    }
    void expect_refused(const Json& payment, const std::string& message, const std::string& hint) {
        const auto answer = sandbox.control("POST", "/_sandbox/v1/cashier", payment);
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(answer.body["error"]["message"], message);
        EXPECT_NE(answer.body.dump().find(hint), std::string::npos) << answer.body;
    }
};

TEST_F(V3Cashier, OpensForAnOrderOfV3) {
    const auto opened = sandbox.control("POST", "/_sandbox/v1/cashier", payment());
    EXPECT_EQ(opened.status, 200) << opened.body;
    EXPECT_EQ(opened.body["out_trade_no"], "CASHIER1");
    EXPECT_EQ(opened.body["api"], "v3");
}

TEST_F(V3Cashier, SaysWhichMistakeSpoiltTheSignature) {
    const std::string wrong = "支付验证签名失败";
    const std::string head =
        std::string(AppHarness::kAppId) + "\n1717214400\n593BEC0C930BF1AFEB40B4A08C8FB242\n";
    expect_refused(signed_over(head + prepay_id + "\n"), wrong, "bare prepay_id");
    expect_refused(signed_over(head + "prepay_id=" + prepay_id), wrong, "lacks its newline");
    expect_refused(signed_over("else"), wrong, "merchant's private key");
    // Pitfall 28 and its kin: github.com/minibear2021/wechatpayv3/issues/88
    const std::string id = "prepay_id=" + prepay_id;
    const std::string app = AppHarness::kAppId;
    const std::string nonce = "593BEC0C930BF1AFEB40B4A08C8FB242";
    expect_refused(signed_over(app + "\r\n1717214400\r\n" + nonce + "\r\n" + id + "\r\n"), wrong,
                   "CR LF");
    expect_refused(signed_over(app + R"(\n1717214400\n)" + nonce + R"(\n)" + id + R"(\n)"), wrong,
                   "a backslash and an n");
    expect_refused(signed_over(app + "1717214400" + nonce + id), wrong, "no ends");
    expect_refused(signed_over(app + "\n" + nonce + "\n1717214400\n" + id + "\n"), wrong,
                   "another order: appId, nonceStr, timeStamp, package");
    const std::string pairs = "appId=" + app + "&nonceStr=" + nonce + "&package=" + id;
    expect_refused(signed_over(pairs + "&signType=RSA&timeStamp=1717214400"), wrong,
                   "name=value pairs");
    expect_refused(signed_over(pairs + "&timeStamp=1717214400&key=" + AppHarness::kKey), wrong,
                   "name=value pairs");
    for (const auto& [scheme, hint] : {std::pair{RsaPublicKey::Scheme::pss_sha256, "PSS padding"},
                                       std::pair{RsaPublicKey::Scheme::pkcs1_sha1, "SHA-1"}}) {
        Json other = payment();
        other["paySign"] = merchant.sign_as(scheme, head + id + "\n");
        expect_refused(other, wrong, hint);
    }
    Json others = payment();
    others["paySign"] =
        V3Caller(sandbox, "1900000111").key.sign_sha256(head + "prepay_id=" + prepay_id + "\n");
    expect_refused(others, wrong, "key of merchant 1900000111");
    Json hex = payment();
    hex["paySign"] = "0CB01533B8C1EF103065174F50BCA001!";
    expect_refused(hex, wrong, "no base64");
    Json millis = payment();
    millis["timeStamp"] = "1717214400000";
    expect_refused(millis, wrong, "not milliseconds");
}

TEST_F(V3Cashier, RefusesAMixOfBothVersions) {
    for (const char* const type : {"MD5", "HMAC-SHA256"}) {
        Json mixed = payment();
        mixed["signType"] = type;
        expect_refused(mixed, "支付验证签名失败", "the prepay_id is of API V3");
    }
    Json mixed = payment();
    mixed["package"] =
        "prepay_id=" + sandbox.v2("/pay/unifiedorder", AppHarness::order("OFV2"))["prepay_id"];
    expect_refused(mixed, "支付验证签名失败", "the prepay_id is of API V2");
}

TEST_F(V3Cashier, RefusesAnotherAppAndAnOldPrepayId) {
    Json other = payment();
    other["appId"] = "wx1111111111111111";
    expect_refused(other, "商户传入的appid参数不正确", "appid of the order");
    sandbox.advance(std::chrono::hours(2));
    expect_refused(payment(), "支付请求已失效，请重新发起支付", "older than 2 hours");
}

class V3Trigger : public testing::Test {
  protected:
    AppHarness sandbox;

    AppHarness::Controlled trigger(const std::string& event, const Json& override = nullptr,
                                   const std::string& mch_id = AppHarness::kMchId) {
        Json body{{"event", event},
                  {"api", "v3"},
                  {"mch_id", mch_id},
                  {"notify_url", "http://127.0.0.1:9190/wxpay/notify"}};
        if (!override.is_null()) body["override"] = override;
        return sandbox.control("POST", "/_sandbox/v1/trigger", body);
    }
    const http::Request& sent() { return sandbox.sender.sent.back().request; }
    Json envelope() { return Json::parse(sent().body); }
};

TEST_F(V3Trigger, SendsOneGoodPaymentCallback) {
    const auto answer = trigger("payment");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body["state"], "delivered");
    EXPECT_EQ(envelope()["event_type"], "TRANSACTION.SUCCESS");
    const Json plain = open_callback(sent(), sandbox);
    EXPECT_EQ(plain["out_trade_no"], answer.body["out_trade_no"]);
    EXPECT_EQ(plain["trade_state"], "SUCCESS");
    EXPECT_EQ(plain["amount"]["total"], 1);
    EXPECT_EQ(plain["mchid"], AppHarness::kMchId);
}

TEST_F(V3Trigger, SendsAGoodRefundCallback) {
    EXPECT_EQ(trigger("refund").body["kind"], "refund");
    EXPECT_EQ(envelope()["event_type"], "REFUND.SUCCESS");
    const Json plain = open_callback(sent(), sandbox);
    EXPECT_EQ(plain["refund_status"], "SUCCESS");
    EXPECT_EQ(plain["amount"]["refund"], 1);
}

TEST_F(V3Trigger, HasTheEventOfTheRefundsStatus) {
    const std::pair<const char*, const char*> events[] = {{"CLOSED", "REFUND.CLOSED"},
                                                          {"ABNORMAL", "REFUND.ABNORMAL"},
                                                          {"SUCCESS", "REFUND.SUCCESS"}};
    for (const auto& [status, event] : events) {
        trigger("refund", {{"refund_status", status}});
        EXPECT_EQ(envelope()["event_type"], event);
        const Json plain = open_callback(sent(), sandbox);
        EXPECT_EQ(plain["refund_status"], status);
        EXPECT_EQ(plain.contains("success_time"), std::string(status) == "SUCCESS");
    }
}

TEST_F(V3Trigger, OverridesWhatIsSealedAndTheEnvelope) {
    const auto answer = trigger("refund", {{"out_trade_no", "20240601"},
                                           {"amount.total", "888"},
                                           {"amount.refund", 8},
                                           {"refund_status", "ABNORMAL"},
                                           {"success_time", nullptr},
                                           {"event_type", "REFUND.ABNORMAL"},
                                           {"summary", nullptr},
                                           {"id", "EV-1"}});
    EXPECT_EQ(answer.body["out_trade_no"], "20240601");
    EXPECT_EQ(envelope()["event_type"], "REFUND.ABNORMAL");
    EXPECT_EQ(envelope()["id"], "EV-1");
    EXPECT_FALSE(envelope().contains("summary"));
    const Json plain = [&] {
        // A signed callback without a summary is still rightly signed; what is sealed is read
        // alone.
        const Json sealed = envelope()["resource"];
        v3::Resource resource{sealed["original_type"], sealed["ciphertext"],
                              sealed["associated_data"], sealed["nonce"]};
        return Json::parse(
            v3::unseal(Secret("sandbox-api-v3-key-32-bytes-long"), resource).value());
    }();
    EXPECT_EQ(plain["out_trade_no"], "20240601");
    EXPECT_EQ(plain["amount"]["total"], 888);
    EXPECT_EQ(plain["amount"]["refund"], 8);
    EXPECT_EQ(plain["refund_status"], "ABNORMAL");
    EXPECT_FALSE(plain.contains("success_time"));
}

TEST_F(V3Trigger, SaysWhatItCannotDo) {
    EXPECT_EQ(
        sandbox
            .control("POST", "/_sandbox/v1/trigger",
                     {{"event", "payment"}, {"api", "v4"}, {"notify_url", "http://127.0.0.1"}})
            .body["error"]["field"],
        "api");
    sandbox.control("POST", "/_sandbox/v1/merchants",
                    {{"mch_id", "1900000120"}, {"api_key", AppHarness::kKey}});
    const auto answer = trigger("payment", nullptr, "1900000120");
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.body["error"]["field"], "mch_id");
}

}  // namespace
}  // namespace wxpay
