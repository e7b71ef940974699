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
    EXPECT_NE(refusal("{\"options\":{\n\"clock\":\"fast\"}}")
                  .find("config.json:2: options.clock: --clock 'fast': "),
              std::string::npos);
    EXPECT_NE(refusal(R"({"options":{"wire_clock":"x"}})")
                  .find("config.json:1: options.wire_clock: --wire-clock 'x': "),
              std::string::npos);
    EXPECT_NE(refusal(R"({"options":{"log_format":"x"}})").find("options.log_format: "),
              std::string::npos);
    EXPECT_NE(refusal(R"({"options":{"port":12180}})")
                  .find(R"(options.port: unknown key; use "http": "127.0.0.1:PORT")"),
              std::string::npos);
    EXPECT_EQ(refusal(R"({"options":{"clock":"manual"}})", {"--clock", "slow"}).find("options."),
              std::string::npos)
        << "the command line's own mistake";
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
        const std::string output = process.output();  // behind what is said on stderr
        return nlohmann::json::parse(output.substr(std::min(output.find('{'), output.size())),
                                     nullptr, false);
    };
    // As in the test of derived_secret().
    EXPECT_EQ(env("1230000001")["WXPAY_SANDBOX_API_KEY"], "08a208426dfb7e612e8dd712534eea33");
    EXPECT_EQ(env("1230000001")["WXPAY_SANDBOX_APPID"], AppHarness::kAppId);
    EXPECT_FALSE(env("1900000109").contains("WXPAY_SANDBOX_API_KEY")) << "it was replaced";
    EXPECT_EQ(env("1900000110")["WXPAY_SANDBOX_API_KEY"], "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c");
    env("1");
}

TEST_F(ConfigFile, LeavesNothingOfAnotherMerchantInTheEnvironment) {
    const std::string path =
        file(R"({"merchants":[{"mch_id":"1900000120","api_key":")" + kOtherKey + R"("}]})");
    ServerProcess sandbox(kProgram, {"--port", "0", "--config", path});
    const auto env = [&](const std::string& format) {
        return run_to_end(kProgram, {"env", "--format", format, "--url", sandbox.url(), "--mch-id",
                                     "1900000120"})
            .output;
    };
    EXPECT_NE(env("sh").find("unset WXPAY_SANDBOX_API_KEY\nunset WXPAY_SANDBOX_API_V3_KEY\n"),
              std::string::npos)
        << env("sh");
    EXPECT_NE(env("sh").find("WXPAY_SANDBOX_API_KEY and WXPAY_SANDBOX_API_V3_KEY are not set: "
                             "merchant 1900000120 is the configuration's, and its keys are not "
                             "told\n"),
              std::string::npos)
        << env("sh");
    EXPECT_NE(env("github").find("WXPAY_SANDBOX_CERT=\n"), std::string::npos) << env("github");
    EXPECT_NE(env("dotenv").find("WXPAY_SANDBOX_API_KEY=\n"), std::string::npos) << env("dotenv");
    EXPECT_EQ(env("json").find("WXPAY_SANDBOX_CERT"), std::string::npos) << env("json");
    const auto told = run_to_end(
        kProgram,
        {"run", "--config", path, "--mch-id", "1900000120", "--quiet", "--", "sh", "-c",
         "echo ${WXPAY_SANDBOX_API_KEY-gone} ${WXPAY_SANDBOX_MCH_ID-gone}"},
        {{"WXPAY_SANDBOX_API_KEY", AppHarness::kKey}, {"WXPAY_SANDBOX_MCH_ID", "1900000109"}});
    EXPECT_EQ(told.output, "gone 1900000120\n");
}

TEST_F(ConfigFile, DecidesByWhoseKeysMessagesAreRight) {
    const std::string path =
        file(R"({"merchants":[{"mch_id":"1900000109","api_key":")" + kOtherKey +
             R"("},{"mch_id":"1900000120","api_key":")" + kOtherKey + R"("}]})");
    ServerProcess sandbox(kProgram, {"--port", "0", "--config", path});
    const auto order = [&](const std::string& mch_id, const std::string& key) {
        const Fields fields = AppHarness::order("K1", {{"mch_id", mch_id}});
        return sandbox.call("POST", "/pay/unifiedorder",
                            AppHarness::xml(AppHarness::sign(fields, key)));
    };
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--url", sandbox.url()});
        return run_to_end(kProgram, arguments);
    };
    order("1900000109", AppHarness::kKey);
    const auto refused = run({"verify", "last"});
    EXPECT_EQ(refused.status, 1) << "the server said so: " << refused.output;
    EXPECT_EQ(run({"explain", "last"}).status, 1);
    EXPECT_NE(run({"sign", "last"}).output.find("its keys are not told: give --key"),
              std::string::npos);
    const auto by_key = run({"verify", "last", "--key", AppHarness::kKey});
    EXPECT_EQ(by_key.status, 0) << by_key.output;
    order("1900000120", kOtherKey);
    const auto accepted = run({"verify", "last"});
    EXPECT_EQ(accepted.status, 0);
    EXPECT_EQ(accepted.output, "right: as the server verified it\n");
    sandbox.call("POST", "/pay/unifiedorder", "hello");
    const auto unsigned_one = run({"verify", "last"});
    EXPECT_EQ(unsigned_one.status, 1);
    EXPECT_NE(unsigned_one.output.find("exchange 3 has no signature that the server can check: "
                                       "refused, XML格式错误"),
              std::string::npos)
        << unsigned_one.output;

    const auto pay = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"pay", "--new", "1", "--notify-url", "http://127.0.0.1:1/"});
        return run(more);
    };
    const auto unknown = pay({});
    EXPECT_EQ(unknown.status, 2);
    EXPECT_NE(unknown.output.find("merchant 1900000109 is the configuration's, and its keys are "
                                  "not told: give --api-key"),
              std::string::npos)
        << unknown.output;
    const auto known = pay({"--mch-id", "1900000120", "--api-key", kOtherKey});
    EXPECT_EQ(known.status, 0) << "its app is the server's to tell: " << known.output;
    EXPECT_EQ(pay({"--mch-id", "1900000120", "--api", "v3"}).status, 2);
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
