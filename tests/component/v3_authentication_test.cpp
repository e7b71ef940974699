// Who may call API V3, and by which of its keys WeChat signs what it answers.
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sandbox/certificates/merchants.hpp"
#include "tests/support/v3_caller.hpp"
#include "tests/support/v3_vectors.hpp"

namespace wxpay {
namespace {

using test::AppHarness;
using test::V3Answer;
using test::V3Caller;
using Json = nlohmann::json;

constexpr const char* kOther = "268435456";  // Request-ID's number of what has none of its own

class V3Authentication : public testing::Test {
  protected:
    AppHarness sandbox;
    V3Caller merchant{sandbox};

    http::Request good() { return merchant.request("GET", "/v3/certificates"); }
    static std::string authorization(const http::Request& request) {
        return std::string(request.headers.get("Authorization"));
    }
    V3Answer send_with(const std::string& authorization) {
        http::Request request = good();
        request.headers.set("Authorization", authorization);
        return merchant.send(request);
    }
    /// As it is in the directory, but changed.
    void change(const Json& changes) {
        const auto shipped = *sandbox::shipped_certificate(AppHarness::kMchId);
        Json body{{"mch_id", AppHarness::kMchId},
                  {"api_key", AppHarness::kKey},
                  {"api_v3_key", "sandbox-api-v3-key-32-bytes-long"},
                  {"certificate", shipped.certificate},
                  {"key", shipped.key.reveal()}};
        body.merge_patch(changes);
        const auto added = sandbox.control("POST", "/_sandbox/v1/merchants", body);
        ASSERT_EQ(added.status, 200) << added.body;
    }
    static void expect_refused(const V3Answer& answer, const std::string& message,
                               const std::string& number = kOther) {
        EXPECT_EQ(answer.status, 401);
        EXPECT_EQ(answer.response.body, R"({"code":"SIGN_ERROR","message":")" + message + R"("})");
        EXPECT_EQ(answer.number(), number);
        EXPECT_FALSE(answer.response.headers.find("Wechatpay-Signature"));
        EXPECT_FALSE(answer.response.headers.find("Wechatpay-Serial"));
    }
};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    text.replace(text.find(what), what.size(), by);
    return text;
}

const std::string kMalformed =
    "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》";

TEST_F(V3Authentication, LooksForAcceptAndUserAgentFirst) {
    for (const char* const name : {"Accept", "User-Agent"}) {
        http::Request request = good();
        request.headers.set(name, "");
        request.headers.set("Authorization", "nonsense");
        const auto answer = merchant.send(request);
        EXPECT_EQ(answer.status, 400) << name;
        EXPECT_EQ(answer.response.body,
                  R"({"code":"INVALID_REQUEST","message":"Http头缺少Accept或User-Agent"})");
        EXPECT_FALSE(answer.is_signed);
    }
}

TEST_F(V3Authentication, RefusesAHeaderThatIsNone) {
    const std::string right = authorization(good());
    http::Request bare = good();
    bare.headers.set("Authorization", "");
    expect_refused(merchant.send(bare), kMalformed);
    expect_refused(send_with("WECHATPAY2-SHA256-RSA2048"), kMalformed);
    expect_refused(send_with("WECHATPAY2-SHA256-RSA2048 " + right), kMalformed);
    for (const char* const name : {"mchid", "nonce_str", "timestamp", "serial_no", "signature"})
        expect_refused(send_with(replaced(right, std::string(name) + "=", "other=")), kMalformed);
}

TEST_F(V3Authentication, RefusesAnotherScheme) {
    const std::string right = authorization(good());
    for (const char* const scheme : {"WECHATPAY2-SHA256-RSA4096", "WECHATPAY2-SM2-WITH-SM3"})
        expect_refused(send_with(replaced(right, "WECHATPAY2-SHA256-RSA2048", scheme)),
                       "Http头Authorization认证类型不正确");
}

TEST_F(V3Authentication, RefusesATimestampThatIsOff) {
    const std::string message = "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟";
    http::Request request = good();
    sandbox.advance(std::chrono::seconds(300));
    EXPECT_EQ(merchant.send(request).status, 200);
    sandbox.advance(std::chrono::seconds(1));
    expect_refused(merchant.send(request), message);
    EXPECT_NE(sandbox.hint.find("301 s behind"), std::string::npos) << sandbox.hint;
    const std::string seconds = R"(timestamp="1717214701")";
    ASSERT_NE(authorization(good()).find(seconds), std::string::npos) << authorization(good());
    expect_refused(
        send_with(replaced(authorization(good()), seconds, R"(timestamp="1717214701000")")),
        message);
    EXPECT_NE(sandbox.hint.find("milliseconds"), std::string::npos) << sandbox.hint;
    expect_refused(send_with(replaced(authorization(good()), seconds, R"(timestamp="now")")),
                   message);
}

TEST_F(V3Authentication, RefusesAMerchantWithoutCertificate) {
    expect_refused(send_with(replaced(authorization(good()), AppHarness::kMchId, "1900000999")),
                   "商户未申请过证书。");
    change({{"certificate", nullptr}, {"key", nullptr}, {"api_v3_key", nullptr}});
    expect_refused(merchant.send(good()), "商户未申请过证书。");
}

TEST_F(V3Authentication, RefusesAMerchantWithoutApiV3Key) {
    change({{"api_v3_key", nullptr}});
    http::Request request = good();
    request.headers.set("Authorization",
                        replaced(authorization(request), merchant.serial_no, "0000"));
    expect_refused(merchant.send(request), "商户未设置APIv3密钥。");
}

TEST_F(V3Authentication, RefusesAnotherSerial) {
    change({{"certificate_state", "expired"}});
    expect_refused(send_with(replaced(authorization(good()), merchant.serial_no,
                                      sandbox.platform.first().serial)),
                   "商户证书序列号有误。");
}

TEST_F(V3Authentication, RefusesACertificateThatIsNoLongerGood) {
    const std::pair<const char*, const char*> states[] = {{"expired", "商户证书已过期。"},
                                                          {"revoked", "商户证书已作废。"},
                                                          {"replaced", "已更换证书，请使用新证书"}};
    for (const auto& [state, message] : states) {
        change({{"certificate_state", state}});
        http::Request request = good();
        request.headers.set("Authorization",
                            replaced(authorization(request), R"(signature=")", R"(signature="x)"));
        expect_refused(merchant.send(request), message);
    }
    change({{"certificate_state", "valid"}});
    EXPECT_EQ(merchant.send(good()).status, 200);
}

TEST_F(V3Authentication, SaysWhatItWouldHaveSigned) {
    http::Request request = merchant.request("POST", "/v3/pay/transactions/jsapi?x=%E4%BD%A0",
                                             R"({"appid":"wx8888888888888888"})");
    request.headers.set(
        "Authorization",
        replaced(authorization(request), "593BEC0C930BF1AFEB40B4A0", "593BEC0C930BF1AFEB40B4A1"));
    const auto answer = merchant.send(request);
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(
        answer.response.body,
        R"({"code":"SIGN_ERROR","detail":{"detail":{"issue":"sign not match"},)"
        R"("field":"signature","location":"authorization","sign_information":{"method":"POST",)"
        R"("sign_message_length":119,"truncated_sign_message":)"
        R"("POST\n/v3/pay/transactions/jsapi?x=%E4%BD%A0\n1717214400\n)"
        R"(593BEC0C930BF1AFEB40B4A18C8FB242\n{\"appid\"\n",)"
        R"("url":"/v3/pay/transactions/jsapi?x=%E4%BD%A0"}},"message":"错误的签名，验签失败"})");
    EXPECT_EQ(answer.number(), "268443699");
    EXPECT_FALSE(answer.response.headers.find("Wechatpay-Signature"));
}

