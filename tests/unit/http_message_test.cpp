#include <string>

#include <gtest/gtest.h>

#include "core/http/message.hpp"
#include "core/http/url.hpp"

namespace wxpay::http {
namespace {

using namespace std::string_literals;

TEST(Headers, FindsTheFirstLineWithoutCase) {
    Headers headers;
    headers.add("Accept", "a");
    headers.add("ACCEPT", "b");
    headers.add("Empty", "");
    EXPECT_EQ(headers.find("accept"), "a");
    EXPECT_EQ(headers.get("Accept"), "a");
    EXPECT_EQ(headers.find("Accep"), std::nullopt);
    EXPECT_EQ(headers.find("Empty"), "");
    EXPECT_EQ(headers.get("Missing"), "");
}

TEST(Headers, KeepsTheOrderOfLines) {
    Headers headers;
    for (const auto* name : {"B", "a", "B", "C"}) headers.add(name, "");
    std::string names;
    for (const auto& line : headers) names += line.first;
    EXPECT_EQ(names, "BaBC");
}

TEST(Headers, SetReplacesEveryLineOfThatName) {
    Headers headers;
    headers.add("A", "1");
    headers.add("B", "2");
    headers.add("a", "3");
    headers.set("A", "4");
    EXPECT_EQ(headers.size(), 2U);
    EXPECT_EQ(headers.get("a"), "4");
    headers.set("New", "5");
    EXPECT_EQ(headers.get("new"), "5");
}

TEST(Headers, TakeOnWhatIsTheirOwn) {
    Headers headers;
    headers.add("A", std::string(100, 'v'));
    for (int n = 0; n < 10; ++n) {
        const auto [name, value] = *headers.begin();
        headers.add(name, value);
    }
    EXPECT_EQ(headers.size(), 11U);
    for (const auto& [name, value] : headers) EXPECT_EQ(value, std::string(100, 'v')) << name;
}

TEST(EqualsIgnoringCase, ComparesOnlyAsciiLettersWithoutCase) {
    EXPECT_TRUE(equals_ignoring_case("aZ-09", "Az-09"));
    EXPECT_FALSE(equals_ignoring_case("a", "ab"));
    EXPECT_FALSE(equals_ignoring_case("[", "{"));
    EXPECT_FALSE(equals_ignoring_case("@", "`"));
    EXPECT_FALSE(equals_ignoring_case("\xc4", "\xe4"));
    EXPECT_TRUE(equals_ignoring_case("", ""));
}

TEST(SetTarget, TakesARequestLineApart) {
    const auto apart = [](std::string_view target) {
        Request request;
        set_target(request, target);
        return std::vector{request.target, request.path, request.query};
    };
    using Parts = std::vector<std::string>;
    EXPECT_EQ(apart("/a%20b?x=%31&y"), (Parts{"/a%20b?x=%31&y", "/a b", "x=%31&y"}));
    EXPECT_EQ(apart("/a?"), (Parts{"/a?", "/a", ""}));
    EXPECT_EQ(apart("/"), (Parts{"/", "/", ""}));
    EXPECT_EQ(apart("*"), (Parts{"*", "*", ""}));
    EXPECT_EQ(apart("http://api.mch.weixin.qq.com/a?u=http://b/c"),
              (Parts{"/a?u=http://b/c", "/a", "u=http://b/c"}));
    EXPECT_EQ(apart("http://api.mch.weixin.qq.com"), (Parts{"/", "/", ""}));
    EXPECT_EQ(apart("http://api.mch.weixin.qq.com?x=1"), (Parts{"?x=1", "/", "x=1"}));
}

TEST(PercentDecode, DecodesEscapes) {
    EXPECT_EQ(percent_decode("a%20b%2Fc%2f"), "a b/c/");
    EXPECT_EQ(percent_decode("%E5%BE%AE"), "微");
    EXPECT_EQ(percent_decode("%00"), "\0"s);
    EXPECT_EQ(percent_decode("%2525"), "%25");
}

TEST(PercentDecode, LeavesBadEscapesAsTheyAre) {
    EXPECT_EQ(percent_decode("%"), "%");
    EXPECT_EQ(percent_decode("%4"), "%4");
    EXPECT_EQ(percent_decode("%4g%g4%%41"), "%4g%g4%A");
}

TEST(PercentDecode, TakesPlusForASpaceOnlyInForms) {
    EXPECT_EQ(percent_decode("a+b%2B"), "a+b+");
    EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
}

TEST(PercentEncode, KeepsOnlyUnreservedCharacters) {
    EXPECT_EQ(percent_encode("azAZ09-_.~"), "azAZ09-_.~");
    EXPECT_EQ(percent_encode("a b/c?d&e=f+%"), "a%20b%2Fc%3Fd%26e%3Df%2B%25");
    EXPECT_EQ(percent_encode("微\0"s), "%E5%BE%AE%00");
}

TEST(Request, TellsItsTarget) {
    Request request;
    EXPECT_EQ(target_of(request), "/");
    request.path = "/a b/微@x|*";
    EXPECT_EQ(target_of(request), "/a%20b/%E5%BE%AE@x%7C*");
    request.query = "c=%20d";
    EXPECT_EQ(target_of(request), "/a%20b/%E5%BE%AE@x%7C*?c=%20d");
    request.target = "/as%7Cit?was=";
    EXPECT_EQ(target_of(request), "/as%7Cit?was=");
}

TEST(Request, FindsQueryParameters) {
    Request request;
    request.query = "a=1&b=x%20y+z&a=2&c&=d&e=f=g&%66=h";
    EXPECT_EQ(request.parameter("a"), "1");
    EXPECT_EQ(request.parameter("b"), "x y z");
    EXPECT_EQ(request.parameter("c"), "");
    EXPECT_EQ(request.parameter("e"), "f=g");
    EXPECT_EQ(request.parameter("f"), "h");
    EXPECT_EQ(request.parameter("g"), std::nullopt);
    request.query = "";
    EXPECT_EQ(request.parameter("a"), std::nullopt);
    request.query = "&&a";
    EXPECT_EQ(request.parameter("a"), "");
}

TEST(Url, TakesUrlsApart) {
    const auto url = Url::parse("http://Example.COM:8080/notify/v2?a=b:c/d@e");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->scheme, "http");
    EXPECT_EQ(url->host, "example.com");
    EXPECT_EQ(url->port, 8080);
    EXPECT_EQ(url->target, "/notify/v2?a=b:c/d@e");
    EXPECT_EQ(url->origin(), "http://example.com:8080");
    EXPECT_EQ(url->authority(), "example.com:8080");
}

TEST(Url, FillsInWhatIsLeftOut) {
    const auto plain = Url::parse("http://a");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->port, 80);
    EXPECT_EQ(plain->target, "/");
    EXPECT_EQ(plain->origin(), "http://a:80");
    EXPECT_EQ(plain->authority(), "a");

