// What the server writes to stderr about calls.
#include <csignal>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"

namespace wxpay::test {
namespace {

const std::string kProgram = WXPAY_SANDBOX_PROGRAM;

std::string output_of(std::vector<std::string> options) {
    options.insert(options.end(), {"--port", "0", "--clock", "manual", "--seed", "1"});
    ServerProcess sandbox(kProgram, options);
    sandbox.call("POST", "/pay/unifiedorder",
                 AppHarness::xml(AppHarness::sign(AppHarness::order("L1"))));
    sandbox.call("POST", "/pay/unifiedorder",
                 AppHarness::xml(AppHarness::sign(AppHarness::order("L\n\x1b[31m"),
                                                  "wrong-key-wrong-key-wrong-key-12")));
    sandbox.call("GET", "/sns/jscode2session?appid=wx8888888888888888&js_code=x&secret=hush");
    sandbox.process().signal(SIGTERM);
    EXPECT_EQ(sandbox.process().wait(), 0);
    return sandbox.process().output();
}

TEST(Log, InJsonHasALineForEachCall) {
    std::istringstream lines(output_of({"--log-format", "json", "--log-level", "debug"}));
    std::map<std::string, nlohmann::json> by_exchange;
    nlohmann::json start;
    for (std::string line; std::getline(lines, line);) {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        ASSERT_TRUE(json.is_object()) << line;
        if (start.is_null()) start = json;
        if (json.contains("exchange")) by_exchange[json["exchange"]] = json;
    }
    EXPECT_EQ(start["message"].get<std::string>(),
              "listens on " + start["http"].get<std::string>());
    EXPECT_EQ(start["seed"], 1);
    EXPECT_EQ(start["clock"], "manual");
    ASSERT_EQ(by_exchange.size(), 3U);
    const auto& accepted = by_exchange["1"];
    EXPECT_EQ(accepted["level"], "debug");
    EXPECT_EQ(accepted["kind"], "api");
    EXPECT_EQ(accepted["method"], "POST");
    EXPECT_EQ(accepted["target"], "/pay/unifiedorder");
    EXPECT_EQ(accepted["http_status"], 200);
    EXPECT_EQ(accepted["verdict"], "ok");
    EXPECT_EQ(accepted["mch_id"], AppHarness::kMchId);
    EXPECT_EQ(accepted["out_trade_no"], "L1");
    EXPECT_TRUE(accepted["duration_ms"].is_number());
    EXPECT_TRUE(accepted["time"].is_string());
    EXPECT_EQ(by_exchange["2"]["level"], "info");
    EXPECT_EQ(by_exchange["2"]["verdict"], "refused");
    EXPECT_FALSE(by_exchange["2"]["hint"].get<std::string>().empty());
    EXPECT_EQ(by_exchange["3"].dump().find("hush"), std::string::npos);
}

TEST(Log, MasksAKeyThatAClientPutsInTheWrongPlace) {
    for (const char* const format : {"text", "json"}) {
        ServerProcess sandbox(kProgram, {"--port", "0", "--log-format", format});
        sandbox.call("POST", std::string("/pay/") + AppHarness::kKey);
        sandbox.call("POST", "/pay/unifiedorder",
                     AppHarness::xml(AppHarness::sign(AppHarness::order(AppHarness::kKey), "x")));
        sandbox.process().signal(SIGTERM);
        EXPECT_EQ(sandbox.process().wait(), 0);
        const std::string output = sandbox.process().output();
        EXPECT_NE(output.find("1 POST /pay/***: refused"), std::string::npos) << output;
        EXPECT_NE(output.find("1900000109:***"), std::string::npos) << output;
        EXPECT_EQ(output.find(AppHarness::kKey), std::string::npos) << output;
    }
}

TEST(Log, InTextTellsWhatWasRefusedInOneLineEach) {
    const std::string output = output_of({"--no-color"});
    EXPECT_EQ(output.find("L1"), std::string::npos) << "what is well is not told";
    EXPECT_NE(output.find("2 POST /pay/unifiedorder: refused"), std::string::npos) << output;
    EXPECT_EQ(output.find('\x1b'), std::string::npos);
    EXPECT_EQ(output.find("hush"), std::string::npos);
}

}  // namespace
}  // namespace wxpay::test
