#include "core/client/v2_client.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/gzip.hpp"

#include "tests/support/vectors.hpp"

namespace wxpay::v2 {
namespace {

using testing::HasSubstr;
using testing::Not;

const Secret kKey("192006250b4c09247ec02edce69f6a2d");

/// Keeps what was asked and answers as told.
class FakeTransport final : public http::Transport {
  public:
    Result<http::Response> send(const http::Request& request) override {
        requests.push_back(request);
        return answer;
    }
    void answer_with(std::string body, int status = 200) {
        answer = http::Response{status, {}, std::move(body)};
    }

    std::vector<http::Request> requests;
    Result<http::Response> answer = Failure{Error{Errc::unreachable, "nobody there"}};
};

class V2Client : public testing::Test {
  protected:
    Client client(SignType type = SignType::md5) {
        return Client({"wx8888888888888888", "1900000109", kKey, type,
                       Secret("5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d")},
                      transport, random);
    }
    /// The one request that was sent, read.
    XmlMessage sent() const {
        EXPECT_EQ(transport.requests.size(), 1U);
        return *XmlMessage::parse(transport.requests.at(0).body);
    }
    void answer_with_known(const std::string& name) {
        transport.answer_with(test::read_vector_file("messages/" + name + ".xml"));
    }

    FakeTransport transport;
    SeededRandom random{1};
};

UnifiedOrderRequest order() {
    UnifiedOrderRequest request;
    request.out_trade_no = "20240601120000001";
    request.body = "腾讯充值中心-QQ会员充值";
    request.total_fee = Fen{888};
    request.spbill_create_ip = "14.23.150.211";
    request.notify_url = "https://merchant.example.com/wxpay/notify";
    request.openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";
    return request;
}

std::string signed_reply(const std::vector<FieldView>& fields, SignType type = SignType::md5) {
    Message message;
    message.text("return_code", "SUCCESS").text("result_code", "SUCCESS").text("nonce_str", "n");
    for (const FieldView& field : fields) message.text(field.name, field.value);
    return message.sign(kKey, type).render();
}

TEST_F(V2Client, PostsASignedOrder) {
    answer_with_known("unifiedorder_jsapi.reply");
    const auto reply = client().unified_order(order());
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->prepay_id, "wx01120000123456a1b2c3d4e5f607180000");
    EXPECT_EQ(reply->code_url, "");

    EXPECT_EQ(transport.requests[0].method, "POST");
    EXPECT_EQ(transport.requests[0].path, "/pay/unifiedorder");
    const XmlMessage message = sent();
    EXPECT_TRUE(verify(message.fields(), message.get("sign"), kKey, SignType::md5));
    EXPECT_EQ(message.get("appid"), "wx8888888888888888");
    EXPECT_EQ(message.get("mch_id"), "1900000109");
    EXPECT_EQ(message.get("total_fee"), "888");
    EXPECT_EQ(message.get("trade_type"), "JSAPI");
    EXPECT_EQ(message.get("body"), "腾讯充值中心-QQ会员充值");
    EXPECT_EQ(message.get("nonce_str").size(), 32U);
    EXPECT_EQ(message.find("attach"), std::nullopt);
    EXPECT_EQ(message.find("sign_type"), std::nullopt);
}

TEST_F(V2Client, NeverSendsANonceTwice) {
    Client it = client();
    static_cast<void>(it.close_order("1"));
    static_cast<void>(it.close_order("1"));
    const auto nonce = [&](std::size_t n) {
        return std::string(XmlMessage::parse(transport.requests.at(n).body)->get("nonce_str"));
    };
    EXPECT_NE(nonce(0), nonce(1));
}

TEST_F(V2Client, SaysAndSignsHmac) {
    answer_with_known("unifiedorder_native.reply");
    UnifiedOrderRequest request = order();
    request.trade_type = TradeType::native;
    request.product_id = "12235413214070356458058";
    const auto reply = client(SignType::hmac_sha256).unified_order(request);
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->code_url, "weixin://wxpay/bizpayurl?pr=7PNWOWq");
    const XmlMessage message = sent();
    EXPECT_EQ(message.get("sign_type"), "HMAC-SHA256");
    EXPECT_TRUE(verify(message.fields(), message.get("sign"), kKey, SignType::hmac_sha256));
}

