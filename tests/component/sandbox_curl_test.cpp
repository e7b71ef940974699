// The member `curl` of an exchange: run by a shell, it sends the same bytes again.
#include <cstdio>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"

namespace wxpay::test {
namespace {

class CurlLine : public testing::Test {
  protected:
    /// Of the last exchange.
    std::string line() {
        const auto rows = sandbox.control("GET", "/_sandbox/v1/exchanges?limit=1").body;
        const std::string id = rows["exchanges"][0]["id"];
        return sandbox.control("GET", "/_sandbox/v1/exchanges/" + id).body["curl"];
    }
    /// What a shell makes of the line when curl only writes down its arguments, NUL behind each,
    /// and then its stdin.
    std::string run(const std::string& line) {
        const std::string out = (directory / "out").string();
        std::ofstream(directory / "line.sh")
            << "curl() { printf '%s\\0' \"$@\"; case \"$*\" in *@-) cat;; esac; }\n{ " << line
            << "\n} > '" << out << "'\n";
        Process shell("/bin/sh", {(directory / "line.sh").string()});
        EXPECT_EQ(shell.wait(), 0) << line << "\n" << shell.output();
        std::ifstream in(out, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }
    static bool holds(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }
    static std::string argument(const std::string& text) { return text + std::string(1, '\0'); }

    TemporaryDirectory directory;
    AppHarness sandbox;
};

TEST_F(CurlLine, RepeatsACall) {
    const std::string body =
        AppHarness::xml(AppHarness::sign(AppHarness::order("C1", {{"attach", "it's 100%"}})));
    sandbox.post("/pay/unifiedorder", body);
    const std::string said = run(line());
    EXPECT_TRUE(holds(said, argument("-X") + argument("POST") +
                                argument("http://127.0.0.1:12180/pay/unifiedorder")))
        << said;
    EXPECT_TRUE(holds(said, argument("--data-raw") + argument(body))) << said;
    EXPECT_TRUE(holds(said, argument("-H") + argument("Content-Type:")))
        << "the call had none, and curl would add one";
    EXPECT_FALSE(holds(said, "Host:"));
}

TEST_F(CurlLine, RepeatsBytesThatAreNoText) {
    std::string body = "<xml><a>\xc4\xe3\xba\xc3 100% \\ 'q' \r\n</a>";
    body += '\0';
    sandbox.post("/pay/unifiedorder", body);
    EXPECT_TRUE(run(line()).ends_with(argument("--data-binary") + argument("@-") + body)) << line();
    const std::string large(300 * 1024, 'x');
    sandbox.post("/pay/unifiedorder", large);
    EXPECT_TRUE(run(line()).ends_with(large)) << "more than an argument may hold";
}

TEST_F(CurlLine, RepeatsACallback) {
    sandbox.v2("/pay/unifiedorder",
               AppHarness::order("C2", {{"notify_url", "http://127.0.0.1:9190/n?a='b'"}}));
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:C2/pay");
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    const std::string said = run(line());
    EXPECT_TRUE(holds(said, argument(sandbox.sender.sent[0].url))) << said;
    EXPECT_TRUE(holds(said, argument("Content-Type: text/xml"))) << said;
    EXPECT_TRUE(holds(said, argument(sandbox.sender.sent[0].request.body))) << said;
}

TEST_F(CurlLine, MasksSecrets) {
    http::Request login;
    login.path = "/sns/jscode2session";
    login.query = "appid=wx8888888888888888&secret=5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d&js_code=a";
    login.headers.add("Authorization", "Bearer abc");
    sandbox.call(login);
    EXPECT_TRUE(holds(line(), "&secret=***&js_code=a'")) << line();
    EXPECT_TRUE(holds(line(), "'Authorization: ***'")) << line();
    sandbox.post("/pay/unifiedorder",
                 "<xml><key>" + std::string(AppHarness::kKey) + "</key></xml>");
    EXPECT_FALSE(holds(line(), AppHarness::kKey)) << line();
}

}  // namespace
}  // namespace wxpay::test
