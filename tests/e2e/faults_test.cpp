// Faults as a client meets them: over real sockets, asked for by the control API and by a header.
#include <gtest/gtest.h>

#include "core/http/url.hpp"

#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_socket.hpp"

namespace wxpay::test {
namespace {

class FaultsOnTheWire : public testing::Test {
  protected:
    std::string send(const std::string& number, const std::string& header = "") {
        const std::string body = AppHarness::xml(AppHarness::sign(AppHarness::order(number)));
        RawSocket socket(http::Url::parse(server.url()).value().port);
        socket.send("POST /pay/unifiedorder HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" +
                    header + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        return socket.recv_all();
    }
    void add(const std::string& effect) {
        const auto added = server.call("POST", "/_sandbox/v1/faults",
                                       R"({"on":"api","times":1,"do":)" + effect + "}");
        ASSERT_EQ(added.status, 200) << added.body;
    }
    bool exists(const std::string& number) {
        return server.call("GET", "/_sandbox/v1/orders/1900000109:" + number).status == 200;
    }
    static std::string body_of(const std::string& response) {
        return response.substr(response.find("\r\n\r\n") + 4);
    }

    ServerProcess server{WXPAY_SANDBOX_PROGRAM, {"--port", "0", "--clock", "manual"}};
};

TEST_F(FaultsOnTheWire, ADroppedCallGetsNothing) {
    add(R"({"drop":"before"})");
    EXPECT_EQ(send("T1"), "");
    EXPECT_FALSE(exists("T1"));
    EXPECT_EQ(send("T2", "Wechatpay-Negative-Test: drop=after\r\n"), "");
    EXPECT_TRUE(exists("T2"));
}

TEST_F(FaultsOnTheWire, ATruncatedAnswerEndsBeforeItsLength) {
    add(R"({"truncate":20})");
    const std::string cut = send("T1");
    EXPECT_EQ(body_of(cut), "<xml><return_code><!");
    EXPECT_EQ(cut.find("Content-Length: 20\r\n"), std::string::npos);
    EXPECT_NE(cut.find("Content-Length: "), std::string::npos);
    EXPECT_TRUE(exists("T1"));
}

TEST_F(FaultsOnTheWire, ADelayedAnswerComesThoughTheClockStands) {
    add(R"({"delay":"20ms..40ms"})");
    EXPECT_NE(send("T1").find("<result_code><![CDATA[SUCCESS]]>"), std::string::npos);
    EXPECT_TRUE(send("T1", "Wechatpay-Negative-Test: delay=10ms, http_status=502\r\n")
                    .starts_with("HTTP/1.1 502"));
}

}  // namespace
}  // namespace wxpay::test