TEST_F(V2Client, GivesTheAddressOfTheH5Cashier) {
    answer_with_known("unifiedorder_mweb.reply");
    const auto reply = client().unified_order(order());
    ASSERT_TRUE(reply);
    EXPECT_THAT(reply->mweb_url, HasSubstr("https://wx.tenpay.com/"));
}

TEST_F(V2Client, ReadsAPaidOrder) {
    answer_with_known("orderquery_paid.reply");
    const auto reply = client().order_query("20240601120000001");
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(transport.requests[0].path, "/pay/orderquery");
    EXPECT_EQ(sent().get("out_trade_no"), "20240601120000001");
    EXPECT_EQ(reply->trade_state, TradeState::success);
    EXPECT_EQ(reply->trade_state_desc, "支付成功");
    EXPECT_EQ(reply->transaction_id, "4200002288202406010123456789");
    EXPECT_EQ(reply->openid, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    EXPECT_EQ(reply->attach, "支付测试");
    EXPECT_EQ(reply->total_fee, Fen{888});
    EXPECT_EQ(reply->time_end, parse_compact_time("20240601120105"));
}

TEST_F(V2Client, ReadsOrdersThatAreNotPaid) {
    answer_with_known("orderquery_unpaid.reply");
    const auto unpaid = client().order_query("20240601120000001");
    ASSERT_TRUE(unpaid);
    EXPECT_EQ(unpaid->trade_state, TradeState::not_paid);
    EXPECT_EQ(unpaid->total_fee, Fen{888});
    EXPECT_EQ(unpaid->time_end, std::nullopt);
    answer_with_known("orderquery_closed.reply");
    const auto closed = client().order_query("20240601120100002");
    ASSERT_TRUE(closed);
    EXPECT_EQ(closed->trade_state, TradeState::closed);
    EXPECT_EQ(closed->total_fee, std::nullopt);
}

TEST_F(V2Client, DemandsOfAPaidOrderWhatAPaymentHas) {
    const std::vector<FieldView> paid{{"transaction_id", "4200002288202406010123456789"},
                                      {"total_fee", "888"},
                                      {"fee_type", "CNY"},
                                      {"time_end", "20240601120105"}};
    const auto query = [&](const char* state, std::vector<FieldView> fields) {
        fields.push_back({"trade_state", state});
        transport.answer_with(signed_reply(fields));
        return client().order_query("1");
    };
    for (const char* state : {"SUCCESS", "REFUND"}) {
        EXPECT_EQ(query(state, paid)->time_end, parse_compact_time("20240601120105"));
        for (const char* name : {"transaction_id", "total_fee", "time_end"}) {
            auto fields = paid;
            std::erase_if(fields, [&](const FieldView& field) { return field.name == name; });
            const auto reply = query(state, fields);
            ASSERT_FALSE(reply) << name;
            EXPECT_EQ(reply.error().code, Errc::missing_field);
            EXPECT_EQ(reply.error().field, name);
        }
    }
    EXPECT_TRUE(query("NOTPAY", {}));
    for (const char* state : {"SUCCESS", "NOTPAY"}) {
        auto fields = paid;
        fields.back().value = "2024-06-01";
        const auto reply = query(state, fields);
        ASSERT_FALSE(reply) << state;
        EXPECT_EQ(reply.error().code, Errc::invalid_value);
        EXPECT_EQ(reply.error().field, "time_end");
    }
}

TEST_F(V2Client, ReadsTheCurrencyOfAnOrder) {
    transport.answer_with(signed_reply({{"trade_state", "NOTPAY"}, {"fee_type", "USD"}}));
    EXPECT_EQ(client().order_query("1")->fee_type, "USD");
    transport.answer_with(signed_reply({{"trade_state", "NOTPAY"}}));
    EXPECT_EQ(client().order_query("1")->fee_type, "CNY");
}

TEST_F(V2Client, ClosesAnOrder) {
    answer_with_known("closeorder.reply");
    EXPECT_TRUE(client().close_order("20240601120100002"));
    EXPECT_EQ(transport.requests[0].path, "/pay/closeorder");
    EXPECT_EQ(sent().get("out_trade_no"), "20240601120100002");
}

TEST_F(V2Client, PassesOnASignedRefusal) {
    answer_with_known("closeorder_paid.reply");
    const auto closed = client().close_order("20240601120100002");
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().code, Errc::refused);
    EXPECT_EQ(closed.error().field, "ORDERPAID");
    EXPECT_THAT(closed.error().detail, HasSubstr("order paid"));
}

