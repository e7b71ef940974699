// Every entry of tests/vectors/v3-vectors.json, as far as it does not take a server: of
// request_negative what the header says and whether its signature is right.
#include "tests/support/v3_vectors.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/codec/base64.hpp"
#include "core/codec/hex.hpp"
#include "core/crypto/digest.hpp"
#include "core/crypto/gcm.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/notification.hpp"
#include "core/v3/resource.hpp"
#include "core/v3/sign.hpp"
#include "core/v3/signature_headers.hpp"

namespace wxpay::v3 {
namespace {

using Json = nlohmann::ordered_json;
using test::headers_of;
using test::second;
using test::v3_key;
using test::v3_vectors;

std::string text(const Json& entry, const char* name) { return entry.at(name).get<std::string>(); }

std::span<const unsigned char> bytes(std::string_view text) {
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

std::string signed_text(const Json& entry) {
    return request_string(text(entry, "method"), text(entry, "url"), text(entry, "timestamp"),
                          text(entry, "nonce_str"), text(entry, "signed_body"));
}

/// The entry `name` of a section.
const Json& entry_of(const char* section, const std::string& name) {
    for (const Json& entry : v3_vectors().at(section)) {
        if (entry.at("name") == name) return entry;
    }
    throw std::runtime_error("no vector " + name);
}

TEST(V3Vectors, AreAllRead) {
    std::set<std::string> sections;
    for (const auto& [name, value] : v3_vectors().items()) sections.insert(name);
    EXPECT_THAT(sections,
                testing::ElementsAre("aes_256_gcm", "aes_256_gcm_negative", "format",
                                     "from_official_sdk_tests", "keys", "notes", "pay_sign",
                                     "platform_signatures", "request_negative",
                                     "request_signatures", "rsa_oaep_decrypt", "warning"));
}

TEST(V3Vectors, KeysAreReadFromEveryForm) {
    for (const char* name :
         {"merchant", "platform_certificate_1", "platform_certificate_2", "wechatpay_public_key"}) {
        SCOPED_TRACE(name);
        const Json& entry = v3_vectors().at("keys").at(name);
        const std::string spki = text(entry, "public_key_spki_pem");
        EXPECT_EQ(RsaPublicKey::from_pem(spki)->pem(), spki);
        EXPECT_EQ(RsaPublicKey::from_pem(text(entry, "private_key_pkcs8_pem"))->pem(), spki);
        EXPECT_EQ(v3_key(name).public_key().pem(), spki);
        if (!entry.contains("certificate_pem")) continue;
        const std::string pem = text(entry, "certificate_pem");
        EXPECT_EQ(RsaPublicKey::from_pem(pem)->pem(), spki);
        const auto facts = read_certificate(pem);
        ASSERT_TRUE(facts);
        EXPECT_EQ(facts->serial_no, text(entry, "serial_no"));
        EXPECT_EQ(facts->not_before,
                  Instant(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)));
        EXPECT_LT(facts->not_before, facts->not_after);
    }
    EXPECT_EQ(read_certificate(text(v3_vectors().at("keys").at("merchant"), "certificate_pem"))
                  ->common_name,
              "1900009191");
}

TEST(V3Vectors, RequestsAreSignedAsWritten) {
    const RsaPrivateKey key = v3_key("merchant");
    for (const Json& entry : v3_vectors().at("request_signatures")) {
        SCOPED_TRACE(text(entry, "name"));
        const std::string message = signed_text(entry);
        EXPECT_EQ(message, text(entry, "message"));
        EXPECT_EQ(message.size(), entry.at("message_bytes"));
        std::string digest;
        append_hex(digest, sha256(message), HexCase::lower);
        EXPECT_EQ(digest, text(entry, "message_sha256_hex"));
        EXPECT_EQ(key.sign_sha256(message), text(entry, "signature"));

        const Authorization authorization{"1900009191", text(entry, "nonce_str"),
                                          text(entry, "timestamp"), test::v3_serial("merchant"),
                                          text(entry, "signature")};
        const std::string header = text(entry, "authorization");
        EXPECT_EQ(render_authorization(authorization), header);
        const auto read = parse_authorization(header);
        ASSERT_TRUE(read) << read.error().what;
        EXPECT_EQ(render_authorization(*read), header);
    }
}

TEST(V3Vectors, NothingNearASignedRequestPasses) {
    const RsaPublicKey key = v3_key("merchant").public_key();
    for (const Json& entry : v3_vectors().at("request_signatures")) {
        SCOPED_TRACE(text(entry, "name"));
        const std::string message = signed_text(entry);
        const std::string signature = *base64_decode(text(entry, "signature"));
        EXPECT_TRUE(key.verify_sha256(message, signature));
        EXPECT_FALSE(key.verify_sha256(message.substr(0, message.size() - 1), signature));
        EXPECT_FALSE(key.verify_sha256(message + "\n", signature));
        EXPECT_FALSE(v3_key("wechatpay_public_key").public_key().verify_sha256(message, signature));
        EXPECT_FALSE(key.verify_sha256(message, signature.substr(1)));
        EXPECT_FALSE(key.verify_sha256(message, signature + '\0'));
        EXPECT_FALSE(key.verify_sha256(message, ""));
        for (const std::size_t at : {std::size_t{0}, signature.size() / 2, signature.size() - 1}) {
            std::string changed = signature;
            changed[at] = static_cast<char>(changed[at] ^ 1);
            EXPECT_FALSE(key.verify_sha256(message, changed)) << at;
        }
    }
}

TEST(V3Vectors, WrongAuthorizationsAreToldApart) {
    const RsaPublicKey key = v3_key("merchant").public_key();
    const std::string message =
        text(entry_of("request_signatures", "get-certificates-no-body"), "message");
    std::set<std::string> right;
    for (const Json& entry : v3_vectors().at("request_negative")) {
        const std::string name = text(entry, "name");
        SCOPED_TRACE(name);
        const Json& header = entry.at("authorization");
        const auto read = parse_authorization(header.is_null() ? "" : header.get<std::string>());
        const std::string expected = entry.at("expect").value("message_starts", "");
        if (expected == "Http头Authorization值格式错误") {
            ASSERT_FALSE(read);
            EXPECT_EQ(read.error().problem, AuthorizationProblem::malformed);
        } else if (expected == "Http头Authorization认证类型不正确") {
            ASSERT_FALSE(read);
            EXPECT_EQ(read.error().problem, AuthorizationProblem::other_scheme);
        } else {
            ASSERT_TRUE(read) << read.error().what;
            const bool verifies = key.verify_sha256(message, *base64_decode(read->signature));
            EXPECT_EQ(verifies, name != "signature-last-newline-missing");
            if (entry.at("expect").at("http") == 200) right.insert(name);
        }
    }
    EXPECT_THAT(right, testing::ElementsAre("parameter-order-shuffled-accepted",
                                            "timestamp-exactly-300s-old-accepted"));
}

TEST(V3Vectors, ResourcesAreSealedAndUnsealed) {
    for (const Json& entry : v3_vectors().at("aes_256_gcm")) {
        SCOPED_TRACE(text(entry, "name"));
        const Secret key(text(entry, "key_utf8"));
        const std::string plain = text(entry, "plaintext");
        EXPECT_EQ(plain.size(), entry.at("plaintext_bytes"));
        const std::string cipher =
            aes256_gcm_encrypt(key, text(entry, "nonce"), text(entry, "associated_data"), plain);
        EXPECT_EQ(base64_encode(bytes(cipher)), text(entry, "ciphertext_base64"));
        std::string tag;
        append_hex(tag, bytes(cipher.substr(plain.size())), HexCase::lower);
        EXPECT_EQ(tag, text(entry, "tag_hex"));

        const Resource sealed =
            seal(key, "t", text(entry, "associated_data"), text(entry, "nonce"), plain);
        EXPECT_EQ(sealed.ciphertext, text(entry, "ciphertext_base64"));
        EXPECT_EQ(sealed.original_type, "t");
        const auto unsealed = unseal(key, sealed);
        ASSERT_TRUE(unsealed);
        EXPECT_EQ(*unsealed, plain);
    }
}

TEST(V3Vectors, ChangedResourcesAreRefused) {
    const Json& base = entry_of("aes_256_gcm", "transaction-notify");
    const Secret key(text(base, "key_utf8"));
    const Resource right{"transaction", text(base, "ciphertext_base64"),
                         text(base, "associated_data"), text(base, "nonce")};
    ASSERT_TRUE(unseal(key, right));
    for (const Json& entry : v3_vectors().at("aes_256_gcm_negative")) {
        SCOPED_TRACE(text(entry, "name"));
        Resource changed = right;
        if (entry.contains("change")) {
            ASSERT_EQ(text(entry, "change"), "associated_data = refund");
            changed.associated_data = "refund";
        }
        changed.ciphertext = entry.value("ciphertext_base64", changed.ciphertext);
        const Secret other(entry.value("key_utf8", std::string(key.reveal())));
        const auto read = unseal(other, changed);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code,
                  other.reveal().size() == 32 ? Errc::signature_mismatch : Errc::invalid_value);
    }
}

TEST(V3Vectors, PlatformSignaturesAreVerified) {
    const PlatformKeys keys = test::v3_platform_keys();
    for (const Json& entry : v3_vectors().at("platform_signatures")) {
        SCOPED_TRACE(text(entry, "name"));
        const Json& headers = entry.at("headers");
        const std::string body = text(entry, "body");
        EXPECT_EQ(response_string(text(headers, "Wechatpay-Timestamp"),
                                  text(headers, "Wechatpay-Nonce"), body),
                  text(entry, "message"));
        const auto verdict = verify_signature(headers_of(headers), body, keys,
                                              second(text(headers, "Wechatpay-Timestamp")));
        EXPECT_EQ(verdict.has_value(), entry.at("valid").get<bool>());
        if (!verdict) {
            EXPECT_EQ(verdict.error().code, Errc::signature_mismatch);
        }
    }
}

TEST(V3Vectors, PlatformSignaturesAreMade) {
    for (const Json& entry : v3_vectors().at("platform_signatures")) {
        if (!entry.at("valid")) continue;
        SCOPED_TRACE(text(entry, "name"));
        const Json& headers = entry.at("headers");
        const std::string serial = text(headers, "Wechatpay-Serial");
        for (const char* name :
             {"platform_certificate_1", "platform_certificate_2", "wechatpay_public_key"}) {
            if (test::v3_serial(name) != serial) continue;
            http::Headers made;
            add_signature(made, v3_key(name), serial, second(text(headers, "Wechatpay-Timestamp")),
                          text(headers, "Wechatpay-Nonce"), text(entry, "body"));
            for (const auto& [header, value] : headers.items())
                EXPECT_EQ(made.get(header), value) << header;
            EXPECT_EQ(made.size(), headers.size());
        }
    }
}

TEST(V3Vectors, NotificationsAreReadAndWritten) {
    for (const Json& entry : v3_vectors().at("platform_signatures")) {
        if (entry.at("kind") != "notify" || !entry.at("valid")) continue;
        SCOPED_TRACE(text(entry, "name"));
        const auto notification = parse_notification(text(entry, "body"));
        ASSERT_TRUE(notification) << notification.error().detail;
        EXPECT_EQ(render_notification(*notification), text(entry, "body"));
        const auto plain = unseal(test::v3_api_key(), notification->resource);
        ASSERT_TRUE(plain);
        EXPECT_TRUE(Json::parse(*plain).contains("out_trade_no"));
    }
}

TEST(V3Vectors, PaymentsAreSigned) {
    const RsaPrivateKey key = v3_key("merchant");
    for (const Json& entry : v3_vectors().at("pay_sign")) {
        SCOPED_TRACE(text(entry, "kind"));
        const std::string message = pay_string(text(entry, "appId"), text(entry, "timeStamp"),
                                               text(entry, "nonceStr"), text(entry, "fourth_line"));
        EXPECT_EQ(message, text(entry, "message"));
        EXPECT_EQ(key.sign_sha256(message), text(entry, "signature"));
    }
}

TEST(V3Vectors, SensitiveFieldsAreDecrypted) {
    for (const Json& entry : v3_vectors().at("rsa_oaep_decrypt")) {
        SCOPED_TRACE(text(entry, "name"));
        const std::string cipher = *base64_decode(text(entry, "ciphertext_base64"));
        EXPECT_EQ(v3_key(text(entry, "key")).decrypt_oaep(cipher), text(entry, "plaintext"));
        for (const char* other : {"merchant", "platform_certificate_1", "wechatpay_public_key"}) {
            if (text(entry, "key") == other) continue;
            EXPECT_EQ(v3_key(other).decrypt_oaep(cipher), std::nullopt);
        }
        std::string changed = cipher;
        changed[100] = static_cast<char>(changed[100] ^ 1);
        EXPECT_EQ(v3_key(text(entry, "key")).decrypt_oaep(changed), std::nullopt);
    }
}

TEST(V3Vectors, OfficialSdksAgree) {
    std::size_t read = 0;
    for (const Json& entry : v3_vectors().at("from_official_sdk_tests")) {
        SCOPED_TRACE(text(entry, "origin"));
        const std::string kind = text(entry, "kind");
        if (kind == "aes_256_gcm") {
            const Secret key(text(entry, "key_utf8"));
            const std::string cipher =
                aes256_gcm_encrypt(key, text(entry, "nonce"), text(entry, "associated_data"),
                                   text(entry, "plaintext"));
            EXPECT_EQ(base64_encode(bytes(cipher)), text(entry, "ciphertext_base64"));
            ++read;
        } else if (kind == "rsa_sha256_verify") {
            const auto key = RsaPublicKey::from_pem(text(entry, "public_key_spki_pem"));
            ASSERT_TRUE(key);
            EXPECT_TRUE(key->verify_sha256(text(entry, "message"),
                                           *base64_decode(text(entry, "signature"))));
            ++read;
        } else if (kind == "notify") {
            PlatformKeys keys;
            keys.add(text(entry, "serial_no"),
                     *RsaPublicKey::from_pem(text(entry, "public_key_spki_pem")));
            const Json& headers = entry.at("headers");
            EXPECT_TRUE(verify_signature(headers_of(headers), text(entry, "body"), keys,
                                         second(text(headers, "Wechatpay-Timestamp"))));
            const auto notification = parse_notification(text(entry, "body"));
            ASSERT_TRUE(notification) << notification.error().detail;
            EXPECT_EQ(notification->event_type, "PAYSCORE.USER_OPEN_SERVICE");
            // Its key has 16 bytes, which is no APIv3 key.
            EXPECT_EQ(unseal(Secret(text(entry, "key_utf8")), notification->resource).error().code,
                      Errc::invalid_value);
            ++read;
        }
    }
    EXPECT_EQ(read, 3U);
}

}  // namespace
}  // namespace wxpay::v3
