#include "core/client/v3_client.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/base/random.hpp"
#include "core/codec/base64.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/gzip.hpp"
#include "core/codec/json.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/notification.hpp"
#include "core/v3/resource.hpp"
#include "core/v3/sign.hpp"

#include "tests/support/v3_vectors.hpp"

namespace wxpay::v3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::ordered_json;

const Instant kNow = test::second("1710000000");
constexpr const char* kFirst = "platform_certificate_1";
constexpr const char* kSecond = "platform_certificate_2";
constexpr const char* kPublicKey = "wechatpay_public_key";

class FixedClock final : public Clock {
  public:
    Instant now() const override { return at; }
    std::atomic<Instant> at = kNow;
};

/// Keeps what was asked and answers as told, one answer after the other; the last one stays.
class FakeTransport final : public http::Transport {
  public:
    Result<http::Response> send(const http::Request& request) override {
        const std::lock_guard lock(mutex_);
        requests.push_back(request);
        if (answers.empty()) return Failure{Error{Errc::unreachable, "nobody there"}};
        auto answer = answers.front();
        if (answers.size() > 1) answers.pop_front();
        return answer;
    }

    std::vector<http::Request> requests;
    std::deque<Result<http::Response>> answers;

  private:
    std::mutex mutex_;
};

http::Response signed_answer(std::string body, int status = 200, const char* key = kFirst,
                             Instant at = kNow) {
    http::Response response{status, {}, std::move(body)};
    add_signature(response.headers, test::v3_key(key), test::v3_serial(key), at, "nonce",
                  response.body);
    return response;
}

/// The answer to /v3/certificates with these, signed by one of them.
http::Response certificates(const std::vector<const char*>& names, const char* signer,
                            Instant at = kNow) {
    Json data = Json::array();
    for (const char* name : names) {
        const std::string pem = test::v3_vectors().at("keys").at(name).at("certificate_pem");
        const Resource sealed = seal(test::v3_api_key(), "", "certificate", "61f9c719728a", pem);
        data.push_back({{"serial_no", test::v3_serial(name)},
                        {"encrypt_certificate",
                         {{"algorithm", kResourceAlgorithm},
                          {"associated_data", sealed.associated_data},
                          {"ciphertext", sealed.ciphertext},
                          {"nonce", sealed.nonce}}}});
    }
    return signed_answer(dump_json(Json{{"data", data}}), 200, signer, at);
}

class V3Client : public testing::Test {
  protected:
    Client client(PlatformKeys keys = test::v3_platform_keys()) {
        return Client({"wxd678efh567hg6787", "1900009191", test::v3_serial("merchant"),
                       test::v3_key("merchant"), test::v3_api_key()},
                      std::move(keys), transport, random, clock);
    }
    void answer_with(http::Response response) { transport.answers = {std::move(response)}; }
    const http::Request& sent() const {
        EXPECT_EQ(transport.requests.size(), 1U);
        return transport.requests.at(0);
    }
    /// Whether the service would take the request for the merchant's.
    static void expect_signed(const http::Request& request) {
        const auto said = parse_authorization(request.headers.get("Authorization"));
        ASSERT_TRUE(said) << said.error().what;
        EXPECT_EQ(said->mchid, "1900009191");
        EXPECT_EQ(said->serial_no, test::v3_serial("merchant"));
        EXPECT_EQ(said->timestamp, "1710000000");
        EXPECT_EQ(said->nonce_str.size(), 32U);
        const std::string message = request_string(request.method, http::target_of(request),
                                                   said->timestamp, said->nonce_str, request.body);
        EXPECT_TRUE(test::v3_key("merchant")
                        .public_key()
                        .verify_sha256(message, *base64_decode(said->signature)));
        EXPECT_EQ(request.headers.get("Accept"), "application/json");
        EXPECT_NE(request.headers.get("User-Agent"), "");
        EXPECT_EQ(request.headers.get("Content-Type"),
                  request.body.empty() ? "" : "application/json");
    }

    FakeTransport transport;
    SeededRandom random{1};
    FixedClock clock;
};

PrepayRequest order(TradeType type = TradeType::jsapi) {
    PrepayRequest request;
    request.trade_type = type;
    request.description = "Image形象店-深圳腾大-QQ公仔";
    request.out_trade_no = "1217752501201407033233368018";
    request.total = Fen{100};
    request.notify_url = "https://merchant.example.com/notify";
    return request;
}

constexpr const char* kPaid =
    R"({"amount":{"currency":"CNY","payer_currency":"CNY","payer_total":100,"total":100},)"
    R"("appid":"wxd678efh567hg6787","attach":"a","bank_type":"OTHERS","mchid":"1900009191",)"
    R"("out_trade_no":"T20240310000001","payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},)"
    R"("promotion_detail":[],"success_time":"2024-03-10T00:00:05+08:00","trade_state":"SUCCESS",)"
    R"("trade_state_desc":"支付成功","trade_type":"JSAPI",)"
    R"("transaction_id":"4200002077202403091234567890"})";
constexpr const char* kUnpaid =
    R"({"amount":{"currency":"CNY","payer_currency":"CNY","payer_total":100,"total":100},)"
    R"("appid":"wxd678efh567hg6787","mchid":"1900009191","out_trade_no":"T20240310000002",)"
    R"("payer":{},"promotion_detail":[],"trade_state":"NOTPAY","trade_state_desc":"订单未支付"})";