TEST_F(V2Client, PassesOnAnUnsignedProtocolFailure) {
    transport.answer_with(
        "<xml><return_code><![CDATA[FAIL]]></return_code>\n<return_msg><![CDATA[签名错误]]></"
        "return_msg>\n</xml>");
    const auto reply = client().unified_order(order());
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::refused);
    EXPECT_EQ(reply.error().field, "FAIL");
    EXPECT_THAT(reply.error().detail, HasSubstr("签名错误"));
}

TEST_F(V2Client, BelievesNothingThatIsNotSigned) {
    std::string forged = test::read_vector_file("messages/orderquery_unpaid.reply.xml");
    forged.replace(forged.find("NOTPAY"), 6, "SUCCESS");
    transport.answer_with(forged);
    EXPECT_EQ(client().order_query("20240601120000001").error().code, Errc::signature_mismatch);

    transport.answer_with(
        "<xml><return_code>SUCCESS</return_code><result_code>SUCCESS</result_code>"
        "<trade_state>SUCCESS</trade_state></xml>");
    EXPECT_EQ(client().order_query("20240601120000001").error().code, Errc::signature_mismatch);

    // Also a business failure counts only when it is signed.
    transport.answer_with(
        "<xml><return_code>SUCCESS</return_code><result_code>FAIL</result_code>"
        "<err_code>ORDERNOTEXIST</err_code></xml>");
    EXPECT_EQ(client().order_query("20240601120000001").error().code, Errc::signature_mismatch);
}

TEST_F(V2Client, DemandsTheSignTypeOfItsRequest) {
    answer_with_known("orderquery_paid.reply");  // MD5
    EXPECT_EQ(client(SignType::hmac_sha256).order_query("20240601120000001").error().code,
              Errc::signature_mismatch);
    answer_with_known("unifiedorder_native.reply");  // HMAC
    EXPECT_EQ(client().unified_order(order()).error().code, Errc::signature_mismatch);
}

TEST_F(V2Client, ReportsWhatIsNoAnswer) {
    EXPECT_EQ(client().close_order("1").error().code, Errc::unreachable);
    transport.answer_with("<html>502</html>", 502);
    EXPECT_EQ(client().close_order("1").error().code, Errc::malformed);
    EXPECT_THAT(client().close_order("1").error().detail, HasSubstr("502"));
    transport.answer_with(test::read_vector_file("messages/closeorder.reply.xml"), 500);
    EXPECT_FALSE(client().close_order("1"));
    for (const char* body :
         {"", "{}", "<html><body>x</body></html>", "<!DOCTYPE html><html></html>", "<xml>"}) {
        transport.answer_with(body);
        EXPECT_FALSE(client().close_order("1")) << body;
    }
    transport.answer_with("<xml><return_msg>\xD6\xA7\xB8</return_msg></xml>");
    EXPECT_EQ(client().close_order("1").error().code, Errc::not_utf8);
    transport.answer_with(std::string(1024 * 1024 + 1, ' '));
    EXPECT_EQ(client().close_order("1").error().code, Errc::too_large);
}

