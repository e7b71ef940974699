// The sandbox's forward proxy: which hosts it leads where, and what its clients meet there.
#include "sandbox/proxy/proxy.hpp"

#include <cctype>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "core/http/server.hpp"
#include "core/http/url.hpp"

#include "sandbox/certificates/files.hpp"
#include "sandbox/certificates/listener.hpp"
#include "sandbox/server.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_socket.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/tls_client.hpp"

namespace wxpay::sandbox {
namespace {

using test::RawSocket;
using test::ScriptedServer;
using test::TemporaryDirectory;
using test::TlsClient;

http::Handler saying(const std::string& word) {
    return [word](const http::Request& request) -> http::Answer {
        return http::Response{200, {}, word + " " + request.path};
    };
}

/// A proxy before two listeners that say which of them they are.
struct Site {
    explicit Site(bool passes_others) : http({}, saying("http")), https({}, saying("https")) {
        EXPECT_TRUE(http.start());
        EXPECT_TRUE(https.start());
        Proxy::Options options;
        options.passes_others = passes_others;
        options.http = {"127.0.0.1", http.port()};
        options.https = {"127.0.0.1", https.port()};
        options.resolve = [this](const std::string& name) -> Result<std::vector<std::string>> {
            const std::lock_guard lock(mutex);
            looked_up.push_back(name);
            if (name == "metadata.test") return std::vector<std::string>{"169.254.169.254"};
            return std::vector<std::string>{"127.0.0.1"};
        };
        proxy = std::make_unique<Proxy>(options);
        EXPECT_TRUE(proxy->start());
    }
    /// What comes of one request, until the connection ends.
    std::string ask(const std::string& request) const {
        RawSocket client(proxy->port());
        client.send(request);
        client.finish();
        return client.recv_all();
    }
    std::string connect(const std::string& target, const std::string& then = {}) const {
        return ask("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n" + then);
    }
    std::string get(const std::string& url) const {
        return ask("GET " + url + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }

    std::mutex mutex;
    std::vector<std::string> looked_up;
    http::Server http;
    http::Server https;
    std::unique_ptr<Proxy> proxy;
};

bool is(const std::string& answer, const std::string& status) {
    return answer.starts_with("HTTP/1.1 " + status + " ");
}

const std::string kGet = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

TEST(Proxy, LeadsThePlayedHostsToTheListeners) {
    for (const bool passes_others : {false, true}) {
        Site site(passes_others);
        int played = 0;
        for (const std::string& name : listener_names().dns) {
            if (name == "localhost") continue;
            ++played;
            std::string loud = name;
            for (char& c : loud) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            for (const std::string& spelling : {name, name + ".", loud}) {
                EXPECT_TRUE(site.connect(spelling + ":443", kGet).ends_with("https /hello"));
                EXPECT_TRUE(site.connect(spelling + ":80", kGet).ends_with("http /hello"));
                for (const std::string& url :
                     {"http://" + spelling, "http://" + spelling + ":80", "https://" + spelling,
                      "https://" + spelling + ":443", "HTTP://" + spelling})
                    EXPECT_TRUE(site.get(url + "/a").ends_with("http /a")) << url;
            }
        }
        EXPECT_GE(played, 10);
        EXPECT_TRUE(site.looked_up.empty());
    }
}

TEST(Proxy, NeverGoesToARealWeChatHost) {
    for (const bool passes_others : {false, true}) {
        Site site(passes_others);
        for (const std::string name :
             {"anything.mch.weixin.qq.com", "mch.weixin.qq.com", "weixin.qq.com", "WEIXIN.QQ.COM.",
              "mp.weixin.qq.com", "a.b.weixin.qq.com..", "pay.weixin.qq.com", "wechatpay.cn",
              "x.WeChatPay.cn", "api3.wechatpay.cn.", "tenpay.com", "www.tenpay.com", ".tenpay.com",
              "api.mch.weixin.qq.com.tenpay.com"}) {
            for (const std::string port : {"443", "80", "8443"}) {
                const std::string answer = site.connect(name + ":" + port);
                EXPECT_TRUE(is(answer, "403")) << name << answer;
                EXPECT_NE(answer.find("never connects to the real one"), std::string::npos);
                EXPECT_EQ(answer.find("--proxy-pass"), std::string::npos) << answer;
                EXPECT_TRUE(is(site.get("http://" + name + ":" + port + "/"), "403")) << name;
            }
            EXPECT_TRUE(is(site.get("https://" + name + "/"), "403")) << name;
        }
        for (const std::string name : {"api.mch.weixin.qq.com", "API.mch.weixin.qq.com."}) {
            for (const std::string port : {"8443", "8080", "22", "1"}) {
                const std::string answer = site.connect(name + ":" + port);
                EXPECT_TRUE(is(answer, "403")) << answer;
                EXPECT_NE(answer.find("not at " + port), std::string::npos) << answer;
                EXPECT_TRUE(is(site.get("http://" + name + ":" + port + "/"), "403"));
                EXPECT_TRUE(is(site.get("https://" + name + ":" + port + "/"), "403"));
            }
            EXPECT_TRUE(is(site.get("http://" + name + ":443/"), "403"));
            EXPECT_TRUE(is(site.get("https://" + name + ":80/"), "403"));
        }
        // Spellings that are no host at all, or another one.
        for (const std::string name : {"api.mch.weixin%2eqq.com", "api.mch.weixin.qq.com%00",
                                       "api\xe3\x80\x82mch.weixin.qq.com",
                                       "x@api.mch.weixin.qq.com", "api.mch.weixin.qq.com\\.x"})
            EXPECT_TRUE(is(site.connect(name + ":443"), "400")) << name;
        EXPECT_TRUE(site.looked_up.empty());
        EXPECT_EQ(site.proxy->counts().tunnels_total, 0U);
        EXPECT_EQ(site.proxy->counts().requests_total, 0U);
    }
}

TEST(Proxy, RefusesOtherHostsAndNamesTheWayOut) {
    Site site(false);
    for (const std::string host : {"shop.example", "localhost", "127.0.0.1",
                                   "weixin.qq.com.example", "notweixin.qq.com", "myaltenpay.com"}) {
        for (const std::string& answer :
             {site.connect(host + ":443"), site.get("http://" + host)}) {
            EXPECT_TRUE(is(answer, "403")) << answer;
            EXPECT_NE(answer.find("Content-Type: text/plain; charset=utf-8\r\n"),
                      std::string::npos);
            EXPECT_NE(answer.find("\r\n\r\n" + host + " is none of WeChat's"), std::string::npos)
                << answer;
            EXPECT_NE(answer.find("--proxy-pass"), std::string::npos) << answer;
        }
    }
    EXPECT_TRUE(is(site.connect("[::1]:443"), "403"));
    EXPECT_TRUE(site.looked_up.empty());
    EXPECT_EQ(site.proxy->counts().refused_total, 13U);
}

TEST(Proxy, PassesOtherHostsThroughWhenToldTo) {
    Site site(true);
    ScriptedServer other{[](test::Peer& peer, int) {
        std::string got = peer.receive();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(got.size()) + "\r\n\r\n" +
                  got);
    }};
    const std::string port = std::to_string(other.url().port);
    EXPECT_TRUE(site.connect("shop.example:" + port, "tunnelled").ends_with("tunnelled"));
    EXPECT_TRUE(site.get("http://127.0.0.1:" + port + "/a?b")
                    .ends_with("GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:" + port +
                               "\r\nConnection: close\r\n\r\n"));
    EXPECT_EQ(site.looked_up, std::vector<std::string>{"shop.example"});
    const std::string untunnelled = site.get("https://shop.example/");
    EXPECT_TRUE(is(untunnelled, "403")) << untunnelled;
    EXPECT_NE(untunnelled.find("CONNECT shop.example:443"), std::string::npos) << untunnelled;
    for (const std::string target : {"metadata.test:80", "169.254.169.254:80", "0.0.0.0:80",
                                     "[::ffff:169.254.169.254]:80", "[fe80::1]:80"}) {
        const std::string answer = site.connect(target);
        EXPECT_TRUE(is(answer, "403")) << target << answer;
        EXPECT_NE(answer.find("where this proxy does not go"), std::string::npos) << answer;
    }
}

/// A whole sandbox with a proxy, and TLS for it.
struct WholeSandbox {
    WholeSandbox() : server(config(place.path())) { EXPECT_TRUE(server.start()); }
    static Config config(const std::filesystem::path& data) {
        Config config;
        config.data = data;
        config.proxy.emplace("127.0.0.1", 0);
        return config;
    }
    int proxy_port() const { return http::Url::parse(server.proxy_url())->port; }
    TlsClient::Options client(const std::string& host) const {
        std::ifstream in(server.certificate_files()->ca);
        TlsClient::Options options;
        options.authority = {std::istreambuf_iterator<char>(in), {}};
        options.host = host;
        options.tunnel_to = host + ":443";
        return options;
    }

