// GET /v3/certificates and POST /v3/security/echo: the platform's keys, handed out and tried.
#include <functional>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "core/codec/base64.hpp"
#include "core/v3/resource.hpp"

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using test::AppHarness;
using test::V3Caller;
using Json = nlohmann::json;

const Secret kApiV3Key{"sandbox-api-v3-key-32-bytes-long"};

class V3Certificates : public testing::Test {
  protected:
    AppHarness sandbox;
    V3Caller merchant{sandbox};

    /// The merchant as the directory has it, but changed.
    void change(const std::function<void(sandbox::Merchant&)>& how) {
        sandbox::Merchant changed = *sandbox.directory.find_merchant(AppHarness::kMchId);
        how(changed);
        sandbox.directory.add(std::move(changed));
    }
};

std::string certificate_in(const Json& entry) {
    const Json& sealed = entry["encrypt_certificate"];
    v3::Resource resource;
    resource.associated_data = sealed["associated_data"];
    resource.nonce = sealed["nonce"];
    resource.ciphertext = sealed["ciphertext"];
    const auto plain = v3::unseal(kApiV3Key, resource);
    return plain ? *plain : plain.error().detail;
}

TEST_F(V3Certificates, AreSealedByTheApiV3Key) {
    const auto answer = merchant.get("/v3/certificates");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.is_signed);
    ASSERT_EQ(answer.body["data"].size(), 1U);
    const Json& entry = answer.body["data"][0];
    const auto& key = sandbox.platform.first();
    EXPECT_EQ(certificate_in(entry), key.certificate);
    const auto facts = read_certificate(certificate_in(entry)).value();
    EXPECT_EQ(facts.serial_no, key.serial);
    const std::string nonce = entry["encrypt_certificate"]["nonce"];
    EXPECT_EQ(nonce.size(), 12U);
    const std::string ciphertext = entry["encrypt_certificate"]["ciphertext"];
    EXPECT_EQ(answer.response.body,
              R"({"data":[{"effective_time":"2024-01-01T08:00:00+08:00","encrypt_certificate":)"
              R"({"algorithm":"AEAD_AES_256_GCM","associated_data":"certificate","ciphertext":")" +
                  ciphertext + R"(","nonce":")" + nonce +
                  R"("},"expire_time":"2055-01-01T08:00:00+08:00",)"
                  R"("serial_no":"67F11CC2B192612E953231F98A8FC56A8F80AF7B"}]})");
}

TEST_F(V3Certificates, AreListedNewestFirstWhileTheyRotate) {
    sandbox.control("POST", "/_sandbox/v1/platform", {{"second_published", true}});
    const Json data = merchant.get("/v3/certificates?algorithm_type=RSA").body["data"];
    ASSERT_EQ(data.size(), 2U);
    EXPECT_EQ(data[0]["serial_no"], sandbox.platform.second().serial);
    EXPECT_EQ(certificate_in(data[0]), sandbox.platform.second().certificate);
    EXPECT_EQ(data[1]["serial_no"], sandbox.platform.first().serial);
}

TEST_F(V3Certificates, AreOfTheAlgorithmThatIsAskedFor) {
    EXPECT_EQ(merchant.get("/v3/certificates?algorithm_type=ALL").body["data"].size(), 1U);
    EXPECT_EQ(merchant.get("/v3/certificates?algorithm_type=SM2").response.body, R"({"data":[]})");
    const auto wrong = merchant.get("/v3/certificates?algorithm_type=EC");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_EQ(wrong.code(), "PARAM_ERROR");
    EXPECT_EQ(wrong.number(), "268435461");
    EXPECT_TRUE(wrong.is_signed);
    EXPECT_EQ(merchant.get("/v3/certificates?type=RSA").number(), "270924358");
}

TEST_F(V3Certificates, AreNotThereForWhoHasThePublicKeyOnly) {
    change([](sandbox::Merchant& changed) {
        changed.verification = sandbox::Verification::public_key;
    });
    const auto answer = merchant.get("/v3/certificates");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.response.body,
              R"({"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书，请在商户平台-API安全)"
              R"(申请使用微信支付公钥。可查看指引https://pay.weixin.qq.com/docs/merchant/products/)"
              R"(platform-certificate/wxp-pub-key-guide.html"})");
    EXPECT_TRUE(answer.is_signed);
    EXPECT_EQ(answer.response.headers.get("Wechatpay-Serial"),
              sandbox.platform.public_key().serial);
}

class V3Echo : public V3Certificates {
  protected:
    const sandbox::Platform::Key& platform = sandbox.platform.first();