TEST_F(V2Client, ReportsASignedAnswerThatLacksItsPoint) {
    transport.answer_with(signed_reply({}));
    EXPECT_EQ(client().unified_order(order()).error().field, "prepay_id");
    EXPECT_EQ(client().order_query("1").error().field, "trade_state");
    transport.answer_with(signed_reply({{"trade_state", "WHATEVER"}}));
    EXPECT_EQ(client().order_query("1").error().code, Errc::invalid_value);
    transport.answer_with(signed_reply({{"trade_state", "NOTPAY"}, {"total_fee", "-5"}}));
    EXPECT_EQ(client().order_query("1").error().code, Errc::invalid_value);
}

TEST_F(V2Client, NeverTellsItsKey) {
    std::string forged = test::read_vector_file("messages/closeorder.reply.xml");
    forged.replace(forged.find("EEBF"), 4, "0000");
    transport.answer_with(forged);
    const auto closed = client().close_order("1");
    ASSERT_FALSE(closed);
    EXPECT_THAT(closed.error().detail, Not(HasSubstr(std::string(kKey.reveal()))));
    EXPECT_THAT(transport.requests[0].body, Not(HasSubstr(std::string(kKey.reveal()))));
}

TEST_F(V2Client, TurnsAJsCodeIntoASession) {
    transport.answer_with(
        R"({"session_key":"a2V5a2V5a2V5a2V5a2V5Cg==","openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"})");
    const auto session = client().code_to_session("0a&b=c d");
    ASSERT_TRUE(session) << session.error().detail;
    EXPECT_EQ(session->openid, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    EXPECT_EQ(session->session_key.reveal(), "a2V5a2V5a2V5a2V5a2V5Cg==");
    EXPECT_EQ(transport.requests[0].method, "GET");
    EXPECT_EQ(transport.requests[0].path, "/sns/jscode2session");
    EXPECT_EQ(
        transport.requests[0].query,
        "appid=wx8888888888888888&secret=5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d&js_code=0a%26b%3Dc%20d"
        "&grant_type=authorization_code");
}

TEST_F(V2Client, PassesOnARefusedJsCode) {
    transport.answer_with(R"({"errcode":40029,"errmsg":"invalid code, rid: 1"})");
    const auto session = client().code_to_session("x");
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, Errc::refused);
    EXPECT_EQ(session.error().field, "40029");
    EXPECT_THAT(session.error().detail, HasSubstr("invalid code"));
}

TEST_F(V2Client, TakesAnErrcodeOfZeroForSuccess) {
    transport.answer_with(R"({"errcode":0,"errmsg":"ok","openid":"o1","session_key":"k"})");
    EXPECT_TRUE(client().code_to_session("x"));
}

