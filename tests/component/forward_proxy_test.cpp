// The forward proxy over sockets; where requests may go is the test's to say.
#include "core/http/forward_proxy.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "core/http/name_lookup.hpp"
#include "core/http/server.hpp"

#include "tests/support/app_harness.hpp"
#include "tests/support/raw_socket.hpp"
#include "tests/support/scripted_server.hpp"

namespace wxpay::http {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::kOk;
using test::ManualStopwatch;
using test::Peer;
using test::Port;
using test::RawListener;
using test::RawSocket;
using test::ScriptedServer;

const std::string kEstablished = "HTTP/1.1 200 Connection established\r\n\r\n";

std::string connect_to(const std::string& host, const std::string& port = "443") {
    return "CONNECT " + host + ":" + port + " HTTP/1.1\r\nHost: " + host + ":" + port + "\r\n\r\n";
}

std::string body_of(const std::string& response) {
    return response.substr(response.find("\r\n\r\n") + 4);
}

/// Whether the peer ends this connection by a reset. What comes before it is dropped.
bool is_reset(const RawSocket& socket) {
    char bytes[4096];
    for (;;) {
        const auto size = ::recv(socket.fd(), bytes, sizeof bytes, 0);
        if (size <= 0) return size < 0 && errno == ECONNRESET;
    }
}

std::size_t open_files() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

using Resolve = NameLookup::Resolve;

Addresses no_such_host(const std::string& name) {
    return Failure{Error{Errc::unreachable, "no such host: " + name}};
}

/// A resolver that says nothing before the promise is kept. Its thread may outlive the proxy.
Resolve silent_until(const std::shared_future<void>& kept) {
    return [kept](const std::string& name) {
        kept.wait();
        return no_such_host(name);
    };
}

/// Where the proxy's thread waits for the test.
class Gate {
  public:
    void pass() {
        arrived_.set_value();
        open_.get_future().wait();
    }
    void wait_for_arrival() { arrived_.get_future().wait(); }
    void open() { open_.set_value(); }

  private:
    std::promise<void> arrived_;
    std::promise<void> open_;
};

/// A proxy whose time stands still, and which knows a few hosts.
struct Site {
    explicit Site(const std::map<std::string, int>& given, const Resolve& resolve = no_such_host,
                  std::size_t connections_max = 4096, bool starts = true)
        : hosts(given), proxy(options(resolve, connections_max)) {
        if (!starts) return;
        EXPECT_TRUE(proxy.start());
    }
    ForwardProxy::Options options(const Resolve& resolve, std::size_t connections_max) {
        ForwardProxy::Options options;
        options.connections_max = connections_max;
        options.stopwatch = &stopwatch;
        options.route = [this](const ProxyRequest& asked)
            -> std::variant<ForwardProxy::Destination, ForwardProxy::Refusal> {
            if (asked.url.host == "broken.test") throw std::runtime_error("no way");
            if (const auto gate = gates.find(asked.url.host); gate != gates.end())
                gate->second.pass();
            if (asked.url.host == "forbidden.test")
                return ForwardProxy::Refusal{403, "forbidden.test is forbidden"};
            const auto known = hosts.find(asked.url.host);
            if (known == hosts.end())
                return ForwardProxy::Destination{asked.url.host, asked.url.port};
            return ForwardProxy::Destination{"127.0.0.1", known->second, true};
        };
        options.allow = [this](const std::string&, const std::string& address) {
            ++allow_asked;
            return address != "127.0.0.66";
        };
        options.resolve = resolve;
        return options;
    }
    RawSocket connect(int receive_buffer = 0) const {
        return RawSocket(proxy.port(), "127.0.0.1", receive_buffer);
    }
    RawSocket tunnel(const std::string& host, int receive_buffer = 0) const {
        RawSocket client = connect(receive_buffer);
        client.send(connect_to(host));
        EXPECT_EQ(client.recv_until("\r\n\r\n"), kEstablished);
        return client;
    }
    std::string ask(const std::string& request) const {
        RawSocket client = connect();
        client.send(request);
        return client.recv_all();
    }
    void pass(Millis time) {
        proxy.check_deadlines();  // what it is at comes to its end before
        stopwatch.advance(time);
        proxy.check_deadlines();
    }
    bool is_quiet() const {
        return eventually([this] {
            const auto counts = proxy.counts();
            return counts.connections == 0 && counts.tunnels == 0;
        });
    }

