// Every signing entry of tests/vectors/v2-vectors.json. The entries for encrypted refund notices
// (refund_req_info…) are in v2_refund_notification_test.cpp.
#include <algorithm>
#include <cctype>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/codec/xml.hpp"
#include "core/v2/message.hpp"
#include "core/v2/pay_sign.hpp"
#include "core/v2/sign.hpp"

#include "tests/support/vectors.hpp"

namespace wxpay::v2 {
namespace {

using test::sign_vectors;
using test::SignVector;

SignType other(SignType type) {
    return type == SignType::md5 ? SignType::hmac_sha256 : SignType::md5;
}

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::string with_digit_changed(std::string sign, std::size_t at) {
    sign[at] = sign[at] == '0' ? '1' : '0';
    return sign;
}

/// The string to sign, the signature, and that nothing near it passes.
void expect_signed_as(const SignVector& vector, std::span<const FieldView> fields) {
    const std::string key(vector.key.reveal());
    EXPECT_EQ(string_to_sign(fields) + key, vector.string_to_sign);
    EXPECT_EQ(sign(fields, vector.key, vector.type), vector.sign);

    EXPECT_TRUE(verify(fields, vector.sign, vector.key, vector.type));
    EXPECT_FALSE(verify(fields, lower_case(vector.sign), vector.key, vector.type));
    for (std::size_t at = 0; at < vector.sign.size(); ++at) {
        EXPECT_FALSE(verify(fields, with_digit_changed(vector.sign, at), vector.key, vector.type));
    }
    EXPECT_FALSE(verify(fields, vector.sign, vector.key, other(vector.type)));
    EXPECT_FALSE(verify(fields, vector.sign, Secret(key + "0"), vector.type));
    EXPECT_FALSE(
        verify(fields, vector.sign, Secret(std::string(key.rbegin(), key.rend())), vector.type));
    EXPECT_FALSE(verify(fields, "", vector.key, vector.type));
    EXPECT_FALSE(verify(fields, vector.sign.substr(1), vector.key, vector.type));
    EXPECT_FALSE(verify(fields, vector.sign + "0", vector.key, vector.type));
}

/// Runs every entry of a section and says how many there were, so that none is skipped in silence.
std::size_t for_each_vector(const std::string& section,
                            const std::function<void(const SignVector&)>& check) {
    const std::vector<SignVector> vectors = sign_vectors(section);
    std::set<std::string> ids;
    for (const SignVector& vector : vectors) {
        SCOPED_TRACE(section + " " + vector.id + ": " + vector.note);
        EXPECT_TRUE(ids.insert(vector.id).second);
        check(vector);
    }
    return ids.size();
}

std::vector<std::string> negatives(const std::string& section) {
    std::vector<std::string> out;
    for (const SignVector& vector : sign_vectors(section)) {
        if (vector.negative) out.push_back(vector.id);
    }
    return out;
}

TEST(V2Vectors, EverySectionIsKnownHere) {
    EXPECT_THAT(test::vector_sections(),
                testing::UnorderedElementsAre("sign", "xml_sign", "pay_sign", "refund_req_info",
                                              "refund_req_info_negative"));
    EXPECT_THAT(negatives("sign"), testing::ElementsAre("order-hmac-undeclared"));
    EXPECT_THAT(negatives("xml_sign"), testing::IsEmpty());
    EXPECT_THAT(negatives("pay_sign"),
                testing::ElementsAre("jsapi-wrong-lowercase", "jsapi-wrong-type"));
}

TEST(V2Vectors, FieldsAreSigned) {
    const std::size_t run = for_each_vector("sign", [](const SignVector& vector) {
        std::vector<FieldView> fields = vector.views();
        expect_signed_as(vector, fields);
        std::ranges::reverse(fields);
        expect_signed_as(vector, fields);
    });
    EXPECT_EQ(run, 41U);
}

TEST(V2Vectors, FieldsSurviveOurWriterAndReader) {
    std::vector<std::string> unwritable;
    const std::size_t run = for_each_vector("sign", [&](const SignVector& vector) {
        Message message;
        for (const auto& [name, value] : vector.fields) {
            if (name != "sign") message.text(name, value);
        }
        message.sign(vector.key, vector.type);
        const auto read = XmlMessage::parse(message.render());
        if (!read) {
            unwritable.push_back(vector.id);
            return;
        }
        EXPECT_EQ(read->get("sign"), vector.sign);
        expect_signed_as(vector, read->fields());
    });
    EXPECT_EQ(run, 41U);
    // One has a name that begins with a digit, which no XML can carry.
    EXPECT_THAT(unwritable, testing::ElementsAre("case-sensitive-order"));
}

TEST(V2Vectors, AServerThatIsNotToldOfHmacTakesMd5AndRefuses) {
    const std::size_t run = for_each_vector("sign", [](const SignVector& vector) {
        if (!vector.negative) return;
        ASSERT_EQ(vector.value("sign_type"), "");
        EXPECT_FALSE(verify(vector.views(), vector.sign, vector.key, SignType::md5));
    });
    EXPECT_EQ(run, 41U);
}

TEST(V2Vectors, XmlIsDecodedAndSigned) {
    const std::size_t run = for_each_vector("xml_sign", [](const SignVector& vector) {
        const auto message = XmlMessage::parse(vector.xml);
        ASSERT_TRUE(message) << message.error().detail;
        EXPECT_THAT(message->fields(), testing::UnorderedElementsAreArray(vector.views()));
        expect_signed_as(vector, message->fields());
    });
    EXPECT_EQ(run, 6U);
}

JsapiPayment jsapi_payment(const SignVector& vector) {
    return {.app_id = vector.value("appId"),
            .time_stamp = vector.value("timeStamp"),
            .nonce_str = vector.value("nonceStr"),
            .package = vector.value("package"),
            .sign_type = vector.value("signType"),
            .pay_sign = vector.sign};
}

AppPayment app_payment(const SignVector& vector) {
    return {.appid = vector.value("appid"),
            .partnerid = vector.value("partnerid"),
            .prepayid = vector.value("prepayid"),
            .package = vector.value("package"),
            .noncestr = vector.value("noncestr"),
            .timestamp = vector.value("timestamp"),
            .sign = vector.sign};
}

TEST(V2Vectors, PaySignsAreThoseOfTheClients) {
    std::size_t jsapi = 0;
    std::size_t app = 0;
    std::size_t native = 0;
    const std::size_t run = for_each_vector("pay_sign", [&](const SignVector& vector) {
        expect_signed_as(vector, vector.views());
        if (vector.kind == "JSAPI") {
            ++jsapi;
            // A negative is a value that the client makes of wrong names, or of a type that is not
            // the order's.
            const SignType orders = vector.id == "jsapi-wrong-type" ? SignType::md5 : vector.type;
            EXPECT_EQ(pay_sign(jsapi_payment(vector), vector.key, orders) == vector.sign,
                      !vector.negative);
            EXPECT_EQ(vector.sign_field, "paySign");
        } else if (vector.kind == "APP") {
            ++app;
            EXPECT_EQ(pay_sign(app_payment(vector), vector.key, vector.type), vector.sign);
            EXPECT_EQ(AppPayment{}.package, vector.value("package"));
            EXPECT_EQ(vector.sign_field, "sign");
        } else {
            ++native;
            EXPECT_THAT(vector.url, testing::HasSubstr("sign=" + vector.sign));
        }
        if (!vector.handed_to_client.empty()) {
            EXPECT_THAT(vector.handed_to_client,
                        testing::Contains(testing::Pair(vector.sign_field, vector.sign)));
        }
    });
    EXPECT_EQ(run, 10U);
    EXPECT_EQ(jsapi, 6U);
    EXPECT_EQ(app, 3U);
    EXPECT_EQ(native, 1U);
}

}  // namespace
}  // namespace wxpay::v2