TEST_F(V2Client, SurvivesHostileJson) {
    for (const char* body : {"",
                             "null",
                             "[]",
                             "\"openid\"",
                             "1",
                             "{",
                             "{}",
                             "<xml/>",
                             "{\"openid\":1,\"session_key\":\"k\"}",
                             "{\"openid\":\"o1\"}",
                             "{\"openid\":\"o1\",\"session_key\":null}",
                             "{\"openid\":\"\",\"session_key\":\"k\"}",
                             "{\"openid\":\"o1\",\"session_key\":\"\"}",
                             "{\"openid\":[\"o1\"],\"session_key\":{}}",
                             "{\"errcode\":40029}",
                             "{\"errcode\":40029,\"errmsg\":null}",
                             "{\"errcode\":40029,\"errmsg\":7}",
                             "{\"errcode\":40029,\"errmsg\":{\"a\":[]}}",
                             "{\"errcode\":\"40029\",\"errmsg\":\"x\"}",
                             "{\"errcode\":4.5}",
                             "{\"errcode\":-1,\"openid\":\"o1\",\"session_key\":\"k\"}",
                             "{\"errcode\":99999999999999999999}",
                             "{\"errcode\":18446744073709551615}",
                             "{\"openid\":\"\xD6\xA7\"}",
                             "{\"openid\":\"\\ud800\",\"session_key\":\"k\"}"}) {
        transport.answer_with(body);
        EXPECT_FALSE(client().code_to_session("x")) << body;
    }
    transport.answer_with(std::string(100'000, '['));
    EXPECT_FALSE(client().code_to_session("x"));
    const std::string deep = std::string(33, '[') + std::string(33, ']');
    transport.answer_with(R"({"openid":"o1","session_key":"k","x":)" + deep + "}");
    EXPECT_FALSE(client().code_to_session("x"));
    transport.answer_with(R"({"openid":"o1","session_key":"k"})", 502);
    EXPECT_FALSE(client().code_to_session("x"));
    transport.answer_with(R"({"errcode":-9223372036854775808,"errmsg":"x"})");
    EXPECT_EQ(client().code_to_session("x").error().field, "-9223372036854775808");
}

TEST_F(V2Client, NeverTellsItsAppSecret) {
    for (const char* body : {"", "{\"errcode\":40125,\"errmsg\":\"invalid appsecret\"}", "{}"}) {
        transport.answer_with(body);
        const auto session = client().code_to_session("x");
        ASSERT_FALSE(session);
        EXPECT_THAT(session.error().detail, Not(HasSubstr("5a6c3f1b")));
    }
}

RefundRequest refund() { return {"20240601120000001", "R20240601130000001", Fen{888}, Fen{100}}; }

TEST_F(V2Client, AsksForARefund) {
    answer_with_known("refund.reply");
    RefundRequest request = refund();
    request.refund_desc = "商品已售完";
    request.notify_url = "https://merchant.example.com/wxpay/refund_notify";
    const auto reply = client().refund(request);
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->out_trade_no, "20240601120000001");
    EXPECT_EQ(reply->transaction_id, "4200002288202406010123456789");
    EXPECT_EQ(reply->out_refund_no, "R20240601130000001");
    EXPECT_EQ(reply->refund_id, "50302006882024060113456789012");
    EXPECT_EQ(reply->total_fee, Fen{888});
    EXPECT_EQ(reply->refund_fee, Fen{100});

    EXPECT_EQ(transport.requests[0].path, "/secapi/pay/refund");
    const XmlMessage message = sent();
    EXPECT_TRUE(verify(message.fields(), message.get("sign"), kKey, SignType::md5));
    EXPECT_EQ(message.get("total_fee"), "888");
    EXPECT_EQ(message.get("refund_fee"), "100");
    EXPECT_EQ(message.get("out_refund_no"), "R20240601130000001");
    EXPECT_EQ(message.get("refund_desc"), "商品已售完");
    EXPECT_EQ(message.get("notify_url"), "https://merchant.example.com/wxpay/refund_notify");
}

TEST_F(V2Client, SaysWhyARefundWasRefused) {
    answer_with_known("refund_not_enough.reply");
    const auto reply = client().refund(refund());
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::refused);
    EXPECT_EQ(reply.error().field, "NOTENOUGH");
    EXPECT_THAT(reply.error().detail, HasSubstr("基本账户余额不足"));
}

TEST_F(V2Client, TakesNoRefundWithoutAnIdOrAmounts) {
    for (const char* missing : {"refund_id", "total_fee", "refund_fee"}) {
        std::vector<FieldView> fields{{"refund_id", "50302006882024060113456789012"},
                                      {"total_fee", "888"},
                                      {"refund_fee", "100"}};
        std::erase_if(fields, [&](const FieldView& field) { return field.name == missing; });
        transport.answer_with(signed_reply(fields));
        EXPECT_FALSE(client().refund(refund())) << missing;
    }
    transport.answer_with("<html>400 No required SSL certificate was sent</html>", 400);
    EXPECT_EQ(client().refund(refund()).error().code, Errc::malformed);
}

TEST_F(V2Client, AsksHowARefundStands) {
    answer_with_known("refundquery.reply");
    const auto reply = client().refund_query("R20240601130000001");
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(transport.requests[0].path, "/pay/refundquery");
    EXPECT_EQ(sent().get("out_refund_no"), "R20240601130000001");
    EXPECT_EQ(reply->appid, "wx8888888888888888");
    EXPECT_EQ(reply->mch_id, "1900000109");
    EXPECT_EQ(reply->out_trade_no, "20240601120000001");
    EXPECT_EQ(reply->transaction_id, "4200002288202406010123456789");
    EXPECT_EQ(reply->out_refund_no, "R20240601130000001");
    EXPECT_EQ(reply->refund_id, "50302006882024060113456789012");
    EXPECT_EQ(reply->status, RefundStatus::success);
    EXPECT_EQ(reply->total_fee, Fen{888});
    EXPECT_EQ(reply->refund_fee, Fen{100});
    EXPECT_EQ(reply->success_time, parse_compact_time("20240601130008"));
}

TEST_F(V2Client, KnowsEachStateOfARefundAndNoOther) {
    const auto status = [&](const char* word) {
        transport.answer_with(signed_reply(
            {{"total_fee", "888"}, {"refund_fee_0", "100"}, {"refund_status_0", word}}));
        return client().refund_query("R1");
    };
    EXPECT_EQ(status("PROCESSING")->status, RefundStatus::processing);
    EXPECT_EQ(status("CHANGE")->status, RefundStatus::change);
    EXPECT_EQ(status("REFUNDCLOSE")->status, RefundStatus::closed);
    EXPECT_FALSE(status("FAIL"));
    EXPECT_FALSE(status(""));
    answer_with_known("refundquery_unknown.reply");
    EXPECT_EQ(client().refund_query("R1").error().field, "REFUNDNOTEXIST");
}

TEST_F(V2Client, TakesNoMomentOfARefundInAnotherForm) {
    transport.answer_with(signed_reply({{"total_fee", "888"},
                                        {"refund_fee_0", "100"},
                                        {"refund_status_0", "SUCCESS"},
                                        {"refund_success_time_0", "20240601130008"}}));
    const auto reply = client().refund_query("R1");
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::invalid_value);
    EXPECT_EQ(reply.error().field, "refund_success_time_0");
}