constexpr const char* kRefund =
    R"({"amount":{"currency":"CNY","discount_refund":0,"from":[],"payer_refund":1,)"
    R"("payer_total":100,"refund":1,"refund_fee":0,"settlement_refund":1,"settlement_total":100,)"
    R"("total":100},"channel":"ORIGINAL","create_time":"2024-03-10T00:10:00+08:00",)"
    R"("out_refund_no":"R1","out_trade_no":"T20240310000001","promotion_detail":[],)"
    R"("refund_id":"50302908442024031000000000001","status":"PROCESSING",)"
    R"("transaction_id":"4200002077202403091234567890","user_received_account":"支付用户零钱"})";

TEST_F(V3Client, PostsASignedOrder) {
    answer_with(signed_answer(R"({"prepay_id":"wx10000004000000a1b2c3d4e5f60718290a"})"));
    PrepayRequest request = order();
    request.openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";
    const auto reply = client().prepay(request);
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->prepay_id, "wx10000004000000a1b2c3d4e5f60718290a");
    EXPECT_EQ(sent().method, "POST");
    EXPECT_EQ(sent().path, "/v3/pay/transactions/jsapi");
    expect_signed(sent());
    EXPECT_EQ(sent().body, R"({"appid":"wxd678efh567hg6787","mchid":"1900009191",)"
                           R"("description":"Image形象店-深圳腾大-QQ公仔",)"
                           R"("out_trade_no":"1217752501201407033233368018",)"
                           R"("notify_url":"https://merchant.example.com/notify",)"
                           R"("amount":{"total":100,"currency":"CNY"},)"
                           R"("payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}})");
    // The key whose signature we want.
    EXPECT_EQ(sent().headers.get("Wechatpay-Serial"), test::v3_serial(kPublicKey));
}

TEST_F(V3Client, NamesNoKeyWhenItHasCertificates) {
    PlatformKeys keys;
    keys.add(test::v3_serial(kFirst), test::v3_key(kFirst).public_key());
    answer_with(signed_answer(R"({"prepay_id":"wx1"})"));
    EXPECT_TRUE(client(keys).prepay(order()));
    EXPECT_EQ(sent().headers.find("Wechatpay-Serial"), std::nullopt);
}

