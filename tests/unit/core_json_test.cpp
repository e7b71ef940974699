#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"

namespace wxpay {
namespace {

Errc refusal(std::string_view text, int depth_max = kJsonDepthMax) {
    const auto read = parse_json(text, depth_max);
    EXPECT_FALSE(read) << text;
    return read ? Errc::refused : read.error().code;
}

std::string nested(int levels, std::string_view inside = "") {
    const auto count = static_cast<std::size_t>(levels);
    return std::string(count, '[') + std::string(inside) + std::string(count, ']');
}

TEST(Json, ReadsEveryKindOfValue) {
    const auto json = parse_json(
        R"( {"text":"微信\u4fe1\ud83d\ude00","whole":-5,"half":0.5,"yes":true,"none":null,"list":[1,[]],"":{}} )");
    ASSERT_TRUE(json);
    EXPECT_EQ(json->at("text"), "微信信😀");
    EXPECT_EQ(json->at("whole"), -5);
    EXPECT_EQ(json->at("half"), 0.5);
    EXPECT_EQ(json->at("yes"), true);
    EXPECT_TRUE(json->at("none").is_null());
    EXPECT_EQ(json->at("list").size(), 2U);
    EXPECT_TRUE(json->at("").is_object());
    EXPECT_EQ(*parse_json("1"), 1);
}

TEST(Json, TakesTheLastOfTwoMembers) { EXPECT_EQ(parse_json(R"({"a":1,"a":2})")->at("a"), 2); }

TEST(Json, RefusesWhatIsNoJson) {
    for (const std::string_view text :
         {"",           " ",       "{",       "}",           "{]",    "[1,]",
          "{\"a\":1,}", "{\"a\"}", "{a:1}",   "{'a':1}",     "[1 2]", "01",
          "+1",         ".5",      "1.",      "nul",         "NaN",   "Infinity",
          "\"",         "\"\n\"",  "\"\\x\"", "\"\\ud800\"", "{} {}", "{}x",
          "// a\n1",    "<xml/>",  "1e999"})
        EXPECT_EQ(refusal(text), Errc::malformed);
    EXPECT_EQ(parse_json("{\"a\":1,}").error().detail, "not JSON from byte 8 on");
}

TEST(Json, RefusesWhatIsNoUtf8) {
    EXPECT_EQ(refusal("\"\xD6\xA7\xB8\""), Errc::not_utf8);
    EXPECT_EQ(refusal("\"\xC0\xAF\""), Errc::not_utf8);
    EXPECT_EQ(refusal("\"\xED\xA0\x80\""), Errc::not_utf8);
    EXPECT_EQ(refusal("\xFF\xFE{\0}\0"), Errc::not_utf8);
}

TEST(Json, CountsLevels) {
    EXPECT_TRUE(parse_json(nested(kJsonDepthMax)));
    EXPECT_TRUE(parse_json(nested(kJsonDepthMax, "1")));
    EXPECT_EQ(refusal(nested(kJsonDepthMax + 1)), Errc::too_large);
    EXPECT_EQ(refusal(nested(kJsonDepthMax + 1, "1")), Errc::too_large);
    EXPECT_EQ(refusal(R"({"a":{"b":[]}})", 2), Errc::too_large);
    EXPECT_TRUE(parse_json(R"({"a":{"b":[]}})", 3));
    EXPECT_TRUE(parse_json("1", 0));
    EXPECT_TRUE(parse_json(R"(["[[", "\"[", "\\"])", 1)) << "texts have no levels";
    EXPECT_EQ(refusal(R"(["\\", []])", 1), Errc::too_large);
    EXPECT_EQ(refusal("[]", 0), Errc::too_large);
    EXPECT_EQ(refusal(std::string(1'000'000, '[')), Errc::too_large);
    EXPECT_EQ(refusal("[" + nested(40) + ",1]"), Errc::too_large);
    EXPECT_TRUE(parse_json("[" + nested(20) + "," + nested(20) + "]"));
    EXPECT_TRUE(parse_json("\"" + std::string(100, '[') + "\""));
}

TEST(Json, WritesCompactly) {
    EXPECT_EQ(dump_json(nlohmann::json{{"b", 1}, {"a", "微信"}}), R"({"a":"微信","b":1})");
    EXPECT_EQ(dump_json(nlohmann::ordered_json{{"b", 1}, {"a", "/"}}), R"({"b":1,"a":"/"})");
    EXPECT_EQ(dump_json(nlohmann::json("a\xFFz")), "\"a\xEF\xBF\xBDz\"");
}

}  // namespace
}  // namespace wxpay