TEST_F(V2Client, DownloadsABillPackedOrNot) {
    const std::string bill = test::read_vector_file("messages/downloadbill.csv");
    transport.answer_with(gzip(bill));
    EXPECT_EQ(*client().download_bill("20240601"), bill);
    EXPECT_EQ(transport.requests[0].path, "/pay/downloadbill");
    const XmlMessage message = sent();
    EXPECT_EQ(message.get("bill_date"), "20240601");
    EXPECT_EQ(message.get("bill_type"), "ALL");
    EXPECT_EQ(message.get("tar_type"), "GZIP");
    transport.answer_with(bill);
    EXPECT_EQ(*client().download_bill("20240601"), bill);
    transport.answer_with(gzip(bill).substr(0, 100));
    EXPECT_EQ(client().download_bill("20240601").error().code, Errc::malformed);
}

TEST_F(V2Client, SaysWhyThereIsNoBill) {
    answer_with_known("downloadbill_none.reply");
    const auto bill = client().download_bill("20240601");
    ASSERT_FALSE(bill);
    EXPECT_EQ(bill.error().code, Errc::refused);
    EXPECT_EQ(bill.error().field, "No Bill Exist");
    EXPECT_THAT(bill.error().detail, HasSubstr("20002"));
}

}  // namespace
}  // namespace wxpay::v2