TEST_F(V3Client, OrdersInEachWay) {
    answer_with(
        signed_answer(R"({"code_url":"weixin://wxpay/bizpayurl?pr=JyC91EIz1"})", 200, kPublicKey));
    EXPECT_EQ(client().prepay(order(TradeType::native))->code_url,
              "weixin://wxpay/bizpayurl?pr=JyC91EIz1");
    EXPECT_EQ(transport.requests[0].path, "/v3/pay/transactions/native");

    answer_with(signed_answer(R"({"prepay_id":"wx2"})"));
    EXPECT_EQ(client().prepay(order(TradeType::app))->prepay_id, "wx2");
    EXPECT_EQ(transport.requests[1].path, "/v3/pay/transactions/app");

    answer_with(signed_answer(R"({"h5_url":"https://wx.tenpay.com/x"})"));
    PrepayRequest request = order(TradeType::mweb);
    request.payer_client_ip = "14.23.150.211";
    request.attach = "a";
    request.time_expire = *parse_rfc3339("2024-03-10T01:00:00+08:00");
    EXPECT_EQ(client().prepay(request)->h5_url, "https://wx.tenpay.com/x");
    EXPECT_EQ(transport.requests[2].path, "/v3/pay/transactions/h5");
    const auto body = Json::parse(transport.requests[2].body);
    EXPECT_EQ(body.at("scene_info").dump(),
              R"({"payer_client_ip":"14.23.150.211","h5_info":{"type":"Wap"}})");
    EXPECT_EQ(body.at("attach"), "a");
    EXPECT_EQ(body.at("time_expire"), "2024-03-10T01:00:00+08:00");
    EXPECT_FALSE(body.contains("payer"));

    EXPECT_EQ(client().prepay(order(TradeType::micropay)).error().code, Errc::invalid_value);
    EXPECT_EQ(client().prepay(order(TradeType::native)).error().field, "code_url");
    EXPECT_EQ(client().prepay(order()).error().field, "prepay_id");
}

TEST_F(V3Client, ReadsAPaidOrder) {
    answer_with(signed_answer(kPaid));
    const auto reply = client().order_query("T20240310000001");
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(sent().method, "GET");
    EXPECT_EQ(sent().path, "/v3/pay/transactions/out-trade-no/T20240310000001");
    EXPECT_EQ(sent().query, "mchid=1900009191");
    expect_signed(sent());
    EXPECT_EQ(reply->trade_state, TradeState::success);
    EXPECT_EQ(reply->trade_state_desc, "支付成功");
    EXPECT_EQ(reply->appid, "wxd678efh567hg6787");
    EXPECT_EQ(reply->mchid, "1900009191");
    EXPECT_EQ(reply->out_trade_no, "T20240310000001");
    EXPECT_EQ(reply->transaction_id, "4200002077202403091234567890");
    EXPECT_EQ(reply->openid, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    EXPECT_EQ(reply->trade_type, "JSAPI");
    EXPECT_EQ(reply->attach, "a");
    EXPECT_EQ(reply->total, Fen{100});
    EXPECT_EQ(reply->currency, "CNY");
    EXPECT_EQ(reply->success_time, parse_rfc3339("2024-03-10T00:00:05+08:00"));
}

TEST_F(V3Client, ReadsAnUnpaidOrder) {
    answer_with(signed_answer(kUnpaid));
    const auto reply = client().order_query("T20240310000002");
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->trade_state, TradeState::not_paid);
    EXPECT_EQ(reply->total, Fen{100});
    EXPECT_EQ(reply->transaction_id, "");
    EXPECT_EQ(reply->success_time, std::nullopt);
}

TEST_F(V3Client, SignsWhatStandsOnTheRequestLine) {
    answer_with(signed_answer(kPaid));
    EXPECT_TRUE(client().order_query("ORDER|2024*01"));
    expect_signed(sent());
    EXPECT_EQ(http::target_of(sent()),
              "/v3/pay/transactions/out-trade-no/ORDER%7C2024*01?mchid=1900009191");
    for (const char* number : {"", "a/b", "..", "/"})
        EXPECT_EQ(client().order_query(number).error().field, "out_trade_no");
    EXPECT_EQ(client().close_order("../x").error().field, "out_trade_no");
    EXPECT_EQ(client().refund_query("a/b").error().field, "out_refund_no");
    EXPECT_EQ(transport.requests.size(), 1U);
}

TEST_F(V3Client, ClosesAnOrder) {
    answer_with(signed_answer("", 204));
    EXPECT_TRUE(client().close_order("T20240310000002"));
    EXPECT_EQ(sent().path, "/v3/pay/transactions/out-trade-no/T20240310000002/close");
    EXPECT_EQ(sent().body, R"({"mchid":"1900009191"})");
    expect_signed(sent());
}

TEST_F(V3Client, AsksForARefund) {
    answer_with(signed_answer(kRefund));
    RefundRequest request{"T20240310000001", "R1", Fen{100}, Fen{1}};
    request.reason = "demo";
    request.notify_url = "https://merchant.example.com/refund";
    const auto reply = client().refund(request);
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(sent().path, "/v3/refund/domestic/refunds");
    EXPECT_EQ(sent().body,
              R"({"out_trade_no":"T20240310000001","out_refund_no":"R1","reason":"demo",)"
              R"("notify_url":"https://merchant.example.com/refund",)"
              R"("amount":{"refund":1,"total":100,"currency":"CNY"}})");
    expect_signed(sent());
    EXPECT_EQ(reply->out_trade_no, "T20240310000001");
    EXPECT_EQ(reply->transaction_id, "4200002077202403091234567890");
    EXPECT_EQ(reply->out_refund_no, "R1");
    EXPECT_EQ(reply->refund_id, "50302908442024031000000000001");
    EXPECT_EQ(reply->status, RefundStatus::processing);
    EXPECT_EQ(reply->total, Fen{100});
    EXPECT_EQ(reply->refund, Fen{1});
    EXPECT_EQ(reply->success_time, std::nullopt);
}

TEST_F(V3Client, ReadsARefundInEachState) {
    for (const auto& [word, status] :
         {std::pair("PROCESSING", RefundStatus::processing),
          std::pair("SUCCESS", RefundStatus::success), std::pair("CLOSED", RefundStatus::closed),
          std::pair("ABNORMAL", RefundStatus::abnormal)}) {
        std::string body = kRefund;
        body.replace(body.find("PROCESSING"), 10, word);
        answer_with(signed_answer(body));
        const auto reply = client().refund_query("R1");
        ASSERT_TRUE(reply) << word;
        EXPECT_EQ(reply->status, status);
        EXPECT_EQ(wire_name(reply->status), word);
    }
    EXPECT_EQ(transport.requests[0].path, "/v3/refund/domestic/refunds/R1");
    std::string body = kRefund;
    body.replace(body.find("PROCESSING"), 10, "CHANGE");
    answer_with(signed_answer(body));
    EXPECT_EQ(client().refund_query("R1").error().field, "status");
}

TEST_F(V3Client, PassesOnASignedRefusal) {
    answer_with(signed_answer(R"({"code":"ORDER_NOT_EXIST","message":"订单不存在"})", 404));
    const auto reply = client().order_query("T1");
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::refused);
    EXPECT_EQ(reply.error().field, "ORDER_NOT_EXIST");
    EXPECT_THAT(reply.error().detail, HasSubstr("订单不存在"));
}

TEST_F(V3Client, KnowsThatA401IsNotSigned) {
    answer_with({401, {}, R"({"code":"SIGN_ERROR","message":"商户证书序列号有误。"})"});
    const auto reply = client().order_query("T1");
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Errc::refused);
    EXPECT_EQ(reply.error().field, "SIGN_ERROR");
    EXPECT_THAT(reply.error().detail, HasSubstr("商户证书序列号有误。"));
    // Nothing that ends a refund for good can be forged into one.
    answer_with({401, {}, R"({"code":"NOT_ENOUGH","message":"x"})"});
    EXPECT_EQ(client().refund({"T1", "R1", Fen{1}, Fen{1}}).error().field, "SIGN_ERROR");
    EXPECT_EQ(transport.requests.size(), 2U);
}

TEST_F(V3Client, BelievesNothingThatIsNotSigned) {
    answer_with({200, {}, kPaid});
    EXPECT_EQ(client().order_query("T1").error().code, Errc::missing_field);
    answer_with({404, {}, R"({"code":"ORDER_NOT_EXIST","message":"x"})"});
    EXPECT_EQ(client().order_query("T1").error().code, Errc::malformed);
    EXPECT_EQ(client().order_query("T1").error().field, "");
    answer_with({502, {}, "<html>"});
    EXPECT_EQ(client().order_query("T1").error().code, Errc::malformed);
    EXPECT_THAT(client().order_query("T1").error().detail, HasSubstr("502"));
    answer_with({204, {}, ""});
    EXPECT_FALSE(client().close_order("T1"));

    for (const int status : {200, 404}) {
        http::Response forged = signed_answer(kUnpaid, status);
        forged.body = kPaid;
        answer_with(forged);
        EXPECT_EQ(client().order_query("T1").error().code, Errc::signature_mismatch);
        forged = signed_answer(kPaid, status);
        forged.headers.set(
            "Wechatpay-Signature",
            "WECHATPAY/SIGNTEST/" + std::string(forged.headers.get("Wechatpay-Signature")));
        answer_with(forged);
        EXPECT_EQ(client().order_query("T1").error().code, Errc::signature_mismatch);
    }
}

TEST_F(V3Client, RefusesAnOldAnswer) {
    answer_with(signed_answer(kPaid, 200, kFirst, kNow - std::chrono::seconds(301)));
    EXPECT_EQ(client().order_query("T1").error().field, "Wechatpay-Timestamp");
    answer_with(signed_answer(kPaid, 200, kFirst, kNow - std::chrono::seconds(300)));
    EXPECT_TRUE(client().order_query("T1"));
}

TEST_F(V3Client, ReportsWhatIsNoAnswer) {
    EXPECT_EQ(client().order_query("T1").error().code, Errc::unreachable);
    for (const char* body : {"", "[]", "null", "{", "x"}) {
        answer_with(signed_answer(body));
        EXPECT_EQ(client().order_query("T1").error().code, Errc::malformed) << body;
        answer_with(signed_answer(body, 400));
        EXPECT_EQ(client().order_query("T1").error().code, Errc::malformed) << body;
    }
    answer_with(signed_answer("{}", 500));
    EXPECT_EQ(client().order_query("T1").error().code, Errc::malformed);
    answer_with(signed_answer("{}"));
    EXPECT_EQ(client().order_query("T1").error().field, "appid");
    EXPECT_EQ(client().refund_query("T1").error().field, "out_trade_no");
    const auto with = [&](std::string_view old, std::string_view other) {
        std::string body = kPaid;
        body.replace(body.find(old), old.size(), other);
        answer_with(signed_answer(body));
        return client().order_query("T1").error();
    };
    EXPECT_EQ(with("\"trade_state\":\"SUCCESS\"", "\"trade_state\":\"PAID\"").field, "trade_state");
    EXPECT_EQ(with("4200002077202403091234567890", "").field, "transaction_id");
    EXPECT_EQ(with("\"total\":100", "\"total\":1.5").field, "total");
    EXPECT_EQ(with("\"total\":100", "\"total\":-1").field, "total");
    EXPECT_EQ(with("\"total\":100", "\"total\":18446744073709551615").field, "total");
    EXPECT_EQ(with("\"total\":100", "\"total\":\"100\"").field, "total");
    EXPECT_EQ(with("\"total\":100", "\"tota\":100").code, Errc::missing_field);
    EXPECT_EQ(with("2024-03-10T00:00:05+08:00", "20240310000005").field, "success_time");
    EXPECT_EQ(with("\"1900009191\"", "1900009191").field, "mchid");
}

TEST_F(V3Client, DownloadsABill) {
    // SHA-1 of "abc", FIPS 180-2 appendix A.
    const std::string promise =
        R"({"download_url":"https://api.mch.weixin.qq.com/v3/billdownload/file?token=A%2FB&tartype=gzip",)"
        R"("hash_type":"SHA1","hash_value":"a9993e364706816aba3e25717850c26c9cd0d89d"})";
    for (const std::string& file : {gzip("abc"), std::string("abc")}) {
        transport.requests.clear();
        transport.answers = {signed_answer(promise), http::Response{200, {}, file}};
        const auto bill = client().trade_bill("2024-03-10");
        ASSERT_TRUE(bill) << bill.error().detail;
        EXPECT_EQ(*bill, "abc");
        EXPECT_EQ(transport.requests[0].path, "/v3/bill/tradebill");
        EXPECT_EQ(transport.requests[0].query, "bill_date=2024-03-10&bill_type=ALL&tar_type=GZIP");
        EXPECT_EQ(transport.requests[1].path, "/v3/billdownload/file");
        EXPECT_EQ(http::target_of(transport.requests[1]),
                  "/v3/billdownload/file?token=A%2FB&tartype=gzip");
        for (const http::Request& request : transport.requests) expect_signed(request);
    }

    transport.answers = {signed_answer(promise), http::Response{200, {}, "abd"}};
    EXPECT_EQ(client().trade_bill("2024-03-10").error().code, Errc::mismatch);
    transport.answers = {signed_answer(promise), http::Response{200, {}, gzip("abd")}};
    EXPECT_EQ(client().trade_bill("2024-03-10").error().field, "hash_value");
    transport.answers = {signed_answer(promise),
                         http::Response{200, {}, gzip("abc").substr(0, 15)}};
    EXPECT_EQ(client().trade_bill("2024-03-10").error().code, Errc::malformed);
    transport.answers = {signed_answer(promise), http::Response{401, {}, "{}"}};
    EXPECT_EQ(client().trade_bill("2024-03-10").error().field, "SIGN_ERROR");
    transport.answers = {signed_answer(promise), http::Response{404, {}, "{}"}};
    EXPECT_EQ(client().trade_bill("2024-03-10").error().code, Errc::malformed);
}

TEST_F(V3Client, KnowsThatThereIsNoBill) {
    answer_with(signed_answer(R"({"code":"NO_STATEMENT_EXIST","message":"账单文件不存在"})", 400));
    EXPECT_EQ(client().trade_bill("2024-03-10").error().field, "NO_STATEMENT_EXIST");
    // An unsigned promise is none.
    answer_with({200, {}, R"({"download_url":"http://a/","hash_type":"SHA1","hash_value":"x"})"});
    EXPECT_EQ(client().trade_bill("2024-03-10").error().code, Errc::missing_field);
    for (const char* promise :
         {R"({"hash_type":"SHA1","hash_value":"x"})",
          R"({"download_url":"no url","hash_type":"SHA1","hash_value":"x"})",
          R"({"download_url":"http://a/","hash_type":"SHA1"})",
          R"({"download_url":"http://a/","hash_type":"MD5","hash_value":"x"})"}) {
        transport.requests.clear();
        answer_with(signed_answer(promise));
        EXPECT_FALSE(client().trade_bill("2024-03-10")) << promise;
        EXPECT_EQ(transport.requests.size(), 1U);
    }
}

TEST_F(V3Client, SignsWhatTheCashierNeeds) {
    Client us = client();
    const JsapiPayment payment = us.jsapi_payment("wx1");
    EXPECT_EQ(payment.app_id, "wxd678efh567hg6787");
    EXPECT_EQ(payment.time_stamp, "1710000000");
    EXPECT_EQ(payment.nonce_str.size(), 32U);
    EXPECT_EQ(payment.package, "prepay_id=wx1");
    EXPECT_EQ(payment.sign_type, "RSA");
    const RsaPublicKey key = test::v3_key("merchant").public_key();
    EXPECT_TRUE(key.verify_sha256(
        "wxd678efh567hg6787\n1710000000\n" + payment.nonce_str + "\nprepay_id=wx1\n",
        *base64_decode(payment.pay_sign)));
    const AppPayment app = us.app_payment("wx1");
    EXPECT_EQ(app.partner_id, "1900009191");
    EXPECT_EQ(app.prepay_id, "wx1");
    EXPECT_EQ(app.package_value, "Sign=WXPay");
    EXPECT_TRUE(key.verify_sha256("wxd678efh567hg6787\n1710000000\n" + app.nonce_str + "\nwx1\n",
                                  *base64_decode(app.sign)));
    EXPECT_NE(app.nonce_str, payment.nonce_str);
}

TEST(V3PaySign, GivesTheKnownAnswers) {
    for (const Json& entry : test::v3_vectors().at("pay_sign")) {
        const RsaPrivateKey key = test::v3_key("merchant");
        const std::string signature = entry.at("signature");
        if (entry.at("kind") == "app") {
            AppPayment payment;
            payment.app_id = entry.at("appId");
            payment.time_stamp = entry.at("timeStamp");
            payment.nonce_str = entry.at("nonceStr");
            payment.prepay_id = entry.at("front_end_parameters").at("prepayId");
            EXPECT_EQ(pay_sign(payment, key), signature);
        } else {
            JsapiPayment payment;
            payment.app_id = entry.at("appId");
            payment.time_stamp = entry.at("timeStamp");
            payment.nonce_str = entry.at("nonceStr");
            payment.package = entry.at("front_end_parameters").at("package");
            EXPECT_EQ(pay_sign(payment, key), signature);
        }
    }
}

TEST_F(V3Client, DownloadsCertificates) {
    Client us = client({});
    EXPECT_TRUE(us.keys()->empty());
    answer_with(certificates({kFirst, kSecond}, kFirst));
    ASSERT_TRUE(us.refresh_certificates());
    EXPECT_EQ(sent().path, "/v3/certificates");
    expect_signed(sent());
    EXPECT_THAT(us.keys()->serials(),
                ElementsAre(test::v3_serial(kFirst), test::v3_serial(kSecond)));
    answer_with(signed_answer(kPaid, 200, kSecond));
    EXPECT_TRUE(us.order_query("T20240310000001"));
}

TEST_F(V3Client, ReadsTheKnownAnswerWithTwoCertificates) {
    for (const Json& entry : test::v3_vectors().at("platform_signatures")) {
        if (entry.at("name") != "certificates-200-two-certificates") continue;
        clock.at = test::second(entry.at("headers").at("Wechatpay-Timestamp"));
        answer_with({200, test::headers_of(entry.at("headers")), entry.at("body")});
        Client us = client({});
        ASSERT_TRUE(us.refresh_certificates());
        EXPECT_EQ(us.keys()->find(test::v3_serial(kFirst))->pem(),
                  test::v3_key(kFirst).public_key().pem());
        EXPECT_EQ(us.keys()->serials().size(), 2U);
    }
}

TEST_F(V3Client, LearnsItsFirstKeyFromTheFirstAnswer) {
    transport.answers = {signed_answer(kPaid), certificates({kFirst}, kFirst),
                         signed_answer(kPaid)};
    Client us = client({});
    EXPECT_TRUE(us.order_query("T20240310000001"));
    EXPECT_TRUE(us.order_query("T20240310000001"));
    ASSERT_EQ(transport.requests.size(), 3U);
    EXPECT_EQ(transport.requests[1].path, "/v3/certificates");
}

TEST_F(V3Client, FollowsARotation) {
    Client us = client({});
    answer_with(certificates({kFirst}, kFirst));
    ASSERT_TRUE(us.refresh_certificates());
    // The second one is published while the first still signs; then the first one goes.
    transport.answers = {signed_answer(kPaid, 200, kSecond),
                         certificates({kFirst, kSecond}, kFirst)};
    EXPECT_TRUE(us.order_query("T20240310000001"));
    EXPECT_EQ(us.keys()->serials().size(), 2U);
    answer_with(certificates({kSecond}, kFirst));
    ASSERT_TRUE(us.refresh_certificates());
    EXPECT_THAT(us.keys()->serials(), ElementsAre(test::v3_serial(kSecond)));
    answer_with(certificates({kSecond}, kFirst));
    EXPECT_EQ(us.refresh_certificates().error().field, "Wechatpay-Serial");
}

TEST_F(V3Client, ForgetsWithinAnHourWhatWasWithdrawn) {
    Client us = client({});
    answer_with(certificates({kFirst, kSecond}, kFirst));
    ASSERT_TRUE(us.refresh_certificates());
    const auto asks_at = [&](Instant now) {
        clock.at = now;
        transport.requests.clear();
        transport.answers = {signed_answer(kPaid, 200, kSecond, now),
                             certificates({kSecond}, kSecond, now)};
        EXPECT_TRUE(us.order_query("T20240310000001"));
        return transport.requests.size() == 2;
    };
    const Instant hour_later = kNow + std::chrono::hours(1);
    EXPECT_FALSE(asks_at(hour_later - Millis(1)));
    EXPECT_EQ(us.keys()->serials().size(), 2U);
    EXPECT_TRUE(asks_at(hour_later));
    EXPECT_THAT(us.keys()->serials(), ElementsAre(test::v3_serial(kSecond)));
    EXPECT_FALSE(asks_at(hour_later + Millis(1)));
}

TEST_F(V3Client, KeepsThePublicKeyItWasGiven) {
    PlatformKeys keys;
    keys.add(test::v3_serial(kPublicKey), test::v3_key(kPublicKey).public_key());
    Client us = client(keys);
    answer_with(certificates({kFirst}, kPublicKey));
    ASSERT_TRUE(us.refresh_certificates());
    EXPECT_THAT(us.keys()->serials(),
                ElementsAre(test::v3_serial(kPublicKey), test::v3_serial(kFirst)));
}

TEST_F(V3Client, DoesNotDownloadAgainAndAgain) {
    Client us = client({});
    transport.answers = {signed_answer(kPaid), http::Response{404, {}, "{}"}, signed_answer(kPaid)};
    for (int n = 0; n < 5; ++n) EXPECT_EQ(us.order_query("T1").error().field, "Wechatpay-Serial");
    EXPECT_EQ(transport.requests.size(), 6U);
    clock.at = kNow + std::chrono::seconds(10);
    EXPECT_FALSE(us.order_query("T1"));
    EXPECT_EQ(transport.requests.size(), 8U);
    // A public key cannot be downloaded.
    clock.at = kNow + std::chrono::seconds(60);
    answer_with(signed_answer(kPaid, 200, kPublicKey));
    EXPECT_EQ(us.order_query("T1").error().field, "Wechatpay-Serial");
    EXPECT_EQ(transport.requests.size(), 9U);
}

TEST_F(V3Client, TrustsOnlyRightCertificates) {
    Client us = client({});
    const auto refusal = [&](const http::Response& response) {
        answer_with(response);
        const auto refreshed = us.refresh_certificates();
        EXPECT_FALSE(refreshed);
        EXPECT_TRUE(us.keys()->empty());
        return refreshed ? Error{} : refreshed.error();
    };
    const auto edited = [](const std::function<void(Json&)>& edit) {
        Json body = Json::parse(certificates({kFirst}, kFirst).body);
        edit(body);
        return signed_answer(dump_json(body));
    };
    // Signed by a key that nobody vouches for.
    EXPECT_EQ(refusal(certificates({kFirst}, kSecond)).field, "Wechatpay-Serial");
    http::Response forged = certificates({kFirst}, kFirst);
    forged.body += " ";
    EXPECT_EQ(refusal(forged).code, Errc::signature_mismatch);
    EXPECT_EQ(refusal(edited([](Json& body) {
                  body["data"][0]["serial_no"] = test::v3_serial(kSecond);
              })).field,
              "serial_no");
    EXPECT_EQ(refusal(edited([](Json& body) {
                  body["data"][0]["encrypt_certificate"]["associated_data"] = "";
              })).code,
              Errc::signature_mismatch);
    EXPECT_EQ(refusal(edited([](Json& body) {
                  const Resource sealed =
                      seal(test::v3_api_key(), "", "certificate", "61f9c719728a", "no certificate");
                  body["data"][0]["encrypt_certificate"]["ciphertext"] = sealed.ciphertext;
              })).code,
              Errc::invalid_value);
    for (const char* data : {"{}", R"({"data":null})", R"({"data":[]})", R"({"data":[1]})",
                             R"({"data":[{}]})", R"({"data":{}})"})
        EXPECT_EQ(refusal(signed_answer(data)).code, Errc::missing_field) << data;
    EXPECT_EQ(refusal({200, {}, "{"}).code, Errc::malformed);
    EXPECT_EQ(refusal({401, {}, "{}"}).field, "SIGN_ERROR");
    EXPECT_EQ(refusal(signed_answer("", 204)).code, Errc::mismatch);
    // Not valid any more, or not yet.
    for (const char* when : {"2100-01-01T00:00:00Z", "2023-12-31T23:59:59Z"}) {
        clock.at = *parse_rfc3339(when);
        EXPECT_EQ(refusal(certificates({kFirst}, kFirst)).field, "data");
    }
}

TEST_F(V3Client, SwapsKeysWhileOthersUseThem) {
    Client us = client({});
    answer_with(certificates({kFirst, kSecond}, kFirst));
    ASSERT_TRUE(us.refresh_certificates());
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int n = 0; n < 3; ++n) {
        threads.emplace_back([&us, &right, n] {
            for (int turn = 0; turn < 10; ++turn) {
                if (n == 0)
                    right += us.refresh_certificates() ? 1 : 0;
                else
                    right += us.keys()->find(test::v3_serial(kSecond)) != nullptr ? 1 : 0;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, 30);
}

/// A callback as WeChat sends it.
struct Sent {
    http::Headers headers;
    std::string body;
};
Sent callback(const std::string& event_type, const std::string& plain,
              const Secret& key = test::v3_api_key()) {
    const std::string type = event_type.starts_with("REFUND") ? "refund" : "transaction";
    Sent out;
    out.body =
        render_notification({"7f8fcdb2-573a-547a-901e-4c34f9761293", "2024-03-10T00:00:06+08:00",
                             event_type, "x", seal(key, type, type, "fdasflkja484", plain)});
    add_signature(out.headers, test::v3_key(kFirst), test::v3_serial(kFirst), kNow, "nonce",
                  out.body);
    return out;
}

std::string vector_plaintext(const std::string& name) {
    for (const Json& entry : test::v3_vectors().at("aes_256_gcm"))
        if (entry.at("name") == name) return entry.at("plaintext");
    return {};
}

TEST_F(V3Client, ReadsAPaymentCallback) {
    const auto [headers, body] = callback("TRANSACTION.SUCCESS", kPaid);
    const auto payment = client().payment_callback(headers, body);
    ASSERT_TRUE(payment) << payment.error().detail;
    EXPECT_EQ(payment->out_trade_no, "T20240310000001");
    EXPECT_EQ(payment->total, Fen{100});
    EXPECT_EQ(client().refund_callback(headers, body).error().field, "event_type");
}

TEST_F(V3Client, ReadsTheKnownCallbacks) {
    for (const Json& entry : test::v3_vectors().at("platform_signatures")) {
        if (entry.at("kind") != "notify") continue;
        SCOPED_TRACE(entry.at("name").get<std::string>());
        clock.at = test::second(entry.at("headers").at("Wechatpay-Timestamp"));
        const http::Headers headers = test::headers_of(entry.at("headers"));
        const std::string body = entry.at("body");
        const auto payment = client().payment_callback(headers, body);
        const auto refund = client().refund_callback(headers, body);
        if (!entry.at("valid")) {
            EXPECT_EQ(payment.error().code, Errc::signature_mismatch);
            EXPECT_EQ(refund.error().code, Errc::signature_mismatch);
        } else if (entry.at("name") == "transaction-success-platform-certificate") {
            ASSERT_TRUE(payment) << payment.error().detail;
            EXPECT_EQ(payment->transaction_id, "4200002077202403091234567890");
            EXPECT_EQ(payment->attach, "自定义数据");
            EXPECT_EQ(payment->openid, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
            EXPECT_EQ(refund.error().field, "event_type");
        } else {
            ASSERT_TRUE(refund) << refund.error().detail;
            EXPECT_EQ(refund->mchid, "1900009191");
            EXPECT_EQ(refund->status, RefundStatus::success);
            EXPECT_EQ(refund->refund, Fen{1});
            EXPECT_EQ(refund->total, Fen{100});
            EXPECT_EQ(refund->success_time, parse_rfc3339("2024-03-10T00:10:05+08:00"));
            EXPECT_EQ(refund->user_received_account, "支付用户零钱");
            EXPECT_EQ(payment.error().field, "event_type");
        }
    }
}

TEST_F(V3Client, RefusesWrongCallbacks) {
    const std::string refund = vector_plaintext("refund-notify");
    Sent sent = callback("TRANSACTION.SUCCESS", kPaid);
    EXPECT_EQ(client().payment_callback({}, sent.body).error().code, Errc::missing_field);
    EXPECT_EQ(client().payment_callback(sent.headers, sent.body + " ").error().code,
              Errc::signature_mismatch);
    // Right in every way, but for another merchant.
    sent = callback("TRANSACTION.SUCCESS", kPaid, Secret(std::string(32, 'x')));
    EXPECT_EQ(client().payment_callback(sent.headers, sent.body).error().field, "ciphertext");
    sent = callback("TRANSACTION.SUCCESS", kUnpaid);
    EXPECT_EQ(client().payment_callback(sent.headers, sent.body).error().field, "trade_state");
    sent = callback("TRANSACTION.SUCCESS", refund);
    EXPECT_EQ(client().payment_callback(sent.headers, sent.body).error().field, "appid");
    sent = callback("REFUND.SUCCESS", refund);
    EXPECT_TRUE(client().refund_callback(sent.headers, sent.body));
    sent = callback("REFUND.CLOSED", refund);
    EXPECT_EQ(client().refund_callback(sent.headers, sent.body).error().field, "refund_status");
    sent = callback("REFUND", refund);
    EXPECT_EQ(client().refund_callback(sent.headers, sent.body).error().field, "event_type");
    sent = callback("REFUND.SUCCESS", "{}");
    EXPECT_EQ(client().refund_callback(sent.headers, sent.body).error().code, Errc::missing_field);
    clock.at = kNow + std::chrono::seconds(301);
    sent = callback("REFUND.SUCCESS", refund);
    EXPECT_EQ(client().refund_callback(sent.headers, sent.body).error().field,
              "Wechatpay-Timestamp");
}

TEST_F(V3Client, LearnsTheKeyOfACallback) {
    Client us = client({});
    answer_with(certificates({kFirst}, kFirst));
    const auto [headers, body] = callback("TRANSACTION.SUCCESS", kPaid);
    EXPECT_TRUE(us.payment_callback(headers, body));
    EXPECT_TRUE(us.payment_callback(headers, body));
    EXPECT_EQ(transport.requests.size(), 1U);
}

/// A gateway that does not answer /v3/certificates before it is told to.
class SlowCertificates final : public http::Transport {
  public:
    explicit SlowCertificates(http::Response answer) : answer_(std::move(answer)) {}
    Result<http::Response> send(const http::Request&) override {
        asked_.set_value();
        may_answer_.get_future().wait();
        return answer_;
    }
    void wait_until_asked() { asked_.get_future().wait(); }
    void answer() { may_answer_.set_value(); }

  private:
    http::Response answer_;
    std::promise<void> asked_;
    std::promise<void> may_answer_;
};

TEST_F(V3Client, MakesNoCallbackWaitForAnothersDownload) {
    SlowCertificates gateway(certificates({kFirst}, kFirst));
    PlatformKeys keys;  // of before
    keys.add(test::v3_serial(kSecond), test::v3_key(kSecond).public_key());
    Client us({"wxd678efh567hg6787", "1900009191", test::v3_serial("merchant"),
               test::v3_key("merchant"), test::v3_api_key()},
              keys, gateway, random, clock);
    const auto [headers, body] = callback("TRANSACTION.SUCCESS", kPaid);
    Result<PaymentResult> first = Failure{Error{}};
    std::thread downloading([&, &its_headers = headers, &its_body = body] {
        first = us.payment_callback(its_headers, its_body);
    });
    gateway.wait_until_asked();
    EXPECT_EQ(us.payment_callback(headers, body).error().field, "Wechatpay-Serial");
    gateway.answer();
    downloading.join();
    EXPECT_TRUE(first);
    EXPECT_TRUE(us.payment_callback(headers, body));
}

TEST_F(V3Client, UsesTheKeysItHasWhileOneDownloadsThemAgain) {
    SlowCertificates gateway(certificates({kFirst}, kFirst));
    PlatformKeys keys;
    keys.add(test::v3_serial(kFirst), test::v3_key(kFirst).public_key());
    Client us({"wxd678efh567hg6787", "1900009191", test::v3_serial("merchant"),
               test::v3_key("merchant"), test::v3_api_key()},
              keys, gateway, random, clock);
    std::thread downloading([&] { EXPECT_TRUE(us.refresh_certificates()); });
    gateway.wait_until_asked();
    const auto [headers, body] = callback("TRANSACTION.SUCCESS", kPaid);
    EXPECT_TRUE(us.payment_callback(headers, body));
    gateway.answer();
    downloading.join();
}

/// A gateway that takes its time, and then has nothing to say.
class SilentGateway final : public http::Transport {
  public:
    explicit SilentGateway(FixedClock& clock) : clock_(clock) {}
    Result<http::Response> send(const http::Request&) override {
        ++requests;
        clock_.at = clock_.now() + std::chrono::seconds(12);
        return Failure{Error{Errc::timed_out, "no complete answer in time"}};
    }
    int requests = 0;

  private:
    FixedClock& clock_;
};

TEST_F(V3Client, PausesAfterADownloadHoweverLongItTook) {
    SilentGateway gateway(clock);
    Client us({"wxd678efh567hg6787", "1900009191", test::v3_serial("merchant"),
               test::v3_key("merchant"), test::v3_api_key()},
              {}, gateway, random, clock);
    const auto [headers, body] = callback("TRANSACTION.SUCCESS", kPaid);
    for (int n = 0; n < 3; ++n)
        EXPECT_EQ(us.payment_callback(headers, body).error().field, "Wechatpay-Serial");
    EXPECT_EQ(gateway.requests, 1);
    clock.at = clock.now() + std::chrono::seconds(10);
    EXPECT_FALSE(us.payment_callback(headers, body));
    EXPECT_EQ(gateway.requests, 2);
}

TEST_F(V3Client, DownloadsNothingForACallbackThatIsRefusedAnyway) {
    Client us = client({});
    const auto [headers, body] = callback("TRANSACTION.SUCCESS", kPaid);
    clock.at = kNow + std::chrono::seconds(301);
    EXPECT_EQ(us.payment_callback(headers, body).error().field, "Wechatpay-Timestamp");
    http::Headers only_a_serial;
    only_a_serial.add("Wechatpay-Serial", test::v3_serial(kFirst));
    EXPECT_EQ(us.payment_callback(only_a_serial, body).error().code, Errc::missing_field);
    EXPECT_TRUE(transport.requests.empty());
}

TEST_F(V3Client, NeverTellsItsKeys) {
    const std::string key(test::v3_api_key().reveal());
    std::vector<Error> errors;
    answer_with({401, {}, "{}"});
    errors.push_back(client().order_query("T1").error());
    answer_with(signed_answer("{}"));
    errors.push_back(client().order_query("T1").error());
    errors.push_back(client().refresh_certificates().error());
    const Sent sent = callback("TRANSACTION.SUCCESS", kPaid, Secret(std::string(32, 'x')));
    errors.push_back(client().payment_callback(sent.headers, sent.body).error());
    for (const Error& error : errors) {
        EXPECT_THAT(error.detail, Not(HasSubstr(key)));
        EXPECT_THAT(error.detail, Not(HasSubstr("PRIVATE")));
    }
    for (const http::Request& request : transport.requests) {
        EXPECT_THAT(request.body, Not(HasSubstr(key)));
        for (const auto& [name, value] : request.headers)
            EXPECT_THAT(std::string(value), Not(HasSubstr(key)));
    }
}

}  // namespace
}  // namespace wxpay::v3
