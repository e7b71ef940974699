// wxpay-sandbox as a user meets it: its flags, its start, its end.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/sqlite/sqlite.hpp"

#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"

namespace wxpay::test {
namespace {

const std::string kProgram = WXPAY_SANDBOX_PROGRAM;

TEST(Serve, RefusesEachWrongOptionInOneLineThatNamesIt) {
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"--prot", "1"}, "--prot"},
        {{"--port", "99999"}, "--port"},
        {{"--port", "http"}, "--port"},
        {{"--port", "http"}, "--port 'http': a number from 0 to 65535"},
        {{"--port", "0", "--http", "127.0.0.1:0"}, "give one of them"},
        {{"--http", "127.0.0.1"}, "--http"},
        {{"--http", "127.evil.example:0"}, "--control-token"},
        {{"--http", "no.such.host.invalid:0"}, "no.such.host.invalid"},
        {{"--http", "0.0.0.0:0"}, "--control-token"},
        {{"--seed", "abc"}, "--seed"},
        {{"--clock", "fast"}, "--clock"},
        {{"--clock", "manual", "--start-time", "yesterday"}, "--start-time"},
        {{"--start-time", "2024-06-01T12:00:00+08:00"}, "--clock"},
        {{"--auto-pay", "soon"}, "--auto-pay"},
        {{"--notify-timeout", "5"}, "--notify-timeout"},
        {{"--public-url", "sandbox"}, "--public-url"},
        {{"--public-url", "http://sandbox/path"}, "--public-url"},
        {{"--public-url", "http://sandbox/?query"}, "--public-url"},
        {{"--wire-clock", "x60"}, "--wire-clock"},
        {{"--allow-notify", "http://shop.example"}, "without scheme"},
        {{"--allow-notify", "shop.example:80"}, "without scheme, port"},
        {{"--allow-notify", "169.254.169.254"}, "never"},
        {{"--allow-notify", "api.mch.weixin.qq.com"}, "never"},
        {{"--data", ""}, "--data"},
        {{"--config", ""}, "--config"},
        {{"--port", "0", "--control-token", ""}, "--control-token"},
        {{"--seed="}, "--seed"},
        {{"--log-format", "xml"}, "--log-format"},
        {{"--log-level", "loud"}, "--log-level"},
        {{"--port", "0", "--ready-file", "/nonexistent/dir/ready"}, "--ready-file"},
        {{"--port", "0", "--data", "/dev/null/x"}, "/dev/null/x"},
        {{"serv"}, "there is no verb 'serv'; did you mean 'serve'?"},
        {{"dance", "http://shop.example"}, "there is no verb 'dance'; see wxpay-sandbox --help"},
    };
    for (const auto& [arguments, names] : cases) {
        Process process(kProgram, arguments);
        EXPECT_EQ(process.wait(), 2) << arguments[0];
        const std::string output = process.output();
        EXPECT_NE(output.find(names), std::string::npos) << arguments[0] << ": " << output;
        EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1) << output;
    }
}

TEST(Serve, ReadsOptionsFromTheEnvironmentAndPrefersTheCommandLine) {
    Process wrong(kProgram, {}, {{"WXPAY_SANDBOX_CLOCK", "fast"}});
    EXPECT_EQ(wrong.wait(), 2);
    EXPECT_NE(wrong.output().find("--clock"), std::string::npos) << wrong.output();
    Process both(kProgram, {"--clock", "slow"}, {{"WXPAY_SANDBOX_CLOCK", "fast"}});
    EXPECT_EQ(both.wait(), 2);
    EXPECT_NE(both.output().find("'slow'"), std::string::npos) << both.output();
}

TEST(Serve, PrefersAnAddressOnTheCommandLineToAPortFromTheEnvironment) {
    Process process(kProgram, {"--http", "127.0.0.1:x"}, {{"WXPAY_SANDBOX_PORT", "0"}});
    EXPECT_EQ(process.wait(), 2);
    EXPECT_NE(process.output().find("127.0.0.1:x"), std::string::npos) << process.output();
}

TEST(Serve, ShowsItsOptionsHoweverItIsAsked) {
    for (const std::vector<std::string>& line :
         {std::vector<std::string>{"--help"}, std::vector<std::string>{"serve", "--help"}}) {
        Process process(kProgram, line);
        EXPECT_EQ(process.wait(), 0);
        EXPECT_NE(process.output().find("--notify-timeout"), std::string::npos);
    }
}

TEST(Serve, NeverSharesAPort) {
    const int taken = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(taken, 1), 0);
    socklen_t size = sizeof address;
    getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size);
    const std::string port = std::to_string(ntohs(address.sin_port));
    Process process(kProgram, {"--port", port});
    EXPECT_EQ(process.wait(), 2);
    EXPECT_NE(process.output().find(port), std::string::npos) << process.output();
    ::close(taken);
}