/// A clock that stands.
class Standing final : public Clock {
  public:
    explicit Standing(Instant at) : at_(at) {}
    Instant now() const override { return at_; }

  private:
    Instant at_;
};

TEST_F(V3Authentication, AnswersTheVectorsAsTheySay) {
    const auto& keys = test::v3_vectors().at("keys").at("merchant");
    sandbox::Merchant owner;
    owner.mch_id = MchId::parse(keys.at("mchid").get<std::string>()).value();
    owner.api_key = Secret(AppHarness::kKey);
    owner.api_v3_key = test::v3_api_key();
    owner.certificate =
        sandbox::Identity{keys.at("certificate_pem").get<std::string>(),
                          Secret(keys.at("private_key_pkcs8_pem").get<std::string>())};
    sandbox.directory.add(std::move(owner));
    const auto& vectors = test::v3_vectors().at("request_negative");
    ASSERT_EQ(vectors.size(), 10U);
    for (const auto& vector : vectors) {
        SCOPED_TRACE(vector.at("name").get<std::string>());
        const Standing clock(
            Instant(std::chrono::seconds(vector.value("server_now", std::int64_t{1554208460}))));
        const auto& all = sandbox.context;
        sandbox::Context context{
            all.directory, all.settings, all.store,     all.clock,    all.random, all.exchanges,
            all.scheduler, all.notifier, all.waiters,   all.sender,   all.events, all.faults,
            all.metrics,   all.traces,   all.stopwatch, all.platform, clock};
        sandbox::App app(context);
        http::Request request = good();
        request.headers.set("Authorization", vector.at("authorization").is_null()
                                                 ? std::string()
                                                 : vector.at("authorization").get<std::string>());
        const auto response = std::get<http::Response>(app.handle(request));
        const auto& expected = vector.at("expect");
        EXPECT_EQ(response.status, expected.at("http").get<int>());
        if (response.status == 200) continue;
        const Json body = Json::parse(response.body);
        EXPECT_EQ(body["code"], expected.at("code").get<std::string>());
        const std::string message = body["message"];
        EXPECT_TRUE(message.starts_with(expected.value("message_starts", ""))) << message;
        if (expected.contains("detail_issue")) {
            EXPECT_EQ(body["detail"]["detail"]["issue"],
                      expected.at("detail_issue").get<std::string>());
        }
    }
}

