// POST /_sandbox/v1/trigger: callbacks of orders that never were.
#include <gtest/gtest.h>

#include "core/codec/base64.hpp"
#include "core/v2/notification.hpp"
#include "core/v2/refund_notification.hpp"

#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using Json = nlohmann::json;

const Secret kKey{AppHarness::kKey};
const std::string kUrl = "http://127.0.0.1:9190/wxpay/notify";

class Trigger : public testing::Test {
  protected:
    AppHarness::Controlled trigger(const std::string& event, const Json& override = nullptr) {
        Json body{{"event", event}, {"notify_url", kUrl}};
        if (!override.is_null()) body["override"] = override;
        return sandbox.control("POST", "/_sandbox/v1/trigger", body);
    }
    const std::string& sent() { return sandbox.sender.sent.back().request.body; }
    std::string field(const char* name) {
        return std::string(XmlMessage::parse(sent()).value().get(name));
    }

    AppHarness sandbox;
};

TEST_F(Trigger, SendsOneGoodPaymentCallback) {
    const auto answer = trigger("payment");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body["kind"], "payment");
    EXPECT_EQ(answer.body["state"], "delivered");
    EXPECT_EQ(answer.body["attempts"][0]["verdict"], "ok");
    EXPECT_FALSE(answer.body.contains("next_at"));
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    EXPECT_EQ(sandbox.sender.sent[0].url, kUrl);
    const auto message = v2::parse_payment_notification(sent(), kKey, v2::SignType::md5);
    ASSERT_TRUE(message) << message.error().detail;
    EXPECT_EQ(message->mch_id, AppHarness::kMchId);
    EXPECT_EQ(message->appid, AppHarness::kAppId);
    EXPECT_EQ(message->out_trade_no, answer.body["out_trade_no"]);
    EXPECT_TRUE(TransactionId::parse(message->transaction_id));
    const Json exchange = sandbox.control("GET", "/_sandbox/v1/exchanges").body["exchanges"][0];
    EXPECT_EQ(exchange["kind"], "callback");
}

TEST_F(Trigger, SendsAGoodRefundCallback) {
    EXPECT_EQ(trigger("refund").body["kind"], "refund");
    const auto message = v2::parse_refund_notification(sent(), kKey);
    ASSERT_TRUE(message) << message.error().detail;
    EXPECT_EQ(message->refund_status, "SUCCESS");
    EXPECT_EQ(message->refund_fee, Fen{1});
}

TEST_F(Trigger, OverridesAnyFieldAndSignsIt) {
    const auto answer = trigger("payment", {{"out_trade_no", "A1"},
                                            {"total_fee", 888},
                                            {"attach", "a & b"},
                                            {"openid", nullptr},
                                            {"coupon_count", 1}});
    EXPECT_EQ(answer.body["out_trade_no"], "A1");
    const auto message = v2::parse_payment_notification(sent(), kKey, v2::SignType::md5);
    ASSERT_TRUE(message) << message.error().detail;
    EXPECT_EQ(message->total_fee, Fen{888});
    EXPECT_EQ(message->attach, "a & b");
    EXPECT_EQ(message->openid, "");
    EXPECT_EQ(field("coupon_count"), "1");
    EXPECT_NE(sent().find("<total_fee>888</total_fee>"), std::string::npos) << sent();
}

TEST_F(Trigger, NotesFieldsThatNoSuchCallbackHas) {
    const auto notes = [&](const std::string& event, const Json& override, const char* api) {
        Json body{{"event", event}, {"notify_url", kUrl}, {"api", api}, {"override", override}};
        return sandbox.control("POST", "/_sandbox/v1/trigger", body).body.value("notes", Json());
    };
    EXPECT_EQ(notes("payment", {{"totalfee", 1}}, "v2"),
              Json({"'totalfee' is no field of this callback; did you mean total_fee?"}));
    EXPECT_EQ(field("totalfee"), "1") << "it is sent all the same";
    EXPECT_EQ(notes("payment", {{"opneid", nullptr}}, "v2"),
              Json({"'opneid' is no field of this callback; did you mean openid?"}));
    EXPECT_EQ(notes("refund", {{"total_fe", 1}}, "v2"),
              Json({"'total_fe' is no field of this callback; did you mean total_fee?"}));
    EXPECT_EQ(notes("payment", {{"amount.totl", 1}}, "v3"),
              Json({"'amount.totl' is no field of this callback; did you mean amount.total?"}));
    EXPECT_EQ(notes("payment", {{"coupon_id_12", "1"}, {"attach", "x"}}, "v2"), Json());
    EXPECT_EQ(notes("payment", {{"payer", nullptr}, {"amount.total", 7}}, "v3"), Json());
    EXPECT_EQ(notes("refund", {{"event_type", "REFUND.ABNORMAL"}}, "v3"), Json());
    EXPECT_FALSE(sandbox.control("GET", "/_sandbox/v1/notifications")
                     .body["notifications"][0]
                     .contains("notes"));
}

