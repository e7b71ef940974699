// `--proxy` as curl meets it: nothing but the environment leads it to the sandbox.
#include <algorithm>
#include <filesystem>
#include <fstream>
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

/// A server with a proxy and nothing else; the proxy's TLS is there by itself.
struct Sandbox {
    explicit Sandbox(const std::vector<std::string>& more = {}) : server(kProgram, line(more)) {
        server.call("GET", "/_sandbox/v1/environment").json().at("proxy").get_to(proxy);
    }
    std::vector<std::string> line(const std::vector<std::string>& more) const {
        std::vector<std::string> out{"--port",      "0",      "--proxy",
                                     "127.0.0.1:0", "--data", (data / "d").string()};
        out.insert(out.end(), more.begin(), more.end());
        return out;
    }
    Ran curl(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(),
                         {"--silent", "--show-error", "--max-time", "20", "--cacert",
                          (data / "d" / "certs" / "ca.pem").string()});
        return run_to_end(
            "/usr/bin/curl", arguments,
            {{"HTTPS_PROXY", proxy}, {"http_proxy", proxy}, {"NO_PROXY", ""}, {"no_proxy", ""}});
    }

    TemporaryDirectory data;
    ServerProcess server;
    std::string proxy;
};

TEST(ProxyOption, LeadsCurlHereByTheEnvironmentAlone) {
    const Sandbox sandbox;
    for (const std::string url : {"https://api.mch.weixin.qq.com/pay/orderquery",
                                  "http://api.mch.weixin.qq.com/pay/orderquery"}) {
        const auto answered = sandbox.curl({url, "--data", "<xml></xml>"});
        EXPECT_EQ(answered.status, 0) << answered.output;
        EXPECT_NE(answered.output.find("<return_code>"), std::string::npos) << answered.output;
    }
    const auto v3 = sandbox.curl({"https://api.mch.weixin.qq.com/v3/certificates"});
    EXPECT_NE(v3.output.find(R"("code":)"), std::string::npos) << v3.output;
    const auto plain = sandbox.curl({"http://shop.example/"});
    EXPECT_NE(plain.output.find("shop.example is none of WeChat's"), std::string::npos);
    EXPECT_NE(plain.output.find("--proxy-pass"), std::string::npos) << plain.output;
    EXPECT_EQ(sandbox.curl({"https://shop.example/"}).status, 56);
    EXPECT_EQ(sandbox.curl({"https://pay.weixin.qq.com/"}).status, 56);
    EXPECT_EQ(sandbox.curl({"https://api.mch.weixin.qq.com:8443/"}).status, 56);
}

TEST(ProxyOption, LetsOtherHostsThroughWithProxyPass) {
    Sandbox sandbox({"--proxy-pass"});
    const std::string health = sandbox.server.url() + "/_sandbox/health";
    for (const auto& arguments :
         {std::vector<std::string>{health}, std::vector<std::string>{"--proxytunnel", health}}) {
        const auto answered = sandbox.curl(arguments);
        EXPECT_NE(answered.output.find(R"("status":"ok")"), std::string::npos) << answered.output;
    }
    EXPECT_EQ(sandbox.curl({"https://pay.weixin.qq.com/"}).status, 56);
}

TEST(ProxyOption, SaysWhyItCannotStart) {
    const TemporaryDirectory data;
    ServerProcess running(kProgram, {"--port", "0"});
    const std::string port = running.url().substr(running.url().rfind(':') + 1);
    struct Case {
        std::vector<std::string> arguments;
        const char* names;
    };
    const Case cases[] = {
        {{"--proxy", "here"}, "--proxy 'here'"},
        {{"--proxy", "0.0.0.0:0"}, "--proxy 0.0.0.0: not a loopback address"},
        {{"--proxy", "127.0.0.1:" + port}, "choose another with --proxy"},
        {{"--proxy-pass"}, "--proxy-pass needs --proxy"},
        {{"--proxy", "127.0.0.1:0", "--https", "off"}, "--https off: the proxy"},
    };
    for (const auto& each : cases) {
        auto arguments = each.arguments;
        arguments.insert(arguments.end(), {"--port", "0", "--data", data.path().string()});
        const auto ran = run_to_end(kProgram, arguments);
        EXPECT_EQ(ran.status, 2) << ran.output;
        EXPECT_NE(ran.output.find(each.names), std::string::npos) << ran.output;
        EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 1) << ran.output;
    }
}

TEST(ProxyOption, IsToldInTheReadyFile) {
    const TemporaryDirectory data;
    const std::string ready = (data / "ready").string();
    const Process server(kProgram, {"--port", "0", "--proxy", "127.0.0.1:0", "--data",
                                    (data / "d").string(), "--ready-file", ready});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(ready); }));
    std::ifstream in(ready);
    const auto said = nlohmann::json::parse(in);
    EXPECT_TRUE(said.value("proxy", "").starts_with("http://127.0.0.1:")) << said;
    EXPECT_TRUE(said.value("https", "").starts_with("https://127.0.0.1:")) << said;
}

TEST(ProxyOption, KeepsOthersOutUnderRunWhenTheConfigurationSaysSo) {
    const TemporaryDirectory data;
    std::ofstream(data / "config.json") << R"({"options":{"proxy_pass":false}})";
    const auto ran =
        run_to_end(kProgram, {"run", "--quiet", "--config", (data / "config.json").string(), "--",
                              "/usr/bin/curl", "--silent", "http://shop.example/"});
    EXPECT_NE(ran.output.find("shop.example is none of WeChat's"), std::string::npos) << ran.output;
}

TEST(ProxyOption, CanStandInTheConfiguration) {
    const TemporaryDirectory data;
    std::ofstream(data / "config.json")
        << R"({"options":{"proxy":"127.0.0.1:0","proxy_pass":true}})";
    ServerProcess server(kProgram, {"--port", "0", "--config", (data / "config.json").string(),
                                    "--data", (data / "d").string()});
    const auto environment = server.call("GET", "/_sandbox/v1/environment").json();
    EXPECT_TRUE(environment.contains("proxy")) << environment;
    EXPECT_TRUE(environment.contains("https")) << environment;
    EXPECT_NE(server.process().output().find("HTTPS_PROXY=" + environment.value("proxy", "")),
              std::string::npos);
}

}  // namespace
}  // namespace wxpay::test
