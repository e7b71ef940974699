// What a forward proxy makes of the heads that pass through it.
#include "core/http/proxy_message.hpp"

#include <string>

#include <gtest/gtest.h>

namespace wxpay::http {
namespace {

MessageHead head_of(const std::string& text, bool is_request = true) {
    auto reader = is_request ? MessageReader::request({}) : MessageReader::response({}, false);
    const auto whole = reader.read(text);
    EXPECT_TRUE(whole) << text << (whole ? "" : whole.error().detail);
    EXPECT_TRUE(reader.has_head()) << text;
    return reader.take_head();
}

Result<ProxyRequest, FramingError> parse(const std::string& line,
                                         const std::string& lines = "Host: x\r\n") {
    return parse_proxy_request(head_of(line + "\r\n" + lines + "\r\n"));
}

std::string forwarded(const std::string& line, const std::string& lines) {
    const MessageHead head = head_of(line + "\r\n" + lines + "\r\n");
    const auto asked = parse_proxy_request(head);
    EXPECT_TRUE(asked) << line;
    return asked ? forwarded_request(head, asked->url) : "";
}

TEST(ProxyRequest, IsATunnelOrAWholeUrl) {
    const auto tunnel = parse("CONNECT API.mch.weixin.qq.com:443 HTTP/1.1");
    ASSERT_TRUE(tunnel);
    EXPECT_TRUE(tunnel->tunnel);
    EXPECT_EQ(tunnel->url.host, "api.mch.weixin.qq.com");
    EXPECT_EQ(tunnel->url.port, 443);
    const auto v6 = parse("CONNECT [::1]:80 HTTP/1.0", "");
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->url.host, "::1");
    EXPECT_EQ(v6->url.port, 80);
    const auto whole = parse("POST https://x.test/a?b=%20c HTTP/1.1");
    ASSERT_TRUE(whole);
    EXPECT_FALSE(whole->tunnel);
    EXPECT_EQ(whole->url.target, "/a?b=%20c");
    EXPECT_EQ(whole->url.port, 443);
}

TEST(ProxyRequest, IsNothingElse) {
    for (const char* line : {
             "GET / HTTP/1.1",
             "OPTIONS * HTTP/1.1",
             "GET x.test HTTP/1.1",
             "GET ftp://x.test/ HTTP/1.1",
             "GET http:///a HTTP/1.1",
             "GET http://x.test:0/ HTTP/1.1",
             "GET http://x.test:70000/ HTTP/1.1",
             "GET http://a@x.test/ HTTP/1.1",
             "GET http://x.test/# HTTP/1.1",
             "CONNECT x.test HTTP/1.1",
             "CONNECT x.test: HTTP/1.1",
             "CONNECT :443 HTTP/1.1",
             "CONNECT [::1] HTTP/1.1",
             "CONNECT ::1:443 HTTP/1.1",
             "CONNECT x.test:https HTTP/1.1",
             "CONNECT x.test:443/ HTTP/1.1",
             "CONNECT x.test/a:443 HTTP/1.1",
             "CONNECT x.test?a:443 HTTP/1.1",
             "CONNECT a@x.test:443 HTTP/1.1",
             "CONNECT https://x.test:443 HTTP/1.1",
             "CONNECT / HTTP/1.1",
         }) {
        const auto asked = parse(line);
        ASSERT_FALSE(asked) << line;
        EXPECT_EQ(asked.error().status, 400) << line;
    }
    EXPECT_FALSE(parse("GET http://x.test/ HTTP/1.1", ""));
    EXPECT_TRUE(parse("GET http://x.test/ HTTP/1.0", ""));
    EXPECT_FALSE(parse("CONNECT x.test:443 HTTP/1.1", "Host: x\r\nContent-Length: 1\r\n"));
    EXPECT_FALSE(parse("CONNECT x.test:443 HTTP/1.1", "Host: x\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_TRUE(parse("CONNECT x.test:443 HTTP/1.1", "Host: x\r\nContent-Length: 0\r\n"));
}

TEST(ForwardedRequest, IsInOriginFormWithoutWhatConcernsTheProxy) {
    EXPECT_EQ(forwarded("POST http://X.test/pay?a=1 HTTP/1.1",
                        "Accept: a\r\nHost: X.Test\r\nProxy-Authorization: Basic eDp5\r\n"
                        "proxy-connection: keep-alive\r\nConnection: keep-alive, X-Mine\r\n"
                        "Keep-Alive: timeout=5\r\nX-Mine: 1\r\nTE: trailers\r\nUpgrade: h2c\r\n"
                        "Authorization: mine\r\nContent-Length: 2\r\n"),
              "POST /pay?a=1 HTTP/1.1\r\nAccept: a\r\nHost: X.Test\r\nAuthorization: mine\r\n"
              "Content-Length: 2\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(forwarded("GET http://x.test HTTP/1.0", ""),
              "GET / HTTP/1.0\r\nHost: x.test\r\nConnection: close\r\n\r\n");
}

TEST(ForwardedRequest, LooksUpWhatThousandsOfTokensName) {
    std::string tokens = "X-LAST";
    for (int n = 0; n < 2000; ++n) tokens += ",,a" + std::to_string(n);
    std::string lines = "Host: x.test\r\nConnection: " + tokens + " , B\r\n";
    for (int n = 0; n < 100; ++n) lines += "A" + std::to_string(n) + ": 1\r\n";
    EXPECT_EQ(forwarded("GET http://x.test/ HTTP/1.1", lines + "x-last: 1\r\nb: 2\r\nC: 3\r\n"),
              "GET / HTTP/1.1\r\nHost: x.test\r\nC: 3\r\nConnection: close\r\n\r\n");
}

TEST(ForwardedRequest, HasTheHostOfItsTarget) {
    EXPECT_EQ(forwarded("GET http://x.test:81/ HTTP/1.1", "Host: evil.test\r\n"),
              "GET / HTTP/1.1\r\nHost: x.test:81\r\nConnection: close\r\n\r\n");
}

TEST(ForwardedRequest, KeepsItsFramingWhateverConnectionNames) {
    EXPECT_EQ(
        forwarded("POST http://x.test/ HTTP/1.1",
                  "Host: x.test\r\nConnection: Host, content-length\r\nContent-Length: 2\r\n"),
        "POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(forwarded("POST http://x.test/ HTTP/1.1",
                        "Host: x.test\r\nConnection: transfer-encoding\r\n"
                        "Transfer-Encoding: chunked\r\n"),
              "POST / HTTP/1.1\r\nHost: x.test\r\nTransfer-Encoding: chunked\r\n"
              "Connection: close\r\n\r\n");
}

TEST(ForwardedResponse, SaysWhetherTheConnectionIsKept) {
    const MessageHead head = head_of(
        "HTTP/1.0 404 Nope\r\nConnection: close\r\nKeep-Alive: 1\r\nContent-Length: 0\r\n"
        "Proxy-Authenticate: Basic\r\n\r\n",
        false);
    const std::string lines = "HTTP/1.1 404 Nope\r\nContent-Length: 0\r\n";
    EXPECT_EQ(forwarded_response(head, "Nope", true, 1), lines + "\r\n");
    EXPECT_EQ(forwarded_response(head, "Nope", false, 1), lines + "Connection: close\r\n\r\n");
    EXPECT_EQ(forwarded_response(head, "Nope", true, 0), lines + "Connection: keep-alive\r\n\r\n");
}

TEST(ProxyConnection, IsKeptAsOldClientsAskToo) {
    const auto keeps = [](const std::string& version, const std::string& lines) {
        return keeps_proxy_connection(
            head_of("GET http://x/ HTTP/" + version + "\r\nHost: x\r\n" + lines + "\r\n"));
    };
    EXPECT_TRUE(keeps("1.1", ""));
    EXPECT_FALSE(keeps("1.1", "Connection: close\r\n"));
    EXPECT_FALSE(keeps("1.1", "Proxy-Connection: close\r\n"));
    EXPECT_FALSE(keeps("1.1", "Connection: close\r\nProxy-Connection: keep-alive\r\n"));
    EXPECT_FALSE(keeps("1.0", ""));
    EXPECT_TRUE(keeps("1.0", "Proxy-Connection: Keep-Alive\r\n"));
    EXPECT_TRUE(keeps("1.0", "Connection: keep-alive\r\n"));
}

}  // namespace
}  // namespace wxpay::http
