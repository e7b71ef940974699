// The TLS listener as curl meets it, and `wxpay-sandbox env`.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/process.hpp"
#include "tests/support/raw_socket.hpp"

namespace wxpay::test {
namespace {

const std::string kProgram = WXPAY_SANDBOX_PROGRAM;

Ran curl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--silent", "--show-error", "--noproxy", "*"});
    return run_to_end("/usr/bin/curl", arguments);
}

nlohmann::json environment_of(ServerProcess& sandbox) {
    const auto ran = run_to_end(kProgram, {"env", "--format", "json", "--url", sandbox.url()});
    EXPECT_EQ(ran.status, 0) << ran.output;
    return nlohmann::json::parse(ran.output);
}

TEST(Https, ServesCurlWithTheMerchantsCertificate) {
    const TemporaryDirectory data;
    ServerProcess sandbox(
        kProgram, {"--port", "0", "--https", "127.0.0.1:0", "--data", (data / "d").string()});
    const auto env = environment_of(sandbox);
    const std::string url = env["WXPAY_SANDBOX_HTTPS_URL"];
    const std::string ca = env["WXPAY_SANDBOX_CA"];
    EXPECT_EQ(ca, (data / "d" / "certs" / "ca.pem").string());
    const auto by_pem = curl({"--cacert", ca, "--cert", env["WXPAY_SANDBOX_CERT"], "--key",
                              env["WXPAY_SANDBOX_KEY"], url + "/_sandbox/health"});
    EXPECT_NE(by_pem.output.find(R"("status":"ok")"), std::string::npos) << by_pem.output;
    const auto by_p12 = curl({"--cacert", ca, "--cert-type", "P12", "--cert",
                              env["WXPAY_SANDBOX_P12"].get<std::string>() + ":1900000109",
                              url + "/_sandbox/health"});
    EXPECT_NE(by_p12.output.find(R"("status":"ok")"), std::string::npos) << by_p12.output;
    const std::string port = url.substr(url.rfind(':') + 1);
    const auto by_name =
        curl({"--cacert", ca, "--connect-to", "api.mch.weixin.qq.com:443:127.0.0.1:" + port,
              "https://api.mch.weixin.qq.com/pay/orderquery", "--data", "x"});
    EXPECT_NE(by_name.output.find("<return_code>"), std::string::npos) << by_name.output;
    const auto untrusted = curl({url + "/_sandbox/health"});
    EXPECT_EQ(untrusted.status, 60) << untrusted.output;
    const auto other_name = curl({"--cacert", ca, "--connect-to",
                                  "example.com:443:127.0.0.1:" + port, "https://example.com/"});
    EXPECT_EQ(other_name.status, 60) << other_name.output;
}

TEST(Https, KeepsItsAuthorityFromStartToStart) {
    const TemporaryDirectory data;
    std::string first;
    for (int start = 0; start < 2; ++start) {
        ServerProcess sandbox(
            kProgram, {"--port", "0", "--https", "localhost:0", "--data", data.path().string()});
        const auto env = environment_of(sandbox);
        std::ifstream in(env["WXPAY_SANDBOX_CA"].get<std::string>());
        const std::string ca{std::istreambuf_iterator<char>(in), {}};
        EXPECT_FALSE(ca.empty());
        if (start == 0) first = ca;
        EXPECT_EQ(ca, first);
    }
}

TEST(Https, SaysWhyItCannotStart) {
    const TemporaryDirectory cache;
    const std::map<std::string, std::string> environment{{"XDG_CACHE_HOME", cache.path().string()}};
    ServerProcess running(kProgram, {"--port", "0"});
    const std::string port = running.url().substr(running.url().rfind(':') + 1);
    std::ofstream(cache / "file") << "x";
    struct Case {
        std::vector<std::string> arguments;
        std::map<std::string, std::string> environment;
        const char* names;
    };
    const Case cases[] = {
        {{"--https", "here"}, environment, "--https 'here'"},
        {{"--https", "0.0.0.0:0"}, environment, "--https 0.0.0.0"},
        {{"--https", "127.0.0.1:" + port}, environment, "choose another with --https"},
        {{"--https", "127.0.0.1:0"}, {{"XDG_CACHE_HOME", (cache / "file").string()}}, "--data"},
    };
    for (const auto& each : cases) {
        auto arguments = each.arguments;
        arguments.insert(arguments.end(), {"--port", "0"});
        const auto ran = run_to_end(kProgram, arguments, each.environment);
        EXPECT_EQ(ran.status, 2) << ran.output;
        EXPECT_NE(ran.output.find(each.names), std::string::npos) << ran.output;
        EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 1) << ran.output;
    }
}