TEST(Serve, TakesAHostNameOrAnAddressForCallbacks) {
    ServerProcess sandbox(kProgram, {"--port", "0", "--allow-notify", "Shop_1.example",
                                     "--allow-notify", "203.0.113.7,2001:db8::7,[2001:db8::8]"});
    EXPECT_EQ(sandbox.call("GET", "/_sandbox/health").status, 200);
}

TEST(Serve, HandsOutItsPublicUrlWithoutASlashTooMany) {
    ServerProcess sandbox(kProgram, {"--port", "0", "--public-url", "http://wechat.example/"});
    sandbox.call("POST", "/pay/orderquery", "<xml/>");
    const std::string line = sandbox.call("GET", "/_sandbox/v1/exchanges/1").json()["curl"];
    EXPECT_NE(line.find("http://wechat.example/pay/orderquery"), std::string::npos) << line;
}

TEST(Serve, GoesOnWithClockAndFaultsAfterAKill) {
    const TemporaryDirectory directory;
    const std::vector<std::string> arguments{
        "--port",  "0",      "--data",       directory.path().string(),
        "--clock", "manual", "--start-time", "2024-06-01T12:00:00+08:00"};
    {
        ServerProcess killed(kProgram, arguments);
        killed.call("POST", "/pay/unifiedorder",
                    AppHarness::xml(AppHarness::sign(
                        AppHarness::order("T1", {{"notify_url", "http://127.0.0.1:1/notify"}}))));
        killed.call("POST", "/_sandbox/v1/orders/1900000109:T1/pay");
        killed.call("POST", "/_sandbox/v1/faults", R"({"on":"api","do":{"truncate":3}})");
        const auto moved =
            killed.call("POST", "/_sandbox/v1/clock/advance", R"({"seconds":3600})").json();
        EXPECT_EQ(moved["now"], "2024-06-01T13:00:00+08:00");
        killed.process().signal(SIGKILL);
        EXPECT_EQ(killed.process().wait(), 128 + SIGKILL);
    }
    ServerProcess again(kProgram, arguments);
    EXPECT_EQ(again.call("GET", "/_sandbox/v1/clock").json()["now"], "2024-06-01T13:00:00+08:00");
    EXPECT_EQ(again.call("GET", "/_sandbox/v1/faults").json()["faults"].size(), 1U);
    const auto shown = again.call("GET", "/_sandbox/v1/notifications").json()["notifications"][0];
    EXPECT_GT(shown["next_at"], "2024-06-01T13:00:00+08:00");
    EXPECT_LE(shown["attempts"].back()["at"], "2024-06-01T13:00:00+08:00");
}

TEST(Serve, ForgetsTheReadyFileOfAKilledServerBeforeItStarts) {
    const TemporaryDirectory directory;
    const std::string ready = (directory / "ready.json").string();
    ServerProcess living(kProgram, {"--port", "0"});
    const std::string taken = living.url().substr(living.url().rfind(':') + 1);
    const auto write = [&](pid_t pid) {
        std::ofstream(ready) << nlohmann::json{{"pid", pid}, {"http", "http://127.0.0.1:1"}};
    };
    const auto start_in_vain = [&] {
        Process process(kProgram, {"--port", taken, "--ready-file", ready});
        EXPECT_EQ(process.wait(), 2) << process.output();
    };
    Process dead(kProgram, {"--version"});
    EXPECT_EQ(dead.wait(), 0);
    write(dead.pid());
    start_in_vain();
    EXPECT_FALSE(std::filesystem::exists(ready)) << "whoever waits for it would call nobody";
    write(living.process().pid());
    start_in_vain();
    EXPECT_TRUE(std::filesystem::exists(ready)) << "another server's, which runs";
}

TEST(Serve, NamesTheFileThatIsTooNew) {
    const TemporaryDirectory data;
    const auto refusal = [&] {
        Process process(kProgram, {"--port", "0", "--data", data.path().string()});
        EXPECT_EQ(process.wait(), 2);
        return process.output();
    };
    { const ServerProcess made(kProgram, {"--port", "0", "--data", data.path().string()}); }
    Database((data / "exchanges.db").string()).execute("PRAGMA user_version = 99");
    EXPECT_NE(refusal().find("exchanges.db: its schema is version 99"), std::string::npos);
    Database((data / "wxpay-sandbox.db").string()).execute("PRAGMA user_version = 99");
    EXPECT_NE(refusal().find("--data " + data.path().string() + ": its schema is version 99"),
              std::string::npos);
}

TEST(Serve, EndsWithZeroOnSigtermAndSigint) {
    for (const int number : {SIGTERM, SIGINT}) {
        ServerProcess sandbox(kProgram, {"--port", "0"});
        EXPECT_EQ(sandbox.call("GET", "/_sandbox/health").json()["status"], "ok");
        sandbox.process().signal(number);
        EXPECT_EQ(sandbox.process().wait(), 0) << sandbox.process().output();
    }
}

