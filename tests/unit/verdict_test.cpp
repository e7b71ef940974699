#include "sandbox/notify/verdict.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "core/codec/utf8.hpp"
#include "core/http/dispatcher.hpp"

namespace wxpay::sandbox {
namespace {

using Kind = http::Outcome::Kind;

http::Outcome answer(std::string body, int status = 200) {
    http::Outcome outcome;
    outcome.kind = Kind::answered;
    outcome.response.status = status;
    outcome.response.body = std::move(body);
    return outcome;
}

Judgement judge(std::string body, int status = 200) {
    return judge_v2(answer(std::move(body), status));
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

const std::string kGood =
    "<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></"
    "xml>";

TEST(Verdict, HasTheNamesOfTheContract) {
    EXPECT_STREQ(name(Verdict::ok), "ok");
    EXPECT_STREQ(name(Verdict::refused), "refused");
    EXPECT_STREQ(name(Verdict::bad_answer), "bad_answer");
    EXPECT_STREQ(name(Verdict::timeout), "timeout");
    EXPECT_STREQ(name(Verdict::unreachable), "unreachable");
}

TEST(JudgeV2, TakesSuccessInEveryHarmlessForm) {
    for (const std::string& body :
         {kGood,
          std::string("<xml><return_code>SUCCESS</return_code><return_msg>OK</return_msg></xml>"),
          std::string("<xml><return_code>SUCCESS</return_code><return_msg/></xml>"),
          std::string("<root><sign>AB</sign><return_msg>OK</return_msg><return_code>SUCCESS</"
                      "return_code></root>"),
          "\xEF\xBB\xBF" + kGood, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n" + kGood,
          " \r\n\t" + kGood + "\r\n\r\n",
          std::string("<xml>\n  <return_code>SUCCESS</return_code>\n  "
                      "<return_msg>OK</return_msg>\n</xml>")}) {
        const Judgement judgement = judge(body);
        EXPECT_EQ(judgement.verdict, Verdict::ok) << body << ": " << judgement.reason;
        EXPECT_EQ(judgement.reason, "") << body;
    }
}

TEST(JudgeV2, DoesNotLookAtTheContentType) {
    http::Outcome outcome = answer(kGood);
    outcome.response.headers.add("Content-Type", "application/json");
    EXPECT_EQ(judge_v2(outcome).verdict, Verdict::ok);
}

TEST(JudgeV2, MentionsAMissingReturnMsg) {
    const Judgement judgement = judge("<xml><return_code>SUCCESS</return_code></xml>");
    EXPECT_EQ(judgement.verdict, Verdict::ok);
    EXPECT_TRUE(holds(judgement.reason, "no return_msg")) << judgement.reason;
}

TEST(JudgeV2, QuotesWhyTheMerchantRefused) {
    const Judgement judgement = judge(
        "<xml><return_code>FAIL</return_code><return_msg><![CDATA[签名失败]]></return_msg></xml>");
    EXPECT_EQ(judgement.verdict, Verdict::refused);
    EXPECT_EQ(judgement.reason, "return_code is \"FAIL\", return_msg \"签名失败\"");
}

TEST(JudgeV2, TakesOnlySuccessInCapitalsForSuccess) {
    for (const char* code : {"success", "SUCCESS ", "OK", "", "SUCCESSFUL"}) {
        const Judgement judgement =
            judge(std::string("<xml><return_code>") + code + "</return_code></xml>");
        EXPECT_EQ(judgement.verdict, Verdict::refused) << code;
        EXPECT_EQ(judgement.reason, std::string("return_code is \"") + code + "\"");
    }
}

TEST(JudgeV2, BoundsAndCleansWhatItQuotes) {
    std::string message = "a\tb\x7f\xC2\x9B!\nc";
    for (int i = 0; i < 1000; ++i) message += "字";
    const Judgement judgement =
        judge("<xml><return_code>FAIL</return_code><return_msg>" + message + "</return_msg></xml>");
    EXPECT_EQ(judgement.verdict, Verdict::refused);
    EXPECT_TRUE(holds(judgement.reason, "\"a b  ! c字")) << judgement.reason;
    EXPECT_LT(judgement.reason.size(), 128 + 60U);
    EXPECT_TRUE(is_utf8(judgement.reason));
    EXPECT_TRUE(std::none_of(judgement.reason.begin(), judgement.reason.end(),
                             [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }));
}

struct BadBody {
    const char* body;
    const char* looks_like;
};

TEST(JudgeV2, SaysWhatAnAnswerLooksLikeAndWhatIsWanted) {
    const BadBody kCases[] = {
        {"success", "plain text \"success\""},
        {"ok", "plain text \"ok\""},
        {"", "an empty body"},
        {"\xEF\xBB\xBF \r\n", "an empty body"},
        {R"({"code":"SUCCESS","message":"成功"})", R"(JSON "{"code":"SUCCESS")"},
        {"[1]", "JSON"},
        {R"("<xml><return_code>SUCCESS</return_code></xml>")", "a JSON string"},
        {"<!DOCTYPE html><html><body>404</body></html>", "HTML"},
        {"<HTML><body><h1>Not here</h1></body></HTML>", "HTML"},
        {"<xml>\\n<return_code>SUCCESS</return_code>\\n</xml>", "a backslash and an n"},
        {"<xml>text<return_code>SUCCESS</return_code></xml>",
         "XML that cannot be read (text between the elements"},
        {"<xml><return_code>SUCCESS</return_code>", "XML that cannot be read ("},
        {"<!DOCTYPE xml [<!ENTITY a 'b'>]><xml><return_code>SUCCESS</return_code></xml>",
         "XML that cannot be read ("},
        {"<xml><return_code>SUCCESS</return_code><return_code>FAIL</return_code></xml>",
         "XML that cannot be read ("},
        {"<xml><result_code>SUCCESS</result_code></xml>", "XML without return_code"},
        {"<xml><return_code>SUCCESS</return_code><return_msg>\xB3\xC9\xB9\xA6</return_msg></xml>",
         "bytes that are not UTF-8"},
    };
    for (const auto& [body, looks_like] : kCases) {
        const Judgement judgement = judge(body);
        EXPECT_EQ(judgement.verdict, Verdict::bad_answer) << body;
        EXPECT_TRUE(holds(judgement.reason, looks_like)) << body << ": " << judgement.reason;
        EXPECT_TRUE(holds(judgement.reason, "wanted: HTTP 200 with <xml>")) << judgement.reason;
    }
}

TEST(JudgeV2, BoundsTheReasonForAHugeElementName) {
    const std::string element(50'000, 'x');
    const Judgement judgement = judge("<xml><" + element + "><y/></" + element + "></xml>");
    EXPECT_EQ(judgement.verdict, Verdict::bad_answer);
    EXPECT_LT(judgement.reason.size(), 500U);
}

TEST(JudgeV2, WantsStatus200) {
    for (const int status : {201, 204, 400, 404, 500, 502}) {
        const Judgement judgement = judge(kGood, status);
        EXPECT_EQ(judgement.verdict, Verdict::bad_answer) << status;
        EXPECT_TRUE(holds(judgement.reason, "HTTP " + std::to_string(status) + "; wanted"))
            << judgement.reason;
    }
}

TEST(JudgeV2, SaysThatARedirectIsNotFollowed) {
    http::Outcome outcome = answer(kGood, 302);
    outcome.response.headers.add("Location", "https://shop.test/login");
    const Judgement judgement = judge_v2(outcome);
    EXPECT_EQ(judgement.verdict, Verdict::bad_answer);
    EXPECT_TRUE(holds(judgement.reason,
                      "HTTP 302 to \"https://shop.test/login\", and redirects are not followed"))
        << judgement.reason;
}

TEST(JudgeV2, KeepsTheReasonOfWhatWasNotAnswered) {
    const std::pair<Kind, Verdict> kCases[] = {
        {Kind::timed_out, Verdict::timeout},
        {Kind::unreachable, Verdict::unreachable},
        {Kind::not_allowed, Verdict::unreachable},
    };
    for (const auto& [kind, verdict] : kCases) {
        http::Outcome outcome;
        outcome.kind = kind;
        outcome.reason = "so it was";
        const Judgement judgement = judge_v2(outcome);
        EXPECT_EQ(judgement.verdict, verdict);
        EXPECT_EQ(judgement.reason, "so it was");
    }
}

TEST(JudgeV2, CallsWhatIsNotHttpABadAnswer) {
    http::Outcome outcome;
    outcome.kind = Kind::malformed;
    outcome.reason = "the answer is not HTTP/1.1: not a status line";
    const Judgement judgement = judge_v2(outcome);
    EXPECT_EQ(judgement.verdict, Verdict::bad_answer);
    EXPECT_TRUE(holds(judgement.reason, "not a status line; wanted")) << judgement.reason;
}

}  // namespace
}  // namespace wxpay::sandbox