TEST(Env, IsWrongUseWhenNoServerRuns) {
    const TemporaryDirectory place;
    const std::string missing = (place / "ready").string();
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"env", "--url", "http://127.0.0.1:1"},
          std::vector<std::string>{"env", "--ready-file", missing}}) {
        const auto ran = run_to_end(kProgram, arguments);
        EXPECT_EQ(ran.status, 2) << ran.output;
        EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 1) << ran.output;
    }
    EXPECT_EQ(run_to_end(kProgram, {"env", "--url", "nowhere"}).status, 2);
    EXPECT_EQ(run_to_end(kProgram, {"env", "--format", "csh"}).status, 2);
    EXPECT_EQ(run_to_end(kProgram, {"env", "--format", "dotenv", "--output", "json"}).status, 2);
}

TEST(Env, IsExitOneWhenThereIsNoSuchMerchant) {
    ServerProcess sandbox(kProgram, {"--port", "0"});
    const auto ran =
        run_to_end(kProgram, {"env", "--url", sandbox.url(), "--mch-id", "1999999999"});
    EXPECT_EQ(ran.status, 1) << ran.output;
    EXPECT_NE(ran.output.find("1999999999"), std::string::npos) << ran.output;
}

TEST(Env, PrintsJsonAsOtherVerbsDo) {
    ServerProcess sandbox(kProgram, {"--port", "0"});
    const auto env = run_to_end(kProgram, {"env", "--output", "json", "--url", sandbox.url()});
    EXPECT_EQ(env.status, 0) << env.output;
    EXPECT_EQ(env.json(), environment_of(sandbox));
}

TEST(Env, CallsAServerThatListensEverywhere) {
    const TemporaryDirectory place;
    const std::string ready = (place / "ready").string();
    const Process server(kProgram, {"--http", "0.0.0.0:0", "--control-token", "t", "--ready-file",
                                    ready, "--data", (place / "d").string()});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(ready); }));
    const auto env = run_to_end(kProgram, {"env", "--ready-file", ready, "--control-token", "t"});
    EXPECT_NE(env.output.find("WXPAY_SANDBOX_URL='http://127.0.0.1:"), std::string::npos)
        << env.output;
}

TEST(Hosts, AreThoseThatThisServerPlays) {
    const auto lines = run_to_end(kProgram, {"hosts", "--address", "10.0.0.5"});
    EXPECT_EQ(lines.status, 0);
    EXPECT_EQ(lines.output,
              "10.0.0.5 api.mch.weixin.qq.com\n10.0.0.5 api2.mch.weixin.qq.com\n"
              "10.0.0.5 apihk.mch.weixin.qq.com\n10.0.0.5 apius.mch.weixin.qq.com\n"
              "10.0.0.5 fraud.mch.weixin.qq.com\n10.0.0.5 api.wechatpay.cn\n"
              "10.0.0.5 api2.wechatpay.cn\n10.0.0.5 api.weixin.qq.com\n"
              "10.0.0.5 payapp.weixin.qq.com\n10.0.0.5 wx.tenpay.com\n");
    const auto json = run_to_end(kProgram, {"hosts", "--output", "json"}).json();
    EXPECT_EQ(json["address"], "127.0.0.1");
    EXPECT_EQ(json["hosts"].size(), lines.lines());
    EXPECT_EQ(run_to_end(kProgram, {"hosts", "--address", "here"}).status, 2);
}

TEST(ConfigSchema, IsJsonAlsoWhenThatIsAskedFor) {
    const auto schema = run_to_end(kProgram, {"config", "schema", "--output", "json"});
    EXPECT_EQ(schema.status, 0) << schema.output;
    EXPECT_TRUE(schema.json().contains("properties")) << schema.output;
}

TEST(Env, LeavesOutWhatIsNotThere) {
    ServerProcess sandbox(kProgram, {"--port", "0"});
    const auto env = environment_of(sandbox);
    EXPECT_EQ(env["WXPAY_SANDBOX_URL"], sandbox.url());
    EXPECT_EQ(env["WXPAY_SANDBOX_MCH_ID"], "1900000109");
    EXPECT_EQ(env["WXPAY_SANDBOX_API_KEY"], "192006250b4c09247ec02edce69f6a2d");
    EXPECT_FALSE(env.contains("WXPAY_SANDBOX_HTTPS_URL"));
    EXPECT_FALSE(env.contains("WXPAY_SANDBOX_CA"));
    EXPECT_FALSE(env.contains("NODE_EXTRA_CA_CERTS"));
}