    static std::string base64(const std::string& bytes) {
        return base64_encode(
            std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
    }
    static std::string encrypted(const sandbox::Platform::Key& key, const std::string& text) {
        return base64(key.key.public_key().encrypt_oaep(text).value());
    }
    std::string decrypted(const Json& answer) const {
        const auto cipher = base64_decode(answer["encrypted_echo_message"].get<std::string>());
        return merchant.key.decrypt_oaep(*cipher).value_or("does not decrypt");
    }
};

TEST_F(V3Echo, SaysBackWhatItHears) {
    merchant.platform_serial = platform.serial;
    const auto answer = merchant.post("/v3/security/echo", {{"echo_message", "你好"}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.is_signed);
    EXPECT_EQ(answer.response.body, R"({"echo_message":"你好"})");
    EXPECT_EQ(answer.response.headers.get("Wechatpay-Serial"), platform.serial);
    EXPECT_TRUE(sandbox.sender.sent.empty());
}

TEST_F(V3Echo, EncryptsForTheMerchantWhatWasEncryptedForIt) {
    for (const auto* const key : {&platform, &sandbox.platform.public_key()}) {
        merchant.platform_serial = key->serial;
        const auto answer = merchant.post(
            "/v3/security/echo",
            {{"echo_message", "x"}, {"encrypted_echo_message", encrypted(*key, "秘密")}});
        EXPECT_EQ(answer.status, 200) << answer.response.body;
        EXPECT_EQ(decrypted(answer.body), "秘密");
        EXPECT_EQ(answer.response.headers.get("Wechatpay-Serial"), key->serial);
    }
}

TEST_F(V3Echo, SaysItOnceMoreInACallback) {
    merchant.platform_serial = platform.serial;
    const Json body{{"echo_message", "x"},
                    {"encrypted_echo_message", encrypted(platform, "秘密")},
                    {"notify_url", "http://127.0.0.1:9190/wxpay/echo"}};
    EXPECT_EQ(merchant.post("/v3/security/echo", body).status, 200);
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    const auto& sent = sandbox.sender.sent[0];
    EXPECT_EQ(sent.url, "http://127.0.0.1:9190/wxpay/echo");
    const Json envelope = Json::parse(sent.request.body);
    EXPECT_EQ(envelope["event_type"], "SECURITY_ECHO.SUCCESS");
    EXPECT_EQ(envelope["summary"], "回调通知成功");
    EXPECT_EQ(envelope["resource"]["original_type"], "security");
    const Json plain = open_callback(sent.request, sandbox);
    EXPECT_EQ(plain["echo_message"], "x");
    EXPECT_EQ(decrypted(plain), "秘密");
    const Json notification = sandbox.only_notification();
    EXPECT_EQ(notification["kind"], "echo");
    EXPECT_EQ(notification["state"], "delivered");
    EXPECT_TRUE(notification["out_trade_no"].get<std::string>().starts_with("ECHO"));
}

TEST_F(V3Echo, RefusesWhatNamesNoKeyOrTheWrongOne) {
    const auto refused = [&](const std::string& serial, const Json& body, const char* message) {
        merchant.platform_serial = serial;
        const auto answer = merchant.post("/v3/security/echo", body);
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(answer.response.body,
                  R"({"code":"PARAM_ERROR","message":")" + std::string(message) + R"("})");
        EXPECT_EQ(answer.number(), "268435461");
        EXPECT_TRUE(answer.is_signed);
    };
    const Json plain{{"echo_message", "x"}};
    const Json sealed{{"echo_message", "x"},
                      {"encrypted_echo_message", encrypted(sandbox.platform.public_key(), "y")}};
    refused("", plain, "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)");
    refused("", sealed, "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)");
    refused(merchant.serial_no, plain, "平台证书序列号Wechatpay-Serial错误");
    refused(sandbox.platform.second().serial, sealed, "平台证书序列号Wechatpay-Serial错误");
    refused(platform.serial, sealed, "请确认待处理的消息是否为加密后的密文");
    merchant.platform_serial = platform.serial;
    const auto missing = merchant.post("/v3/security/echo", Json::object());
    EXPECT_EQ(
        missing.response.body,
        R"({"code":"PARAM_ERROR","detail":{"location":"body","value":""},"message":)"
        R"("输入源“/body/echo_message”映射到字段“echo_message”必填性规则校验失败，此字段为必填项"})");
}

TEST_F(V3Echo, HearsWhatIsEncryptedByTheOldKeyWhileBothArePublished) {
    sandbox.control("POST", "/_sandbox/v1/platform",
                    {{"second_published", true}, {"second_share", 100}});
    merchant.platform_serial = platform.serial;
    const Json body{{"echo_message", "x"}, {"encrypted_echo_message", encrypted(platform, "y")}};
    EXPECT_EQ(merchant.post("/v3/security/echo", body).status, 200);
    sandbox.control("POST", "/_sandbox/v1/platform", {{"first_dropped", true}});
    EXPECT_EQ(merchant.post("/v3/security/echo", body).message(),
              "平台证书序列号Wechatpay-Serial错误");
}

}  // namespace
}  // namespace wxpay