TEST_F(Trigger, OverridesNothingAndChangesNothing) {
    AppHarness other;
    trigger("payment");
    other.control(
        "POST", "/_sandbox/v1/trigger",
        {{"event", "payment"}, {"notify_url", kUrl}, {"override", {{"bank_type", "OTHERS"}}}});
    EXPECT_EQ(other.sender.sent.back().request.body, sent());
    other.control("POST", "/_sandbox/v1/trigger",
                  {{"event", "refund"}, {"notify_url", kUrl}, {"override", {{"total_fee", 1}}}});
    trigger("refund");
    EXPECT_EQ(other.sender.sent.back().request.body, sent());
}

TEST_F(Trigger, OverridesWhatIsEncryptedInARefund) {
    trigger("refund", {{"refund_status", "CHANGE"},
                       {"success_time", nullptr},
                       {"refund_fee", "7"},
                       {"nonce_str", "outside"}});
    const auto message = v2::parse_refund_notification(sent(), kKey);
    ASSERT_TRUE(message) << message.error().detail;
    EXPECT_EQ(message->refund_status, "CHANGE");
    EXPECT_EQ(message->success_time, std::nullopt);
    EXPECT_EQ(message->refund_fee, Fen{7});
    EXPECT_EQ(message->nonce_str, "outside");
    trigger("refund", {{"req_info", "nonsense"}});
    EXPECT_EQ(v2::parse_refund_notification(sent(), kKey).error().code, Errc::signature_mismatch);
}

TEST_F(Trigger, SignsAsToldOrLeavesTheSignAsGiven) {
    trigger("payment", {{"sign_type", "HMAC-SHA256"}});
    EXPECT_TRUE(v2::parse_payment_notification(sent(), kKey, v2::SignType::hmac_sha256));
    trigger("payment", {{"sign", "0"}});
    EXPECT_EQ(field("sign"), "0");
    trigger("payment", {{"sign", nullptr}});
    EXPECT_EQ(sent().find("<sign>"), std::string::npos);
    trigger("payment", {{"mch_id", "1900000110"}});
    EXPECT_TRUE(v2::parse_payment_notification(sent(), kKey, v2::SignType::md5))
        << "another merchant's number under our key";
}

TEST_F(Trigger, SignsForAnotherMerchant) {
    sandbox.control("POST", "/_sandbox/v1/trigger",
                    {{"event", "payment"}, {"notify_url", kUrl}, {"mch_id", "1900000111"}});
    const auto message = v2::parse_payment_notification(
        sent(), Secret("3e8b6a1d5c9f4072b1e0d3c2a5f48697"), v2::SignType::md5);
    ASSERT_TRUE(message) << message.error().detail;
    EXPECT_EQ(message->sub_mch_id, "1900000200");
}

TEST_F(Trigger, TriesOnceAndSaysWhatCameOfIt) {
    sandbox.sender.answer = [](const auto&) { return RecordingSender::unreachable(); };
    const auto answer = trigger("payment");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body["state"], "exhausted");
    EXPECT_EQ(answer.body["attempts"][0]["verdict"], "unreachable");
    sandbox.advance(std::chrono::hours(48));
    EXPECT_EQ(sandbox.sender.sent.size(), 1U);
    sandbox.sender.answer = [](const auto&) { return RecordingSender::success(); };
    const std::string id = answer.body["id"];
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/notifications/" + id + "/resend").body["state"],
              "delivered");
}

TEST_F(Trigger, ListsUnderItsOwnNumberWhatCanBeNoOrders) {
    const auto answer = trigger("payment", {{"out_trade_no", "no order's number!"}});
    EXPECT_EQ(field("out_trade_no"), "no order's number!");
    EXPECT_EQ(std::string(answer.body["out_trade_no"]).rfind("TRIGGER", 0), 0U);
}

TEST_F(Trigger, RefusesWhatMakesNoSense) {
    const auto field_of = [&](const Json& body) {
        const auto answer = sandbox.control("POST", "/_sandbox/v1/trigger", body);
        EXPECT_EQ(answer.status, 400) << answer.body;
        return answer.body["error"].value("field", "");
    };
    EXPECT_EQ(field_of({{"notify_url", kUrl}}), "event");
    EXPECT_EQ(field_of({{"event", "paid"}, {"notify_url", kUrl}}), "event");
    EXPECT_EQ(field_of({{"event", "payment"}}), "notify_url");
    EXPECT_EQ(field_of({{"event", "payment"}, {"notify_url", "ftp://x"}}), "notify_url");
    EXPECT_EQ(field_of({{"event", "payment"}, {"notify_url", kUrl}, {"mch_id", "1"}}), "mch_id");
    const auto overriding = [&](const Json& override) {
        return field_of({{"event", "payment"}, {"notify_url", kUrl}, {"override", override}});
    };
    EXPECT_EQ(overriding(Json::array()), "override");
    EXPECT_EQ(overriding({{"a><b", "x"}}), "a><b");
    EXPECT_EQ(overriding({{"total_fee", 1.5}}), "total_fee");
    EXPECT_EQ(overriding({{"", "x"}}), "");
    EXPECT_TRUE(sandbox.sender.sent.empty());
}

}  // namespace
}  // namespace wxpay::test