TEST(Serve, GreetsWithWhatOneNeedsNext) {
    ServerProcess sandbox(kProgram, {"serve", "--port", "0", "--seed", "42", "--clock", "manual",
                                     "--start-time", "2024-06-01T12:00:00+08:00"});
    EXPECT_EQ(sandbox.call("GET", "/_sandbox/readyz").json()["now"], "2024-06-01T12:00:00+08:00");
    sandbox.process().signal(SIGTERM);
    sandbox.process().wait();
    const std::string output = sandbox.process().output();
    for (const char* text :
         {"listens on http://127.0.0.1:", "1900000109", "manual", "42", "curl"}) {
        EXPECT_NE(output.find(text), std::string::npos) << text << " in " << output;
    }
    EXPECT_EQ(output.find(AppHarness::kKey), std::string::npos)
        << "the API key is no business of a log";
}

TEST(Serve, GreetsWithTheMerchantsThatThereAre) {
    TemporaryDirectory directory;
    const std::string path = (directory / "config.json").string();
    std::ofstream(path)
        << R"({"merchants":[{"mch_id":"1900000109","api_key":"0123456789abcdef0123456789abcdef"},)"
        << R"({"mch_id":"1900000120","api_key":"0123456789abcdef0123456789abcdef"}]})";
    ServerProcess sandbox(
        kProgram, {"serve", "--port", "0", "--config", path, "--control-token", "secret-token"});
    sandbox.process().signal(SIGTERM);
    sandbox.process().wait();
    const std::string output = sandbox.process().output();
    EXPECT_EQ(output.find("README"), std::string::npos) << "that key is another one: " << output;
    EXPECT_NE(output.find("1900000109, 1900000120 of the configuration"), std::string::npos)
        << output;
    EXPECT_NE(output.find("curl -H 'Authorization: Bearer TOKEN' http://"), std::string::npos)
        << output;
    EXPECT_EQ(output.find("secret-token"), std::string::npos) << output;
}

TEST(Serve, KeepsEveryAcknowledgedOrderWhenKilled) {
    const TemporaryDirectory data;
    const std::vector<std::string> options{"--port",  "0",     "--data", data.path().string(),
                                           "--clock", "manual"};
    {
        ServerProcess sandbox(kProgram, options);
        for (int i = 0; i < 5; ++i) {
            const auto fields = AppHarness::sign(AppHarness::order(
                "K" + std::to_string(i), {{"notify_url", "http://127.0.0.1:1/n"}}));
            ASSERT_NE(sandbox.call("POST", "/pay/unifiedorder", AppHarness::xml(fields))
                          .body.find("prepay_id"),
                      std::string::npos);
        }
        ASSERT_EQ(sandbox.call("POST", "/_sandbox/v1/orders/1900000109:K3/pay").status, 200);
        Process second(kProgram, {"--port", "0", "--data", data.path().string()});
        EXPECT_EQ(second.wait(), 2) << "two servers must not share a directory";
        sandbox.process().signal(SIGKILL);
        EXPECT_EQ(sandbox.process().wait(), 128 + SIGKILL);
    }
    ServerProcess sandbox(kProgram, options);
    const auto orders = sandbox.call("GET", "/_sandbox/v1/orders").json()["orders"];
    EXPECT_EQ(orders.size(), 5U);
    EXPECT_EQ(sandbox.call("GET", "/_sandbox/v1/orders/1900000109:K3").json()["state"], "SUCCESS");
    const auto advanced =
        sandbox.call("POST", "/_sandbox/v1/clock/advance", R"({"seconds":86700})").json();
    EXPECT_GE(advanced["failed"], 14) << advanced;
    const auto notification =
        sandbox.call("GET", "/_sandbox/v1/notifications").json()["notifications"][0];
    EXPECT_EQ(notification["state"], "exhausted");
    EXPECT_GE(notification["attempts"].size(), 16U) << "at least once";
}

TEST(Serve, HasItsExchangesAgainAfterARestart) {
    const TemporaryDirectory data;
    const std::vector<std::string> options{"--port", "0", "--data", data.path().string()};
    nlohmann::json before;
    {
        ServerProcess sandbox(kProgram, options);
        sandbox.call("POST", "/pay/unifiedorder",
                     AppHarness::xml(AppHarness::sign(AppHarness::order("E1"))));
        before = sandbox.call("GET", "/_sandbox/v1/exchanges/1").json();
        sandbox.process().signal(SIGTERM);
        EXPECT_EQ(sandbox.process().wait(), 0);
    }
    ServerProcess sandbox(kProgram, options);
    auto after = sandbox.call("GET", "/_sandbox/v1/exchanges/1").json();
    EXPECT_NE(before["curl"], after["curl"]) << "it names the server, whose port is another one";
    before.erase("curl");
    after.erase("curl");
    EXPECT_EQ(after, before);
    sandbox.call("POST", "/pay/unifiedorder", "<xml/>");
    EXPECT_EQ(sandbox.call("GET", "/_sandbox/v1/exchanges").json()["exchanges"][0]["id"], "2");
}

}  // namespace
}  // namespace wxpay::test
