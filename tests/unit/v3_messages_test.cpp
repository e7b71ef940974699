// The Authorization header, the Wechatpay-* headers and the notification's envelope, in all the
// ways in which they can be wrong. What is right: v3_vectors_test.cpp.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/v3/authorization.hpp"
#include "core/v3/notification.hpp"
#include "core/v3/sign.hpp"
#include "core/v3/signature_headers.hpp"

#include "tests/support/v3_vectors.hpp"

namespace wxpay::v3 {
namespace {

using testing::HasSubstr;

const std::string kParameters =
    R"(mchid="1",nonce_str="n",timestamp="2",serial_no="A",signature="s=")";
const std::string kHeader = "WECHATPAY2-SHA256-RSA2048 " + kParameters;

TEST(V3Authorization, LetsBlanksAndOrderBe) {
    for (const std::string& header :
         {kHeader, "  " + kHeader + " \t", "WECHATPAY2-SHA256-RSA2048\t " + kParameters,
          std::string(
              "WECHATPAY2-SHA256-RSA2048 signature=\"s=\" , serial_no=\"A\",\ttimestamp=\"2\","
              " nonce_str=\"n\",mchid=\"1\""),
          kHeader + R"(,more="x")"}) {
        const auto read = parse_authorization(header);
        ASSERT_TRUE(read) << header << ": " << read.error().what;
        EXPECT_EQ(render_authorization(*read), kHeader);
    }
}

TEST(V3Authorization, SaysWhatIsMalformed) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "no Authorization"},
        {" \t", "no Authorization"},
        {"WECHATPAY2-SHA256-RSA2048", "byte 25: no name"},
        {"WECHATPAY2-SHA256-RSA2048 ", "byte 26: no name"},
        {kParameters, "no name"},
        {"WECHATPAY2-SHA256-RSA2048" + kParameters, "no name"},
        {"WECHATPAY2-SHA256-RSA2048 " + kHeader, "byte 26: the scheme stands twice"},
        {"WECHATPAY2-SHA256-RSA2048 mchid=\"1\", " + kHeader, "the scheme stands twice"},
        {"WECHATPAY2-SHA256-RSA2048 mchid=1", "no name=\"value\""},
        {"WECHATPAY2-SHA256-RSA2048 mchid = \"1\"", "no name=\"value\""},
        {"WECHATPAY2-SHA256-RSA2048 =\"1\"", "no name=\"value\""},
        {"WECHATPAY2-SHA256-RSA2048 mchid='1'", "no name=\"value\""},
        {"WECHATPAY2-SHA256-RSA2048 mchid=\"1", "byte 26: a value without its closing quote"},
        {kHeader + ",", "no name"},
        {kHeader + ",,a=\"b\"", "no name"},
        {kHeader + " a=\"b\"", "no comma"},
        {kHeader + ";a=\"b\"", "no comma"},
        {kHeader + ",mchid=\"1\"", "mchid stands twice"},
        {"WECHATPAY2-SHA256-RSA2048 mchid=\"\"", "mchid is empty"},
        {"WECHATPAY2-SHA256-RSA2048 Mchid" + kParameters.substr(5), "no mchid"},
        {"Bearer dG9rZW4=", "no name"}};
    for (const auto& [header, what] : cases) {
        const auto read = parse_authorization(header);
        ASSERT_FALSE(read) << header;
        EXPECT_EQ(read.error().problem, AuthorizationProblem::malformed) << header;
        EXPECT_THAT(read.error().what, HasSubstr(what)) << header;
    }
}

TEST(V3Authorization, MissesEachParameter) {
    for (const std::string name : {"mchid", "nonce_str", "timestamp", "serial_no", "signature"}) {
        std::string header = kHeader;
        header.insert(header.find(name), "x");
        const auto read = parse_authorization(header);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().what, "no " + name);
    }
}

