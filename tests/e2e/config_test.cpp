// serve --config, run for real.
#include <algorithm>
#include <csignal>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"

namespace wxpay::test {
namespace {

const std::string kProgram = WXPAY_SANDBOX_PROGRAM;
const std::string kOtherKey = "0123456789abcdef0123456789abcdef";

class ConfigFile : public testing::Test {
  protected:
    std::string file(const std::string& content) {
        std::string path = (directory / "config.json").string();
        std::ofstream(path) << content;
        return path;
    }
    /// The line that a start with this file ends with; its status must be 2.
    std::string refusal(const std::string& content, std::vector<std::string> more = {}) {
        more.insert(more.end(), {"--port", "0", "--config", file(content)});
        Process process(kProgram, more);
        EXPECT_EQ(process.wait(), 2);
        std::string output = process.output();
        EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1) << output;
        return output;
    }

    TemporaryDirectory directory;
};

TEST_F(ConfigFile, WithAMistakeStartsNothingAndSaysWhere) {
    EXPECT_NE(refusal("{\n\"merchants\": [{\n\"mch_idd\": \"1900000120\"}]}")
                  .find("config.json:3: merchants[0].mch_idd: unknown key; did you mean 'mch_id'?"),
              std::string::npos);
    EXPECT_NE(refusal(R"({"options":{"clock":"fast"}})").find("fast"), std::string::npos);
    EXPECT_NE(refusal(R"({"options":{"wire_clock":"x"}})").find("--wire-clock"), std::string::npos);
    Process missing(kProgram, {"--config", (directory / "nowhere.json").string()});
    EXPECT_EQ(missing.wait(), 2);
    EXPECT_NE(missing.output().find("nowhere.json"), std::string::npos);
}

TEST_F(ConfigFile, GivesWayToTheCommandLine) {
    const std::string path =
        file(R"({"options":{"clock":"manual","start_time":"2026-01-02T03:04:05+08:00",)"
             R"("wire_clock":"virtual"}})");
    ServerProcess as_written(kProgram, {"--port", "0", "--config", path});
    const auto told = as_written.call("GET", "/_sandbox/v1/clock").json();
    EXPECT_EQ(told["mode"], "manual");
    EXPECT_EQ(told["now"], "2026-01-02T03:04:05+08:00");
    ServerProcess as_said(kProgram, {"--port", "0", "--config", path, "--clock", "x2"});
    EXPECT_EQ(as_said.call("GET", "/_sandbox/v1/clock").json()["mode"], "x2");
}

TEST_F(ConfigFile, BringsItsFaults) {
    ServerProcess sandbox(
        kProgram, {"--port", "0", "--config",
                   file(R"({"faults":[{"id":"slow","on":"notify","do":{"delay":"1s"}}]})")});
    const auto listed = sandbox.call("GET", "/_sandbox/v1/faults").json();
    ASSERT_EQ(listed["faults"].size(), 1U);
    EXPECT_EQ(listed["faults"][0]["id"], "slow");
}

TEST_F(ConfigFile, IsWhereEnvFindsMerchants) {
    const std::string path =
        file(R"({"options":{"seed":7},"merchant_range":{"from":"1230000000","to":"1230000009"},)"
             R"("merchants":[{"mch_id":"1900000109","api_key":")" +
             kOtherKey + R"("}]})");
    ServerProcess sandbox(kProgram, {"--port", "0", "--config", path});
    const auto env = [&](const std::string& mch_id) {
        Process process(kProgram,
                        {"env", "--format", "json", "--url", sandbox.url(), "--mch-id", mch_id});
        EXPECT_EQ(process.wait(), mch_id == "1" ? 1 : 0);
        return nlohmann::json::parse(process.output(), nullptr, false);
    };
    // As in the test of derived_secret().
    EXPECT_EQ(env("1230000001")["WXPAY_SANDBOX_API_KEY"], "08a208426dfb7e612e8dd712534eea33");
    EXPECT_EQ(env("1230000001")["WXPAY_SANDBOX_APPID"], AppHarness::kAppId);
    EXPECT_FALSE(env("1900000109").contains("WXPAY_SANDBOX_API_KEY")) << "it was replaced";
    EXPECT_EQ(env("1900000110")["WXPAY_SANDBOX_API_KEY"], "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c");
    env("1");
}

TEST_F(ConfigFile, IsJoinedByMerchantsThatWereStored) {
    const std::string data = (directory / "data").string();
    {
        ServerProcess sandbox(kProgram, {"--port", "0", "--data", data});
        EXPECT_EQ(sandbox
                      .call("POST", "/_sandbox/v1/merchants",
                            R"({"mch_id":"1900000120","api_key":")" + kOtherKey + "\"}")
                      .status,
                  200);
        sandbox.process().signal(SIGKILL);
        EXPECT_EQ(sandbox.process().wait(), 128 + SIGKILL);
    }
    ServerProcess sandbox(kProgram, {"--port", "0", "--data", data});
    EXPECT_EQ(sandbox.call("GET", "/_sandbox/v1/merchants/1900000120").json()["origin"], "api");
}

TEST(ConfigVerb, PrintsASchemaThatIsJson) {
    Process process(kProgram, {"config", "schema"});
    EXPECT_EQ(process.wait(), 0);
    EXPECT_EQ(nlohmann::json::parse(process.output())["type"], "object");
}

}  // namespace
}  // namespace wxpay::test