    const auto secure = Url::parse("HTTPS://a?x");
    ASSERT_TRUE(secure);
    EXPECT_EQ(secure->scheme, "https");
    EXPECT_EQ(secure->port, 443);
    EXPECT_EQ(secure->target, "/?x");
    EXPECT_EQ(secure->authority(), "a");
    EXPECT_EQ(Url::parse("https://a:80")->authority(), "a:80");
}

TEST(Url, TakesIpv6Addresses) {
    const auto url = Url::parse("http://[::1]:12190/n");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->port, 12190);
    EXPECT_EQ(url->origin(), "http://[::1]:12190");
    EXPECT_EQ(url->authority(), "[::1]:12190");
    EXPECT_EQ(Url::parse("http://[FE80::A]/")->authority(), "[fe80::a]");
}

TEST(Url, RefusesWhatIsNoHttpUrl) {
    for (const std::string text : {"",
                                   "a",
                                   "/a",
                                   "//a",
                                   "ftp://a",
                                   "httpx://a",
                                   "://a",
                                   "http:/a",
                                   "http://",
                                   "http:///a",
                                   "http://:80",
                                   "http://a:",
                                   "http://a:0",
                                   "http://a:65536",
                                   "http://a:-1",
                                   "http://a:+1",
                                   "http://a:8x",
                                   "http://a:80:80",
                                   "http://user@a",
                                   "http://user:pw@a",
                                   "http://a/#f",
                                   "http://a#f",
                                   "http://a b",
                                   "http://a/ b",
                                   " http://a",
                                   "http://a\r\n",
                                   "http://a/\t",
                                   "http://a\\b",
                                   "http://a/\\b",
                                   "http://[::1",
                                   "http://[::1]80",
                                   "http://[]",
                                   "http://[a]",
                                   "http://::1",
                                   "http://a%41",
                                   "http://a,b",
                                   "http://微",
                                   "http://a/微"})
        EXPECT_FALSE(Url::parse(text)) << text;
    EXPECT_FALSE(Url::parse("http://a/\0"s));
    EXPECT_FALSE(Url::parse("http://" + std::string(256, 'a')));
    EXPECT_EQ(Url::parse("ftp://a").error().code, Errc::malformed);
}

}  // namespace
}  // namespace wxpay::http