TEST(V3Authorization, TellsAnotherScheme) {
    for (const std::string scheme :
         {"WECHATPAY2-SM2-WITH-SM3", "WECHATPAY2-SHA256-RSA2049", "wechatpay2-sha256-rsa2048"}) {
        const auto read = parse_authorization(scheme + " " + kParameters);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().problem, AuthorizationProblem::other_scheme) << scheme;
    }
}

TEST(V3Authorization, SpeaksAsciiWhateverComes) {
    for (const std::string& header : {std::string("微信"), "微信 " + kParameters, kHeader + "微信",
                                      kHeader + ",微信=1", std::string("\xFF \xFF=\"")}) {
        const auto read = parse_authorization(header);
        ASSERT_FALSE(read);
        for (const char c : read.error().what) EXPECT_TRUE(c >= ' ' && c <= '~');
    }
}

class V3Signature : public testing::Test {
  protected:
    static constexpr std::string_view kBody = "{\"a\":1}";
    const Instant sent{std::chrono::seconds(1710000000)};
    const PlatformKeys keys = test::v3_platform_keys();

    http::Headers headers(const char* name = "platform_certificate_1") const {
        http::Headers out;
        add_signature(out, test::v3_key(name), test::v3_serial(name), sent, "nonce", kBody);
        return out;
    }
    http::Headers without(const std::string& name) const {
        http::Headers out;
        for (const auto& [each, value] : headers())
            if (each != name) out.add(each, value);
        return out;
    }
    Error refusal(const http::Headers& of, std::string_view body = kBody) const {
        return refusal_at(sent, of, body);
    }
    Error refusal_at(Instant now, const http::Headers& of, std::string_view body = kBody) const {
        const auto verdict = verify_signature(of, body, keys, now);
        EXPECT_FALSE(verdict);
        return verdict ? Error{} : verdict.error();
    }
};

TEST_F(V3Signature, IsVerifiedUnderEachKey) {
    for (const char* name :
         {"platform_certificate_1", "platform_certificate_2", "wechatpay_public_key"})
        EXPECT_TRUE(verify_signature(headers(name), kBody, keys, sent)) << name;
}

TEST_F(V3Signature, MissesEachHeader) {
    for (const std::string name :
         {"Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature"}) {
        EXPECT_EQ(refusal(without(name)).code, Errc::missing_field);
        EXPECT_EQ(refusal(without(name)).field, name);
        http::Headers empty = headers();
        empty.set(name, "");
        EXPECT_EQ(refusal(empty).field, name);
    }
    EXPECT_EQ(refusal({}).field, "Wechatpay-Timestamp");
}

TEST_F(V3Signature, KnowsOneType) {
    EXPECT_TRUE(verify_signature(without("Wechatpay-Signature-Type"), kBody, keys, sent));
    for (const char* type : {"WECHATPAY2-SM2-WITH-SM3", "", "wechatpay2-sha256-rsa2048"}) {
        http::Headers other = headers();
        other.set("Wechatpay-Signature-Type", type);
        EXPECT_EQ(refusal(other).code, Errc::invalid_value);
        EXPECT_EQ(refusal(other).field, "Wechatpay-Signature-Type");
    }
}