    TemporaryDirectory place;
    Server server;
};

std::string health(const std::string& host) {
    return "GET /_sandbox/health HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

TEST(Proxy, LetsClientsVerifyWeChatsOwnName) {
    WholeSandbox sandbox;
    EXPECT_FALSE(sandbox.server.https_url().empty());  // by itself
    for (const std::string host : {"api.mch.weixin.qq.com", "api.wechatpay.cn"}) {
        TlsClient client(sandbox.proxy_port(), sandbox.client(host));
        for (int i = 0; i < 3; ++i) {
            client.send("POST /pay/orderquery HTTP/1.1\r\nHost: " + host +
                        "\r\nContent-Length: 6\r\n\r\n<xml/>");
            EXPECT_NE(client.recv_response().find("<return_code>"), std::string::npos);
        }
        // A page of another name could not do that.
        client.send(health("evil.example"));
        EXPECT_NE(client.recv_response().find("foreign_host"), std::string::npos);
    }
    auto other_name = sandbox.client("api.mch.weixin.qq.com");
    other_name.host = "localhost.example";
    EXPECT_THROW(TlsClient(sandbox.proxy_port(), other_name), std::runtime_error);
}

TEST(Proxy, LetsClientsResumeTheirSessions) {
    WholeSandbox sandbox;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        auto options = sandbox.client("api.mch.weixin.qq.com");
        options.version = version;
        TlsClient first(sandbox.proxy_port(), options);
        first.send(health("127.0.0.1"));
        first.recv_response();
        const auto session = first.session();
        TlsClient second(sandbox.proxy_port(), options, session.get());
        EXPECT_TRUE(second.resumed()) << version;
        second.send(health("127.0.0.1"));
        EXPECT_NE(second.recv_response().find("ok"), std::string::npos) << version;
    }
}

TEST(Proxy, IsToldOfAndCounted) {
    WholeSandbox sandbox;
    const auto call = [&](const std::string& path) {
        RawSocket client(sandbox.server.port());
        client.send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        return client.recv_all();
    };
    const std::string environment = call("/_sandbox/v1/environment");
    EXPECT_NE(environment.find(R"("proxy":"http://127.0.0.1:)" +
                               std::to_string(sandbox.proxy_port()) + '"'),
              std::string::npos)
        << environment;
    RawSocket refused(sandbox.proxy_port());
    refused.send("GET http://shop.example/ HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    refused.recv_response();
    RawSocket plain(sandbox.proxy_port());
    plain.send("GET http://api.mch.weixin.qq.com/ HTTP/1.1\r\nHost: x\r\n\r\n");
    plain.recv_response();
    RawSocket tunnel(sandbox.proxy_port());
    tunnel.send("CONNECT api.mch.weixin.qq.com:443 HTTP/1.0\r\n\r\n");
    tunnel.recv_until("\r\n\r\n");
    const std::string page = call("/_sandbox/metrics");
    for (const char* line :
         {"wxpay_sandbox_proxy_tunnels 1\n", "wxpay_sandbox_proxy_tunnels_total 1\n",
          "wxpay_sandbox_proxy_requests_total 1\n", "wxpay_sandbox_proxy_refused_total 1\n",
          "# HELP wxpay_sandbox_proxy_connections ", "# TYPE wxpay_sandbox_proxy_tunnels gauge\n"})
        EXPECT_NE(page.find(std::string("\n") + line), std::string::npos) << line << page;
}

TEST(Proxy, SaysThatItsPortIsTaken) {
    const test::Port taken;
    taken.listen();
    const TemporaryDirectory place;
    Config config = WholeSandbox::config(place.path());
    config.proxy->second = taken.number();
    Server server(config);
    const auto started = server.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().field, "proxy");
}

TEST(Proxy, StopsWithTheServerWhileTunnelsAreOpen) {
    WholeSandbox sandbox;
    std::vector<TlsClient> clients;
    for (int i = 0; i < 20; ++i)
        clients.emplace_back(sandbox.proxy_port(), sandbox.client("api.mch.weixin.qq.com"));
    for (auto& client : clients) {
        client.send(health("127.0.0.1"));
        client.recv_response();
    }
    sandbox.server.stop();
    for (auto& client : clients) EXPECT_EQ(client.recv_all(), "");  // with a close_notify
}

}  // namespace
}  // namespace wxpay::sandbox