    std::map<std::string, int> hosts;
    std::map<std::string, Gate> gates;  // to whom asks for that host; before anybody does
    std::atomic<int> allow_asked = 0;
    ManualStopwatch stopwatch;
    ForwardProxy proxy;
};

/// Sends back what it gets, until its peer ends.
void echo(Peer& peer, int) {
    for (;;) {
        const std::string bytes = peer.receive();
        if (bytes.empty()) return;
        peer.send(bytes);
    }
}

/// The head of each request it gets as the answer's body; nothing else in it.
struct Mirror {
    explicit Mirror(const std::string& name)
        : server({}, [this, name](const Request& request) -> Answer {
              std::string lines = name + " " + request.method + " " + target_of(request) + "\n";
              for (const auto& [line, value] : request.headers)
                  lines.append(line).append(": ").append(value).append("\n");
              const std::lock_guard lock(mutex);
              bodies.push_back(request.body);
              return Response{200, {}, lines};
          }) {
        EXPECT_TRUE(server.start());
    }
    int port() const { return server.port(); }

    std::mutex mutex;
    std::vector<std::string> bodies;
    Server server;
};

TEST(ForwardProxy, TunnelsBytesBothWays) {
    ScriptedServer server{[](Peer& peer, int n) { echo(peer, n); }};
    Site site({{"a.test", server.url().port}});
    auto client = site.tunnel("A.test");
    client.send("hello");
    EXPECT_EQ(client.recv_until("hello"), "hello");
    std::string much;
    while (much.size() < 3'000'000) much += std::to_string(much.size());
    std::thread writer([&] { client.send(much); });
    std::string back;
    while (back.size() < much.size()) back += client.recv_until(much.substr(much.size() - 8));
    writer.join();
    EXPECT_TRUE(back == much);
    EXPECT_EQ(site.proxy.counts().tunnels, 1U);
    EXPECT_EQ(site.proxy.counts().tunnels_total, 1U);
    client.close();
    EXPECT_TRUE(site.is_quiet());
}

TEST(ForwardProxy, SendsOnWhatComesWithTheConnect) {
    ScriptedServer server{[](Peer& peer, int n) { echo(peer, n); }};
    Site site({{"a.test", server.url().port}});
    auto client = site.connect();
    client.send(connect_to("a.test") + "early");
    EXPECT_EQ(client.recv_until("early"), kEstablished + "early");
}

TEST(ForwardProxy, HandsOnAHalfCloseOfTheClient) {
    const std::string much(5'000'000, 'm');
    ScriptedServer server{[&](Peer& peer, int) {
        std::string got;
        for (std::string piece; !(piece = peer.receive()).empty();) got += piece;
        peer.send(got + much);
    }};
    Site site({{"a.test", server.url().port}});
    auto client = site.tunnel("a.test");
    client.send("first");
    client.send("last");
    client.finish();
    EXPECT_TRUE(client.recv_all() == "firstlast" + much);
    EXPECT_TRUE(site.is_quiet());
}

TEST(ForwardProxy, HandsOnAHalfCloseOfTheServer) {
    std::promise<std::string> got;
    ScriptedServer server{[&](int fd, int) {
        ::send(fd, "bye", 3, MSG_NOSIGNAL);
        ::shutdown(fd, SHUT_WR);
        std::string all;
        char bytes[4096];
        for (ssize_t size = 0; (size = ::recv(fd, bytes, sizeof bytes, 0)) > 0;)
            all.append(bytes, static_cast<std::size_t>(size));
        got.set_value(all);
    }};
    Site site({{"a.test", server.url().port}});
    auto client = site.tunnel("a.test");
    EXPECT_EQ(client.recv_all(), "bye");
    client.send("still here");
    EXPECT_EQ(site.proxy.counts().tunnels, 1U);
    client.finish();
    EXPECT_EQ(got.get_future().get(), "still here");
    EXPECT_TRUE(site.is_quiet());
}

TEST(ForwardProxy, HandsOnResets) {
    std::promise<bool> seen;
    ScriptedServer server{[&](Peer& peer, int n) {
        if (n == 1) {
            peer.receive();
            peer.send("last");
            peer.reset_on_close();
            return;
        }
        peer.receive();
        seen.set_value(peer.receive().empty());
    }};
    Site site({{"a.test", server.url().port}});
    auto left = site.tunnel("a.test");
    left.send("x");
    EXPECT_EQ(left.recv_until("last"), "last");
    auto leaver = site.tunnel("a.test");
    leaver.send("x");
    leaver.reset();
    EXPECT_TRUE(seen.get_future().get());
    left.close();
    EXPECT_TRUE(site.is_quiet());
}

TEST(ForwardProxy, ResetsAClientWhoseServerDid) {
    RawListener listener;
    Site site({{"a.test", listener.port()}});
    auto client = site.tunnel("a.test");
    listener.accept().reset();
    EXPECT_TRUE(is_reset(client));
    EXPECT_TRUE(site.is_quiet());
}

/// Sends until the other side takes no more for a while; what was taken.
std::size_t fill(const RawSocket& client, std::size_t most) {
    const std::string piece(64 * 1024, 'f');
    std::size_t sent = 0;
    constexpr int kTakesNoMoreMillis = 300;
    while (sent < most) {
        const auto size = ::send(client.fd(), piece.data(), std::min(piece.size(), most - sent),
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
        if (size > 0) {
            sent += static_cast<std::size_t>(size);
        } else {
            pollfd space{.fd = client.fd(), .events = POLLOUT, .revents = 0};
            if (::poll(&space, 1, kTakesNoMoreMillis) == 0) break;
        }
    }
    return sent;
}

TEST(ForwardProxy, TakesNoMoreThanTheOtherSideDoes) {
    RawListener listener;
    Site site({{"a.test", listener.port()}});
    auto client = site.tunnel("a.test");
    auto stalled = listener.accept();
    constexpr std::size_t kMuch = 256 * 1024 * 1024;
    const std::size_t taken = fill(client, kMuch);
    EXPECT_LT(taken, 64U * 1024 * 1024);  // the buffers of four sockets, and one of the proxy
    std::thread rest([&] {
        client.send("end");
        client.finish();
    });
    EXPECT_EQ(stalled.recv_all().size(), taken + 3);
    rest.join();
    stalled.finish();
    EXPECT_EQ(client.recv_all(), "");
    EXPECT_TRUE(site.is_quiet());
}

TEST(ForwardProxy, NoticesAResetWhileTheOtherSideStalls) {
    RawListener listener;
    Site site({{"a.test", listener.port()}});
    auto client = site.tunnel("a.test");
    auto stalled = listener.accept();
    fill(client, 256 * 1024 * 1024);
    client.reset();
    EXPECT_TRUE(site.is_quiet());
    EXPECT_TRUE(is_reset(stalled));
}

TEST(ForwardProxy, NoticesAClientThatLeavesWhileItsAnswerIsAwaited) {
    RawListener listener;
    Site site({{"a.test", listener.port()}});
    auto client = site.connect();
    client.send("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    auto server = listener.accept();
    server.recv_until("\r\n\r\n");
    client.reset();
    EXPECT_TRUE(is_reset(server));
    EXPECT_TRUE(site.is_quiet());
}

TEST(ForwardProxy, OutlivesAClientThatLeavesWhileItsTunnelIsMade) {
    RawListener listener;
    Site site({{"a.test", listener.port()}, {"b.test", listener.port()}});
    Gate& first = site.gates["forbidden.test"];
    Gate& second = site.gates["b.test"];
    auto leaver = site.connect();
    auto other = site.connect();
    EXPECT_TRUE(eventually([&] { return site.proxy.counts().connections == 2; }));
    auto holder = site.connect();
    holder.send(connect_to("forbidden.test"));
    first.wait_for_arrival();
    // Both are seen at once: between them, the proxy does not look at what else has happened.
    leaver.send(connect_to("a.test"));
    other.send(connect_to("b.test"));
    first.open();
    second.wait_for_arrival();
    leaver.reset();
    second.open();
    EXPECT_EQ(other.recv_until("\r\n\r\n"), kEstablished);
    EXPECT_EQ(listener.accept().recv_all(), "");
    EXPECT_TRUE(eventually([&] { return site.proxy.counts().tunnels == 1; }));
}

TEST(ForwardProxy, HoldsFiveHundredTunnelsOfWhichNoneDisturbsAnother) {
    constexpr std::size_t kTunnels = 500;
    test::allow_open_files(4096);
    Server server({}, [](const Request& request) -> Answer {
        return Response{200, {}, request.path};
    });
    ASSERT_TRUE(server.start());
    RawListener sink;
    Site site({{"a.test", server.port()}, {"sink.test", sink.port()}});
    const std::size_t files_before = open_files();
    {
        auto stuck = site.tunnel("sink.test");
        const auto stalled = sink.accept();
        fill(stuck, 256 * 1024 * 1024);

        std::vector<RawSocket> clients;
        for (std::size_t i = 0; i < kTunnels; ++i) clients.push_back(site.tunnel("a.test"));
        EXPECT_EQ(site.proxy.counts().tunnels, kTunnels + 1);
        for (int round = 0; round < 2; ++round) {
            for (std::size_t i = 0; i < kTunnels; ++i) {
                if (clients[i].fd() < 0) continue;
                clients[i].send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n");
            }
            for (std::size_t i = 0; i < kTunnels; ++i) {
                if (clients[i].fd() < 0) continue;
                EXPECT_EQ(body_of(clients[i].recv_response()), "/" + std::to_string(i));
                // Some leave, in three ways.
                if (round == 0 && i % 4 == 1) clients[i].reset();
                if (round == 0 && i % 4 == 2) clients[i].close();
            }
        }
        EXPECT_TRUE(eventually([&] { return site.proxy.counts().tunnels == kTunnels / 2 + 1; }));
        for (std::size_t i = 0; i < kTunnels; i += 4) {
            clients[i].finish();
            EXPECT_EQ(clients[i].recv_all(), "");
        }
        EXPECT_TRUE(eventually([&] { return site.proxy.counts().tunnels == kTunnels / 4 + 1; }));
    }
    EXPECT_TRUE(site.is_quiet());
    EXPECT_EQ(site.proxy.counts().tunnels_total, kTunnels + 1);
    EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
    EXPECT_EQ(open_files(), files_before);
}

TEST(ForwardProxy, DoesNothingWhileNothingHappens) {
    ScriptedServer server{[](Peer& peer, int n) { echo(peer, n); }};
    RawListener listener;
    Site site({{"a.test", server.url().port}, {"b.test", listener.port()}});
    auto idle = site.tunnel("a.test");
    auto half = site.tunnel("b.test");
    auto other_half = listener.accept();
    half.finish();
    EXPECT_EQ(other_half.recv_all(), "");
    auto stuck = site.tunnel("b.test");
    const auto stalled = listener.accept();
    fill(stuck, 256 * 1024 * 1024);
    const auto fresh = site.connect();
    auto refused = site.connect();
    refused.send(connect_to("forbidden.test"));
    refused.recv_response();
    // Each of these is one thing to do; beside them there are only the ticks of a second.
    constexpr std::uint64_t kCalls = 200;
    constexpr std::uint64_t kTicksMax = 100;
    idle.send("x");
    idle.recv_until("x");
    const auto before = site.proxy.counts().wakeups;
    for (std::uint64_t i = 0; i < kCalls; ++i) site.proxy.check_deadlines();
    EXPECT_LT(site.proxy.counts().wakeups - before, kCalls + kTicksMax);
}

TEST(ForwardProxy, LooksAtTheTargetOfEachRequestOfAConnection) {
    Mirror a("A");
    Mirror b("B");
    Site site({{"a.test", a.port()}, {"b.test", b.port()}});
    auto client = site.connect();
    client.send(
        "POST http://a.test/1?x=%20y HTTP/1.1\r\nHost: a.test\r\nProxy-Authorization: Basic x\r\n"
        "Proxy-Connection: keep-alive\r\nAuthorization: mine\r\nContent-Length: 3\r\n\r\none");
    const std::string first = client.recv_response();
    EXPECT_EQ(body_of(first),
              "A POST /1?x=%20y\nHost: a.test\nAuthorization: mine\nContent-Length: 3\n"
              "Connection: close\n");
    EXPECT_LT(first.find("\r\n\r\n"), first.find("Connection:")) << first;
    client.send("GET https://B.test:443/2 HTTP/1.1\r\nhost: B.test:443\r\n\r\n");
    EXPECT_EQ(body_of(client.recv_response()), "B GET /2\nhost: b.test\nConnection: close\n");
    client.send(
        "POST http://a.test HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nthr\r\n");
    client.send("2\r\nee\r\n0\r\n\r\n");
    EXPECT_EQ(body_of(client.recv_response()),
              "A POST /\nHost: a.test\nTransfer-Encoding: chunked\nConnection: close\n");
    client.send("GET http://forbidden.test/ HTTP/1.1\r\nHost: forbidden.test\r\n\r\n");
    EXPECT_TRUE(client.recv_response().starts_with("HTTP/1.1 403 "));
    EXPECT_EQ(client.recv_all(), "");
    EXPECT_EQ(a.bodies, (std::vector<std::string>{"one", "three"}));
    EXPECT_EQ(site.proxy.counts().requests_total, 3U);
    EXPECT_EQ(site.proxy.counts().refused_total, 1U);
    EXPECT_EQ(site.proxy.counts().tunnels_total, 0U);
}

TEST(ForwardProxy, AnswersPipelinedRequestsInTheirOrder) {
    Mirror a("A");
    Mirror b("B");
    Site site({{"a.test", a.port()}, {"b.test", b.port()}});
    auto client = site.connect();
    std::string all;
    for (int i = 0; i < 20; ++i) {
        const std::string host = i % 2 == 0 ? "a.test" : "b.test";
        const std::string body(static_cast<std::size_t>(i) * 500, 'x');
        all += "POST http://" + host + "/" + std::to_string(i) + " HTTP/1.1\r\nHost: " + host +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    client.send(all + "GET http://a.test/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(body_of(client.recv_response())
                        .starts_with((i % 2 == 0 ? "A POST /" : "B POST /") + std::to_string(i)))
            << i;
    const std::string last = client.recv_response();
    EXPECT_TRUE(body_of(last).starts_with("A GET /last")) << last;
    EXPECT_NE(last.find("Connection: close\r\n"), std::string::npos) << last;
    EXPECT_EQ(client.recv_all(), "");
}

TEST(ForwardProxy, ForwardsBigBodiesBothWays) {
    Server::Options options;
    options.body_bytes_max = 10'000'000;
    Server server(options, [](const Request& request) -> Answer {
        return Response{200, {}, request.body};
    });
    ASSERT_TRUE(server.start());
    Site site({{"a.test", server.port()}});
    std::string body;
    while (body.size() < 5'000'000) body += std::to_string(body.size());
    auto client = site.connect(4096);
    for (int round = 0; round < 2; ++round) {
        std::thread writer([&] {
            client.send("POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body);
        });
        const std::string answer = client.recv_response();
        writer.join();
        EXPECT_TRUE(body_of(answer) == body);
    }
}

TEST(ForwardProxy, PassesEachKindOfAnswerOn) {
    const std::map<std::string, std::string> answers{
        {"/chunked", "HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
        {"/none", "HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n"},
        {"/interim",
         "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ni"},
        {"/close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nc"},
        {"/head", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"},
        {"/old", "HTTP/1.0 200\r\n\r\nuntil the end"},
    };
    ScriptedServer server{[&](Peer& peer, int) {
        std::string head;
        while (head.find("\r\n\r\n") == std::string::npos) head += peer.receive();
        const auto start = head.find(' ') + 1;
        peer.send(answers.at(head.substr(start, head.find(' ', start) - start)));
    }};
    Site site({{"a.test", server.url().port}});
    auto client = site.connect();
    const auto send = [&](const std::string& method, const std::string& path) {
        client.send(method + " http://a.test" + path + " HTTP/1.1\r\nHost: a.test\r\n\r\n");
    };
    send("GET", "/chunked");
    EXPECT_EQ(client.recv_until("0\r\n\r\n"), answers.at("/chunked"));
    send("GET", "/none");
    EXPECT_EQ(client.recv_until("\r\n\r\n"), answers.at("/none"));
    send("GET", "/interim");
    EXPECT_EQ(client.recv_until("\r\n\r\ni"), answers.at("/interim"));
    send("GET", "/close");
    EXPECT_EQ(client.recv_response(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc");
    send("HEAD", "/head");
    EXPECT_EQ(client.recv_until("\r\n\r\n"), answers.at("/head"));
    send("GET", "/old");
    EXPECT_EQ(client.recv_all(), "HTTP/1.1 200 \r\nConnection: close\r\n\r\nuntil the end");
}

TEST(ForwardProxy, LetsTheServerSayWhetherTheBodyMayCome) {
    Mirror a("A");
    Site site({{"a.test", a.port()}});
    auto client = site.connect();
    client.send(
        "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\n"
        "Content-Length: 4\r\n\r\n");
    EXPECT_TRUE(client.recv_until("\r\n\r\n").starts_with("HTTP/1.1 100 "));
    client.send("body");
    EXPECT_TRUE(client.recv_response().starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(a.bodies, std::vector<std::string>{"body"});
}

TEST(ForwardProxy, PassesOnAnAnswerThatComesBeforeTheWholeRequest) {
    ScriptedServer server{[](Peer& peer, int) {
        peer.receive();
        peer.send("HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno");
    }};
    Site site({{"a.test", server.url().port}});
    auto client = site.connect();
    client.send(
        "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n");
    EXPECT_EQ(client.recv_response(), "HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno");
    client.try_send(std::string(1'000'000, 'x'));
    client.finish();
    EXPECT_EQ(client.recv_all(), "");
    EXPECT_TRUE(site.is_quiet());
}

TEST(ForwardProxy, LeavesASlowReaderTheEndOfItsAnswer) {
    RawListener listener;
    Site site({{"a.test", listener.port()}});
    constexpr int kReceiveBuffer = 4096;  // most of the answer waits at the proxy
    auto client = site.connect(kReceiveBuffer);
    client.send("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    auto server = listener.accept();
    server.recv_until("\r\n\r\n");
    const std::string body(50'000, 'b');
    server.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                body);
    EXPECT_EQ(server.recv_all(), "") << "the proxy has all of it";
    site.pass(14min);
    EXPECT_EQ(site.proxy.counts().connections, 1U);
    site.pass(2min);
    EXPECT_EQ(site.proxy.counts().connections, 0U);
    EXPECT_TRUE(body_of(client.recv_all()) == body);
}

TEST(ForwardProxy, SaysWhatIsWrongWithAnAnswer) {
    struct Case {
        std::string answer;
        std::string starts;
        std::string names;
    };
    const Case cases[] = {
        {"", "HTTP/1.1 502 ", "closed the connection before answering"},
        {"SSH-2.0-x\r\n", "HTTP/1.1 502 ", "not HTTP/1.1"},
        {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 502 ", "not HTTP/1.1"},
        {"HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 502 ", "protocol"},
        {"HTTP/1.1 200 OK\r\n" + std::string(70'000, 'x'), "HTTP/1.1 502 ", "not HTTP/1.1"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\ncut", "HTTP/1.1 200 OK\r\n", "cut"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ncut", "HTTP/1.1 200 ", "cut"},
    };
    std::atomic<const Case*> current = nullptr;
    ScriptedServer server{[&](Peer& peer, int) {
        peer.receive();
        peer.send(current.load()->answer);
    }};
    Site site({{"a.test", server.url().port}});
    for (const auto& each : cases) {
        current = &each;
        const std::string answer = site.ask("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
        EXPECT_TRUE(answer.starts_with(each.starts)) << answer;
        EXPECT_NE(answer.find(each.names), std::string::npos) << answer;
    }
    EXPECT_TRUE(site.is_quiet());
}

TEST(ForwardProxy, RefusesWhatIsNoRequestToAProxy) {
    ScriptedServer server{[](Peer& peer, int n) { echo(peer, n); }};
    Site site({{"a.test", server.url().port}});
    auto bystander = site.tunnel("a.test");
    const std::pair<std::string, std::string> cases[] = {
        {"garbage\r\n\r\n", "400"},
        {"\x16\x03\x01\x02\x01\r\n", "400"},
        {"CONNECT a.test:443 HTTP/1.1\nHost: a\n\n", "400"},
        {"CONNECT a.test HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
        {"CONNECT a.test:443 HTTP/1.1\r\n\r\n", "400"},
        {"CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
        {"CONNECT a.test:443 HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
        {"GET http://a.test/ HTTP/1.1\r\n\r\n", "400"},
        {"GET http://a.test/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
        {"GET http://a.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
         "Transfer-Encoding: chunked\r\n\r\n",
         "400"},
        {"GET http://a.test/" + std::string(17'000, 'x'), "431"},
        {"GET http://a.test/ HTTP/1.1\r\nHost: a\r\nX: " + std::string(17'000, 'x'), "431"},
        {std::string(100'000, 'x'), "431"},
        {connect_to("forbidden.test"), "403"},
        {"GET http://forbidden.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n",
         "403"},
        {connect_to("nowhere.test"), "502"},
        {"HEAD http://nowhere.test/ HTTP/1.1\r\nHost: a\r\n\r\n", "502"},
    };
    for (const auto& [request, status] : cases) {
        auto client = site.connect();
        client.try_send(request);
        const bool is_head = request.starts_with("HEAD");
        const std::string answer = is_head ? client.recv_until("\r\n\r\n") : client.recv_response();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + status + " ")) << request << answer;
        EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
        EXPECT_NE(answer.find("Content-Type: text/plain"), std::string::npos) << answer;
        EXPECT_EQ(is_head, body_of(answer).empty()) << answer;
        client.try_send(std::string(100'000, 'x'));
        client.finish();
        EXPECT_EQ(client.recv_all(), "");
    }
    EXPECT_EQ(site.proxy.counts().refused_total, std::size(cases));
    bystander.send("still");
    EXPECT_EQ(bystander.recv_until("still"), "still");
    bystander.close();
    EXPECT_TRUE(site.is_quiet());
}

TEST(ForwardProxy, RefusesABodyThatBreaksOnTheWay) {
    Mirror a("A");
    Site site({{"a.test", a.port()}});
    auto client = site.connect();
    client.send("POST http://a.test/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("3\r\nabc\r\n");
    client.send("x\r\n");
    EXPECT_TRUE(client.recv_response().starts_with("HTTP/1.1 400 "));
    auto leaver = site.connect();
    leaver.send("POST http://a.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
    leaver.finish();
    EXPECT_EQ(leaver.recv_all(), "");
    EXPECT_TRUE(a.bodies.empty());
}

TEST(ForwardProxy, FindsHostsAndConnectsToWhatMayBeConnectedTo) {
    ScriptedServer server{[](Peer& peer, int n) { echo(peer, n); }};
    const std::string port = std::to_string(server.url().port);
    Site site({}, [](const std::string& name) -> Addresses {
        if (name == "evil.test") return std::vector<std::string>{"127.0.0.66"};
        return std::vector<std::string>{"127.0.0.66", "127.0.0.65", "127.0.0.1"};
    });
    auto client = site.connect();
    client.send(connect_to("many.test", port) + "x");
    EXPECT_EQ(client.recv_until("x"), kEstablished + "x");
    EXPECT_NE(site.ask(connect_to("evil.test", port)).find("evil.test is at 127.0.0.66"),
              std::string::npos);
    EXPECT_NE(site.ask(connect_to("127.0.0.66", port)).find("HTTP/1.1 403 "), std::string::npos);
    const Port closed;
    const std::string refused = site.ask(connect_to("127.0.0.1", std::to_string(closed.number())));
    EXPECT_NE(refused.find("no connection to 127.0.0.1:" + std::to_string(closed.number()) +
                           ": connection refused\n"),
              std::string::npos)
        << refused;
}

TEST(ForwardProxy, TriesTheNextAddressWhenOneIsDead) {
    ScriptedServer server{[](Peer& peer, int n) { echo(peer, n); }};
    const int port = server.url().port;
    // The kernel drops who asks for a place when its only one is taken.
    const test::Fd dead(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(port));
    ASSERT_EQ(::inet_pton(AF_INET, "127.0.0.2", &place.sin_addr), 1);
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place), 0);
    ASSERT_EQ(::listen(dead.get(), 0), 0);
    const RawSocket only_one(port, "127.0.0.2");
    Site site({}, [](const std::string& name) -> Addresses {
        if (name == "dead.test") return std::vector<std::string>{"127.0.0.2"};
        return std::vector<std::string>{"127.0.0.2", "127.0.0.2", "127.0.0.1"};
    });
    auto client = site.connect();
    client.send(connect_to("half-dead.test", std::to_string(port)) + "x");
    EXPECT_TRUE(eventually([&] { return site.allow_asked == 3; }));
    site.pass(3s);
    site.pass(3s);
    EXPECT_EQ(client.recv_until("x"), kEstablished + "x");
    // The last one, and the only one, has all of the time.
    auto seeking = site.connect();
    seeking.send(connect_to("dead.test", std::to_string(port)));
    EXPECT_TRUE(eventually([&] { return site.allow_asked == 4; }));
    site.pass(9s);
    EXPECT_EQ(site.proxy.counts().refused_total, 0U);
    site.pass(2s);
    EXPECT_TRUE(seeking.recv_response().starts_with("HTTP/1.1 504 "));
}

TEST(ForwardProxy, OutlivesARouteThatFails) {
    ScriptedServer server{[](Peer& peer, int n) { echo(peer, n); }};
    Site site({{"a.test", server.url().port}});
    auto client = site.tunnel("a.test");
    EXPECT_EQ(site.ask(connect_to("broken.test")), "");
    client.send("still");
    EXPECT_EQ(client.recv_until("still"), "still");
}

TEST(ForwardProxy, EndsWhatTakesTooLong) {
    std::promise<void> never;
    ScriptedServer server{[](Peer& peer, int n) { echo(peer, n); }};
    RawListener listener;
    Site site({{"a.test", server.url().port}, {"b.test", listener.port()}},
              silent_until(never.get_future().share()));
    auto fresh = site.connect();
    auto slow = site.connect();
    slow.send("CONNECT a.te");
    auto seeking = site.connect();
    seeking.send(connect_to("nobody-knows.test"));
    auto tunnel = site.tunnel("a.test");
    auto asking = site.connect();
    asking.send("GET http://b.test/ HTTP/1.1\r\nHost: b\r\n\r\n");
    auto silent = listener.accept();
    silent.recv_until("\r\n\r\n");
    // All of it was read before the time passes: what is sent last arrives last.
    tunnel.send("x");
    tunnel.recv_until("x");
    EXPECT_TRUE(eventually([&] { return site.proxy.counts().connections == 5; }));
    site.pass(9s);
    EXPECT_EQ(site.proxy.counts().connections, 5U);
    site.pass(2s);
    EXPECT_TRUE(slow.recv_response().starts_with("HTTP/1.1 408 "));
    const std::string not_found = seeking.recv_response();
    EXPECT_TRUE(not_found.starts_with("HTTP/1.1 504 ")) << not_found;
    EXPECT_NE(not_found.find("nobody-knows.test:443"), std::string::npos) << not_found;
    site.pass(11s);  // neither of them leaves
    EXPECT_EQ(site.proxy.counts().connections, 3U);
    EXPECT_EQ(slow.recv_all() + seeking.recv_all(), "");
    site.pass(55s);
    EXPECT_EQ(fresh.recv_all(), "");
    site.pass(13min);
    tunnel.send("x");
    tunnel.recv_until("x");
    site.pass(1min);
    EXPECT_TRUE(asking.recv_response().starts_with("HTTP/1.1 504 "));
    asking.close();
    EXPECT_TRUE(eventually([&] { return site.proxy.counts().connections == 1; }));
    site.pass(15min);
    EXPECT_EQ(tunnel.recv_all(), "");
    EXPECT_TRUE(site.is_quiet());
    never.set_value();
}

TEST(ForwardProxy, TakesAnEmptyLineForNoRequest) {
    Mirror a("a");
    Site site({{"a.test", a.port()}});
    auto client = site.connect();
    const std::string request = "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n";
    client.send(request + "\r\n");
    EXPECT_TRUE(client.recv_response().starts_with("HTTP/1.1 200 "));
    site.pass(60s);
    client.send("\r\n" + request);
    EXPECT_TRUE(client.recv_response().starts_with("HTTP/1.1 200 "));
}

TEST(ForwardProxy, SaysWhenItHasNoRoom) {
    ScriptedServer server{[](Peer& peer, int n) { echo(peer, n); }};
    Site site({{"a.test", server.url().port}}, no_such_host, 2);
    auto first = site.tunnel("a.test");
    auto second = site.tunnel("a.test");
    auto third = site.connect();
    third.send(connect_to("a.test"));
    EXPECT_TRUE(third.recv_response().starts_with("HTTP/1.1 503 "));
    third.finish();
    EXPECT_EQ(third.recv_all(), "");
    second.close();
    EXPECT_TRUE(eventually([&] { return site.proxy.counts().connections == 1; }));
    site.tunnel("a.test");
    first.send("x");
    EXPECT_EQ(first.recv_until("x"), "x");
}

/// Lets this process open no more files while it lives.
class NoMoreFiles {
  public:
    NoMoreFiles() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit none = before_;
        const int next = ::dup(0);
        none.rlim_cur = static_cast<rlim_t>(next);
        ::close(next);
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoMoreFiles(const NoMoreFiles&) = delete;
    NoMoreFiles& operator=(const NoMoreFiles&) = delete;

  private:
    rlimit before_{};
};

TEST(ForwardProxy, OutlivesALackOfDescriptors) {
    Mirror a("A");
    Site site({{"a.test", a.port()}});
    auto accepted = site.connect();
    EXPECT_TRUE(eventually([&] { return site.proxy.counts().connections == 1; }));
    auto waiting = site.connect();
    EXPECT_TRUE(eventually([&] { return site.proxy.counts().connections == 2; }));
    {
        const NoMoreFiles full;
        accepted.send(connect_to("a.test"));
        const std::string answer = accepted.recv_response();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    }
    waiting.send(connect_to("a.test"));
    EXPECT_EQ(waiting.recv_until("\r\n\r\n"), kEstablished);
}

TEST(ForwardProxy, AcceptsAgainWhenThereAreDescriptors) {
    ScriptedServer server{[](Peer& peer, int n) { echo(peer, n); }};
    Site site({{"a.test", server.url().port}}, no_such_host, 4096, false);
    ASSERT_TRUE(site.proxy.listen());
    auto client = site.connect();
    {
        const NoMoreFiles full;
        ASSERT_TRUE(site.proxy.start());
        client.send(connect_to("a.test"));
        for (int i = 0; i < 100; ++i) site.proxy.check_deadlines();
        EXPECT_EQ(site.proxy.counts().connections, 0U);
        EXPECT_LT(site.proxy.counts().wakeups, 200U);
    }
    EXPECT_EQ(client.recv_until("\r\n\r\n"), kEstablished);
}

TEST(ForwardProxy, HandsOnLastWordsWhenItStops) {
    RawListener listener;
    Site site({{"a.test", listener.port()}});
    auto client = site.tunnel("a.test");
    auto server = listener.accept();
    const std::string words(1'000'000, 'w');
    std::thread speaker([&] { server.send(words); });
    const std::string first = client.recv_until("w");
    speaker.join();
    server.close();
    std::thread stopper([&] { site.proxy.stop(); });
    EXPECT_EQ(first.size() + client.recv_all().size(), words.size());
    stopper.join();
    EXPECT_EQ(site.proxy.counts().connections, 0U);
}

TEST(ForwardProxy, StopsWhateverIsUnderWay) {
    std::promise<void> never;
    RawListener listener;
    Site site({{"b.test", listener.port()}}, silent_until(never.get_future().share()));
    auto fresh = site.connect();
    auto slow = site.connect();
    slow.send("CONN");
    auto seeking = site.connect();
    seeking.send(connect_to("nobody-knows.test"));
    auto asking = site.connect();
    asking.send("GET http://b.test/ HTTP/1.1\r\nHost: b\r\n\r\n");
    auto silent = listener.accept();
    auto stuck = site.tunnel("b.test");
    const auto stalled = listener.accept();
    fill(stuck, 256 * 1024 * 1024);
    std::vector<RawSocket> many;
    for (int i = 0; i < 50; ++i) many.push_back(site.tunnel("b.test"));
    site.proxy.stop();
    EXPECT_EQ(site.proxy.counts().connections, 0U);
    EXPECT_EQ(site.proxy.counts().tunnels, 0U);
    for (auto* const client : {&fresh, &seeking, &asking, &many.front(), &many.back()})
        EXPECT_EQ(client->recv_all(), "");
    never.set_value();
}

TEST(ForwardProxy, SaysWhyItCannotListen) {
    const Port taken;
    taken.listen();
    ForwardProxy::Options options;
    options.port = taken.number();
    options.route = [](const ProxyRequest&) { return ForwardProxy::Refusal{}; };
    ForwardProxy proxy(options);
    const auto listening = proxy.listen();
    ASSERT_FALSE(listening);
    EXPECT_NE(listening.error().detail.find("in use"), std::string::npos);
    proxy.check_deadlines();
    proxy.stop();
}

}  // namespace
}  // namespace wxpay::http
