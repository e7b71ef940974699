#include <array>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/v2/sign.hpp"

namespace wxpay::v2 {
namespace {

const Secret kKey("192006250b4c09247ec02edce69f6a2d");
constexpr std::array<FieldView, 5> kOfficial{{{"appid", "wxd930ea5d5a258f4f"},
                                              {"mch_id", "10000100"},
                                              {"device_info", "1000"},
                                              {"body", "test"},
                                              {"nonce_str", "ibuaiVcKdpRxkhJA"}}};
constexpr const char* kOfficialMd5 = "9A0A8659F005D6984697E2CA0A9CF3B7";
constexpr const char* kOfficialHmac =
    "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6";

TEST(SignType, HasTheWireWords) {
    EXPECT_EQ(wire_name(SignType::md5), "MD5");
    EXPECT_EQ(wire_name(SignType::hmac_sha256), "HMAC-SHA256");
    EXPECT_EQ(parse_sign_type("MD5"), SignType::md5);
    EXPECT_EQ(parse_sign_type("HMAC-SHA256"), SignType::hmac_sha256);
}

TEST(SignType, RefusesAnyOtherWord) {
    for (const char* word : {"", "md5", "Md5", " MD5", "MD5 ", "HMAC-SHA-256", "HMAC_SHA256",
                             "hmac-sha256", "HMAC-SHA256x", "RSA", "SHA256"}) {
        EXPECT_EQ(parse_sign_type(word), std::nullopt) << word;
    }
}

TEST(StringToSign, EndsBeforeTheKey) {
    EXPECT_EQ(string_to_sign(kOfficial),
              "appid=wxd930ea5d5a258f4f&body=test&device_info=1000&mch_id=10000100"
              "&nonce_str=ibuaiVcKdpRxkhJA&key=");
}

TEST(StringToSign, LeavesOutSignAndEmptyValuesOnly) {
    const std::array<FieldView, 5> fields{
        {{"sign", "x"}, {"b", ""}, {"SIGN", "y"}, {"sign_type", "MD5"}, {"a", "0"}}};
    EXPECT_EQ(string_to_sign(fields), "SIGN=y&a=0&sign_type=MD5&key=");
}

TEST(StringToSign, SortsNamesAsUnsignedBytes) {
    const std::array<FieldView, 6> fields{
        {{"\xE6\x94\xAF", "6"}, {"a_2", "5"}, {"a_10", "4"}, {"a", "3"}, {"_", "2"}, {"Z", "1"}}};
    EXPECT_EQ(string_to_sign(fields), "Z=1&_=2&a=3&a_10=4&a_2=5&\xE6\x94\xAF=6&key=");
}

TEST(StringToSign, KeepsValuesAsTheyAre) {
    const std::array<FieldView, 2> fields{{{"a", " x&y=z%20+\n"}, {"key", "k"}}};
    EXPECT_EQ(string_to_sign(fields), "a= x&y=z%20+\n&key=k&key=");
}

TEST(StringToSign, OfNothingIsTheKeysName) { EXPECT_EQ(string_to_sign({}), "key="); }

TEST(Sign, GivesTheOfficialAnswers) {
    EXPECT_EQ(sign(kOfficial, kKey, SignType::md5), kOfficialMd5);
    EXPECT_EQ(sign(kOfficial, kKey, SignType::hmac_sha256), kOfficialHmac);
}

TEST(Sign, KeepsNothingOfTheMessageBefore) {
    const std::vector<FieldView> longer(40, {"body", "a much longer text than the official one"});
    static_cast<void>(sign(longer, Secret(std::string(200, 'k')), SignType::md5));
    EXPECT_EQ(sign(kOfficial, kKey, SignType::md5), kOfficialMd5);
    static_cast<void>(sign(longer, Secret(""), SignType::hmac_sha256));
    EXPECT_EQ(sign(kOfficial, kKey, SignType::hmac_sha256), kOfficialHmac);
}

TEST(Sign, IsTheSameOnEveryThread) {
    std::array<std::string, 8> signs;
    {
        std::vector<std::jthread> threads;
        for (std::string& each : signs) {
            threads.emplace_back([&each] {
                for (int i = 0; i < 100; ++i) each = sign(kOfficial, kKey, SignType::hmac_sha256);
            });
        }
    }
    for (const std::string& each : signs) EXPECT_EQ(each, kOfficialHmac);
}

TEST(Verify, TakesOnlyTheExactValue) {
    EXPECT_TRUE(verify(kOfficial, kOfficialMd5, kKey, SignType::md5));
    EXPECT_FALSE(verify(kOfficial, "9a0a8659f005d6984697e2ca0a9cf3b7", kKey, SignType::md5));
    EXPECT_FALSE(verify(kOfficial, kOfficialHmac, kKey, SignType::md5));
    EXPECT_FALSE(verify(kOfficial, "", kKey, SignType::md5));
    EXPECT_FALSE(verify(kOfficial, std::string(32, '\0'), kKey, SignType::md5));
    EXPECT_FALSE(verify(kOfficial, kOfficialMd5, Secret(), SignType::md5));
}

TEST(Verify, SeesEachChangedField) {
    for (std::size_t at = 0; at < kOfficial.size(); ++at) {
        auto fields = kOfficial;
        fields[at].value = "changed";
        EXPECT_FALSE(verify(fields, kOfficialMd5, kKey, SignType::md5)) << fields[at].name;
    }
    auto added = std::vector<FieldView>(kOfficial.begin(), kOfficial.end());
    added.push_back({"total_fee", "1"});
    EXPECT_FALSE(verify(added, kOfficialMd5, kKey, SignType::md5));
}

}  // namespace
}  // namespace wxpay::v2