class V3Platform : public V3Authentication {
  protected:
    const std::string first = sandbox.platform.first().serial;
    const std::string second = sandbox.platform.second().serial;
    const std::string public_key = sandbox.platform.public_key().serial;

    std::string signer_of_an_answer(const std::string& asked = {}) {
        merchant.platform_serial = asked;
        const auto answer = merchant.get("/v3/pay/transactions/id/1?mchid=1900000109");
        EXPECT_EQ(answer.status, 404);
        EXPECT_TRUE(answer.is_signed);
        return std::string(answer.response.headers.get("Wechatpay-Serial"));
    }
    std::string signer_of_a_callback(const std::string& asked = {}) {
        merchant.platform_serial = asked;
        const std::string number = "CALLBACK" + std::to_string(++orders_);
        EXPECT_EQ(merchant.post("/v3/pay/transactions/jsapi", V3Caller::order(number)).status, 200);
        EXPECT_EQ(
            sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay").status,
            200);
        sandbox.run_due();
        const auto& request = sandbox.sender.sent.back().request;
        EXPECT_TRUE(open_callback(request, sandbox).is_object());
        return std::string(request.headers.get("Wechatpay-Serial"));
    }
    Json rotate(const Json& body) {
        const auto answer = sandbox.control("POST", "/_sandbox/v1/platform", body);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.body;
    }

  private:
    int orders_ = 0;
};

TEST_F(V3Platform, SignsByTheCertificateForWhoKnowsNoOther) {
    change({{"verification", "certificate"}});
    EXPECT_EQ(signer_of_an_answer(), first);
    EXPECT_EQ(signer_of_an_answer(public_key), first);
    rotate({{"public_key_share", 100}});
    EXPECT_EQ(signer_of_a_callback(public_key), first);
}

TEST_F(V3Platform, SignsByTheKeyThatIsAskedForWhileSwitching) {
    change({{"verification", "switching"}});
    EXPECT_EQ(signer_of_an_answer(), first);
    EXPECT_EQ(signer_of_an_answer(first), first);
    EXPECT_EQ(signer_of_an_answer("0123456789ABCDEF"), first);
    EXPECT_EQ(signer_of_an_answer(public_key), public_key);
    EXPECT_EQ(signer_of_a_callback(), first);
    rotate({{"public_key_share", 100}});
    EXPECT_EQ(signer_of_a_callback(), public_key);
    EXPECT_EQ(signer_of_an_answer(), first);
}