TEST_F(V3Signature, IsGoodForFiveMinutes) {
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    const http::Headers right = headers();
    EXPECT_TRUE(verify_signature(right, kBody, keys, sent + seconds(300)));
    EXPECT_TRUE(verify_signature(right, kBody, keys, sent - seconds(300)));
    EXPECT_TRUE(verify_signature(right, kBody, keys, sent + milliseconds(300'999)));
    for (const seconds age : {seconds(301), seconds(-301), seconds(1'000'000)}) {
        EXPECT_EQ(refusal_at(sent + age, right).code, Errc::mismatch);
        EXPECT_EQ(refusal_at(sent + age, right).field, "Wechatpay-Timestamp");
    }
}

TEST_F(V3Signature, DemandsSecondsInDigits) {
    for (const char* timestamp :
         {"1710000000000", "x", " 1710000000", "1710000000 ", "+1710000000", "0x65ebd780",
          "1710000000.0", "-1", "99999999999999999999", "2024-03-10T00:00:00+08:00"}) {
        http::Headers other = headers();
        other.set("Wechatpay-Timestamp", timestamp);
        EXPECT_EQ(refusal(other).field, "Wechatpay-Timestamp") << timestamp;
        EXPECT_EQ(refusal(other).code, Errc::mismatch) << timestamp;
    }
}

TEST_F(V3Signature, IsRefusedUnderAnUnknownSerial) {
    http::Headers other = headers();
    other.set("Wechatpay-Serial", "5157F09EFDC096DE15EBE81A47057A7200000009");
    EXPECT_EQ(refusal(other).code, Errc::mismatch);
    EXPECT_EQ(refusal(other).field, "Wechatpay-Serial");
    other.set("Wechatpay-Serial", test::v3_serial("platform_certificate_2"));
    EXPECT_EQ(refusal(other).code, Errc::signature_mismatch);
    other.set("Wechatpay-Serial", "5157f09efdc096de15ebe81a47057a7200000001");
    EXPECT_TRUE(verify_signature(other, kBody, keys, sent)) << "hex comes in both cases";
    EXPECT_EQ(verify_signature(headers(), kBody, PlatformKeys(), sent).error().field,
              "Wechatpay-Serial");
}

TEST_F(V3Signature, NoticesEveryChange) {
    EXPECT_EQ(refusal(headers(), "{\"a\":2}").code, Errc::signature_mismatch);
    EXPECT_EQ(refusal(headers(), "{\"a\": 1}").code, Errc::signature_mismatch);
    EXPECT_EQ(refusal(headers(), "").code, Errc::signature_mismatch);
    http::Headers other = headers();
    other.set("Wechatpay-Nonce", "noncf");
    EXPECT_EQ(refusal(other).code, Errc::signature_mismatch);
    other = headers();
    other.set("Wechatpay-Timestamp", "1710000001");
    EXPECT_EQ(refusal(other).code, Errc::signature_mismatch);

    const std::string signature(headers().get("Wechatpay-Signature"));
    for (const std::string& changed :
         {signature.substr(0, signature.size() - 1), signature.substr(0, signature.size() - 4),
          signature.substr(4), " " + signature, signature + "\n", "WECHATPAY/SIGNTEST/" + signature,
          std::string("x"), std::string("AAAA")}) {
        http::Headers with = headers();
        with.set("Wechatpay-Signature", changed);
        EXPECT_EQ(refusal(with).code, Errc::signature_mismatch) << changed;
        EXPECT_EQ(refusal(with).field, "Wechatpay-Signature");
    }
    for (std::size_t at = 0; at < signature.size(); at += 7) {
        http::Headers with = headers();
        std::string changed = signature;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        with.set("Wechatpay-Signature", changed);
        EXPECT_EQ(refusal(with).code, Errc::signature_mismatch) << at;
    }
}

TEST(V3PlatformKeys, ReplaceAKeyOfTheSameSerial) {
    PlatformKeys keys;
    EXPECT_TRUE(keys.empty());
    keys.add("ab", test::v3_key("platform_certificate_1").public_key());
    keys.add("CD", test::v3_key("platform_certificate_1").public_key());
    keys.add("AB", test::v3_key("platform_certificate_2").public_key());
    EXPECT_THAT(keys.serials(), testing::ElementsAre("ab", "CD"));
    EXPECT_EQ(keys.find("Ab")->pem(), test::v3_key("platform_certificate_2").public_key().pem());
    EXPECT_EQ(keys.find("a"), nullptr);
    EXPECT_EQ(keys.find(""), nullptr);
}

Notification notification() {
    return {"7f8fcdb2-573a-547a-901e-4c34f9761293",
            "2024-03-10T00:00:06+08:00",
            "TRANSACTION.SUCCESS",
            "支付成功",
            {"transaction", "Y2lwaGVy", "transaction", "fdasflkja484"}};
}

TEST(V3Notification, StandsInWeChatsOrder) {
    EXPECT_EQ(
        render_notification(notification()),
        R"({"id":"7f8fcdb2-573a-547a-901e-4c34f9761293","create_time":"2024-03-10T00:00:06+08:00",)"
        R"("resource_type":"encrypt-resource","event_type":"TRANSACTION.SUCCESS","summary":"支付成功",)"
        R"("resource":{"original_type":"transaction","algorithm":"AEAD_AES_256_GCM",)"
        R"("ciphertext":"Y2lwaGVy","associated_data":"transaction","nonce":"fdasflkja484"}})");
    Notification bare = notification();
    bare.resource.associated_data.clear();
    // Java's SDK dies on a message without it.
    EXPECT_THAT(render_notification(bare), HasSubstr(R"("associated_data":"")"));
}

TEST(V3Notification, MissesWhatItNeeds) {
    const std::string right = render_notification(notification());
    for (const std::string name : {"id", "create_time", "resource_type", "event_type", "resource",
                                   "algorithm", "ciphertext", "nonce"}) {
        std::string without = right;
        without.replace(without.find('"' + name + '"'), 2 + name.size(), "\"other\"");
        EXPECT_EQ(parse_notification(without).error().code, Errc::missing_field) << name;
        EXPECT_EQ(parse_notification(without).error().field, name);
    }
    for (const std::string name : {"summary", "original_type", "associated_data"}) {
        std::string without = right;
        without.replace(without.find('"' + name + '"'), 2 + name.size(), "\"other\"");
        EXPECT_TRUE(parse_notification(without)) << name;
    }
}

TEST(V3Notification, RefusesOtherTypes) {
    const auto with = [](std::string_view old, std::string_view other) {
        std::string text = render_notification(notification());
        text.replace(text.find(old), old.size(), other);
        return parse_notification(text);
    };
    EXPECT_EQ(with("AEAD_AES_256_GCM", "AEAD_SM4_GCM").error().code, Errc::invalid_value);
    EXPECT_EQ(with("AEAD_AES_256_GCM", "AEAD_SM4_GCM").error().field, "algorithm");
    EXPECT_EQ(with("encrypt-resource", "plain").error().field, "resource_type");
    EXPECT_EQ(with("\"fdasflkja484\"", "12").error().field, "nonce");
    EXPECT_EQ(with("\"transaction\",\"nonce", "null,\"nonce")->resource.associated_data, "");
}

TEST(V3Notification, RefusesWhatIsNoEnvelope) {
    for (const char* body : {"", "[]", "null", "\"x\"", "<xml></xml>", "{"})
        EXPECT_EQ(parse_notification(body).error().code, Errc::malformed) << body;
    EXPECT_EQ(parse_notification("{\"id\":\"\xFF\"}").error().code, Errc::not_utf8);
    EXPECT_EQ(parse_notification(std::string(99, '[')).error().code, Errc::too_large);
    for (const char* resource : {"null", "1", "[]", "\"x\""}) {
        const std::string body =
            std::string(R"({"id":"1","create_time":"2","resource_type":"encrypt-resource",)") +
            R"("event_type":"3","resource":)" + resource + "}";
        EXPECT_EQ(parse_notification(body).error().field, "resource") << resource;
    }
}

TEST(V3Resource, NeedsBase64AndTheKey) {
    const Secret key = test::v3_api_key();
    const Resource right = seal(key, "refund", "refund", "yd92bNzgnjSB", "plain");
    Resource other = right;
    other.ciphertext.pop_back();
    EXPECT_EQ(unseal(key, other).error().code, Errc::malformed);
    other.ciphertext = "";
    EXPECT_EQ(unseal(key, other).error().code, Errc::signature_mismatch);
    other = right;
    other.nonce = "short";
    EXPECT_EQ(unseal(key, other).error().code, Errc::signature_mismatch);
    const auto wrong = unseal(Secret(std::string(32, 'x')), right);
    EXPECT_EQ(wrong.error().code, Errc::signature_mismatch);
    EXPECT_THAT(wrong.error().detail, testing::Not(HasSubstr("xxxx")));
}

}  // namespace
}  // namespace wxpay::v3