TEST(Env, NamesWhatApiV3NeedsWithoutATlsListenerToo) {
    const TemporaryDirectory data;
    ServerProcess sandbox(kProgram, {"--port", "0", "--data", data.path().string()});
    const auto env = environment_of(sandbox);
    const std::pair<const char*, const char*> files[] = {
        {"WXPAY_SANDBOX_CERT", "apiclient_cert.pem"},
        {"WXPAY_SANDBOX_KEY", "apiclient_key.pem"},
        {"WXPAY_SANDBOX_P12", "apiclient_cert.p12"},
        {"WXPAY_SANDBOX_PLATFORM_CERT", "platform_cert.pem"},
        {"WXPAY_SANDBOX_PUBLIC_KEY", "wechatpay_public_key.pem"}};
    for (const auto& [name, file] : files) {
        EXPECT_EQ(env[name], (data / "certs" / file).string());
        EXPECT_TRUE(std::filesystem::exists(data / "certs" / file)) << file;
    }
    EXPECT_EQ(env["WXPAY_SANDBOX_CERT_SERIAL"], "6B9BB5C5144A82C6548A0DE780A3291E013DF80B");
    EXPECT_EQ(env["WXPAY_SANDBOX_PLATFORM_SERIAL"].get<std::string>().size(), 40U);
    EXPECT_TRUE(env["WXPAY_SANDBOX_PUBLIC_KEY_ID"].get<std::string>().starts_with("PUB_KEY_ID_"));
}

TEST(Trigger, SendsCallbacksOfApiV3) {
    ServerProcess sandbox(kProgram, {"--port", "0"});
    const auto sent =
        run_to_end(kProgram, {"trigger", "payment", "--api", "v3", "--override", "amount.total=888",
                              "--notify-url", sandbox.url() + "/nobody", "--url", sandbox.url()});
    EXPECT_EQ(sent.status, 1) << sent.output;
    const auto exchange = sandbox.call("GET", "/_sandbox/v1/exchanges").json()["exchanges"][0];
    EXPECT_NE(exchange.dump().find("nobody"), std::string::npos) << exchange;
    EXPECT_EQ(
        run_to_end(kProgram, {"trigger", "payment", "--api", "v4", "--notify-url", "http://x"})
            .status,
        2);
}

TEST(Pay, MakesAnOrderByApiV3) {
    ServerProcess sandbox(kProgram, {"--port", "0"});
    const auto paid =
        run_to_end(kProgram, {"pay", "--new", "888", "--api", "v3", "--out-trade-no", "BYV3001",
                              "--notify-url", sandbox.url() + "/nobody", "--url", sandbox.url()});
    EXPECT_EQ(paid.status, 0) << paid.output;
    const auto order = sandbox.call("GET", "/_sandbox/v1/orders/1900000109:BYV3001").json();
    EXPECT_EQ(order["api"], "v3");
    EXPECT_EQ(order["state"], "SUCCESS");
    EXPECT_EQ(order["total_fee"], 888);
}

TEST(Env, PrintsWhatAShellCanEvaluate) {
    const TemporaryDirectory data;
    const auto odd = data / "it's $odd \"";
    ServerProcess sandbox(kProgram,
                          {"--port", "0", "--https", "127.0.0.1:0", "--data", odd.string()});
    const std::string call = "'" + kProgram + "' env --url '" + sandbox.url() + "'";
    const auto evaluated = run_to_end(
        "/bin/sh", {"-c", "eval \"$(" + call + ")\" && printf %s \"$WXPAY_SANDBOX_CA\""});
    EXPECT_EQ(evaluated.output, (odd / "certs" / "ca.pem").string());
    const auto github = run_to_end("/bin/sh", {"-c", call + " --format github"});
    EXPECT_EQ(github.output.find("\nNODE_OPTIONS="), std::string::npos) << github.output;
    EXPECT_NE(github.output.find("\nNODE_EXTRA_CA_CERTS=" + (odd / "certs" / "ca.pem").string()),
              std::string::npos)
        << github.output;
    const auto dotenv = run_to_end("/bin/sh", {"-c", call + " --format dotenv"});
    EXPECT_NE(dotenv.output.find("\nWXPAY_SANDBOX_MCH_ID=1900000109\n"), std::string::npos);
    EXPECT_NE(dotenv.output.find("it's \\$odd \\\""), std::string::npos) << dotenv.output;
}

}  // namespace
}  // namespace wxpay::test