// source  [A] spec V3 2.3: the header leads answers, callbacks come as the share says
TEST_F(V3Platform, MixesTheKeysOfCallbacksByTheShareWhateverWasAskedFor) {
    rotate({{"public_key_share", 50}});
    std::set<std::string> signers;
    for (int n = 0; n < 20; ++n) signers.insert(signer_of_a_callback(public_key));
    EXPECT_EQ(signers, (std::set<std::string>{first, public_key}));
    rotate({{"public_key_share", 0}});
    EXPECT_EQ(signer_of_a_callback(public_key), public_key);
}

TEST_F(V3Platform, SignsByThePublicKeyForWhoKnowsNoOther) {
    change({{"verification", "public_key"}});
    EXPECT_EQ(signer_of_an_answer(), public_key);
    EXPECT_EQ(signer_of_an_answer(first), public_key);
    EXPECT_EQ(signer_of_a_callback(), public_key);
}

TEST_F(V3Platform, RotatesItsCertificates) {
    const Json before = sandbox.control("GET", "/_sandbox/v1/platform").body;
    EXPECT_EQ(before, Json({{"second_published", false},
                            {"first_dropped", false},
                            {"second_share", 0},
                            {"public_key_share", 0},
                            {"probe_share", 0},
                            {"certificates", Json::array({first})},
                            {"public_key_id", public_key}}));
    EXPECT_EQ(rotate({{"second_published", true}})["certificates"], Json::array({second, first}));
    EXPECT_EQ(signer_of_an_answer(), first);
    rotate({{"second_share", 50}});
    bool by_first = false;
    bool by_second = false;
    for (int i = 0; i < 40; ++i) (signer_of_an_answer() == first ? by_first : by_second) = true;
    EXPECT_TRUE(by_first);
    EXPECT_TRUE(by_second);
    rotate({{"second_share", 100}});
    EXPECT_EQ(signer_of_an_answer(), second);
    EXPECT_EQ(rotate({{"first_dropped", true}})["certificates"], Json::array({second}));
    EXPECT_EQ(signer_of_a_callback(), second);
    sandbox.control("POST", "/_sandbox/v1/reset?mch_id=1900000109");
    EXPECT_EQ(signer_of_an_answer(), second);
    sandbox.control("POST", "/_sandbox/v1/reset");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/platform").body, before);
}

TEST_F(V3Platform, RefusesARotationThatCannotBe) {
    const std::pair<Json, const char*> cases[] = {
        {{{"second_share", 10}}, "second_share"},
        {{{"second_published", true}, {"second_share", 101}}, "second_share"},
        {{{"probe_share", -1}}, "probe_share"},
        {{{"public_key_share", "all"}}, "public_key_share"},
        {{{"second_published", true}, {"first_dropped", true}}, "first_dropped"},
        {{{"second_published", 1}}, "second_published"},
        {{{"third", true}}, "third"}};
    for (const auto& [body, field] : cases) {
        const auto answer = sandbox.control("POST", "/_sandbox/v1/platform", body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_EQ(answer.body["error"]["field"], field) << body;
    }
}

TEST_F(V3Platform, SendsAnswersThatAreProbes) {
    rotate({{"probe_share", 100}});
    const auto answer = merchant.send(good());
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.is_signed);
    const std::string signature(answer.response.headers.get("Wechatpay-Signature"));
    EXPECT_TRUE(signature.starts_with("WECHATPAY/SIGNTEST/")) << signature;
    EXPECT_EQ(signature.size(), 19U + 344U);
    EXPECT_EQ(answer.response.headers.get("Wechatpay-Serial"), first);
    rotate({{"probe_share", 0}});
    EXPECT_TRUE(merchant.send(good()).is_signed);
}

class V3Probes : public V3Platform {
  protected:
    Json notification_of_a_probe() {
        rotate({{"probe_share", 100}});
        EXPECT_EQ(merchant.post("/v3/pay/transactions/jsapi", V3Caller::order("PROBED1")).status,
                  200);
        sandbox.control("POST", "/_sandbox/v1/orders/1900000109:PROBED1/pay");
        sandbox.run_due();
        return sandbox.only_notification();
    }
    bool is_probe(std::size_t n) const {
        return sandbox.sender.sent.at(n)
            .request.headers.get("Wechatpay-Signature")
            .starts_with("WECHATPAY/SIGNTEST/");
    }
};

TEST_F(V3Probes, CallAHandlerThatAcceptsOneWhatItIs) {
    const Json notification = notification_of_a_probe();
    EXPECT_EQ(notification["state"], "delivered");
    ASSERT_EQ(notification["attempts"].size(), 2U);
    EXPECT_EQ(notification["attempts"][0]["verdict"], "bad_answer");
    EXPECT_EQ(notification["attempts"][0]["reason"],
              "signature probe: accepted a forged signature, so this handler does not verify; "
              "wanted: 4xx or 5xx");
    EXPECT_EQ(notification["attempts"][1]["verdict"], "ok");
}

TEST_F(V3Probes, AreFollowedAtOnceByTheCallbackItself) {
    sandbox.sender.answer = [this](const test::RecordingSender::Sent& sent) {
        return open_callback(sent.request, sandbox).is_object()
                   ? test::RecordingSender::answered(204, "")
                   : test::RecordingSender::answered(401, R"({"code":"FAIL","message":"失败"})");
    };
    const Json notification = notification_of_a_probe();
    EXPECT_EQ(notification["state"], "delivered");
    ASSERT_EQ(notification["attempts"].size(), 2U);
    EXPECT_EQ(notification["attempts"][0]["verdict"], "refused");
    EXPECT_EQ(notification["attempts"][0]["at"], notification["attempts"][1]["at"]);
    EXPECT_EQ(sandbox.sender.sent[0].request.body, sandbox.sender.sent[1].request.body);
    EXPECT_TRUE(is_probe(0));
}

TEST_F(V3Probes, AreFollowedAlsoWhenTheScheduleIsAtItsEnd) {
    sandbox.sender.answer = [](const auto&) { return test::RecordingSender::answered(500, ""); };
    EXPECT_EQ(merchant.post("/v3/pay/transactions/jsapi", V3Caller::order("PROBED2")).status, 200);
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:PROBED2/pay");
    sandbox.advance(std::chrono::hours(23));
    ASSERT_EQ(sandbox.sender.sent.size(), 15U);
    EXPECT_EQ(sandbox.only_notification()["state"], "pending");
    rotate({{"probe_share", 100}});
    sandbox.advance(std::chrono::hours(2));
    ASSERT_EQ(sandbox.sender.sent.size(), 17U);
    EXPECT_TRUE(is_probe(15));
    EXPECT_FALSE(is_probe(16));
    EXPECT_EQ(sandbox.sender.sent[15].at, sandbox.sender.sent[16].at);
    EXPECT_EQ(sandbox.only_notification()["state"], "exhausted");
}

TEST_F(V3Probes, AreFollowedAtOnceWhenNoScheduleHasAskedForThem) {
    const Json notification = notification_of_a_probe();
    ASSERT_EQ(sandbox.sender.sent.size(), 2U);
    const auto resent = sandbox.control(
        "POST", "/_sandbox/v1/notifications/" + notification["id"].get<std::string>() + "/resend");
    EXPECT_EQ(resent.body["attempts"].size(), 4U);
    EXPECT_TRUE(is_probe(2));
    EXPECT_FALSE(is_probe(3));
    const auto triggered = sandbox.control("POST", "/_sandbox/v1/trigger",
                                           {{"event", "payment"},
                                            {"api", "v3"},
                                            {"notify_url", "http://127.0.0.1:9190/wxpay/notify"}});
    EXPECT_EQ(triggered.body["attempts"].size(), 2U);
    EXPECT_EQ(triggered.body["state"], "delivered");
    EXPECT_TRUE(is_probe(4));
    EXPECT_FALSE(is_probe(5));
}

TEST_F(V3Probes, AreNeverWhatAFaultStrikes) {
    ASSERT_EQ(sandbox
                  .control("POST", "/_sandbox/v1/faults",
                           {{"on", "notify"}, {"do", {{"tamper", {{"total_fee", 1}}}}}})
                  .status,
              200);
    const Json notification = notification_of_a_probe();
    EXPECT_EQ(notification["attempts"].size(), 1U);
    EXPECT_FALSE(is_probe(0));
}

}  // namespace
}  // namespace wxpay
