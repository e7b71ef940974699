// The server behind TLS. What HTTP itself does is http_server_test's.
#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "core/base/clock.hpp"
#include "core/http/server.hpp"

#include "sandbox/certificates/issue.hpp"
#include "tests/support/app_harness.hpp"
#include "tests/support/raw_socket.hpp"
#include "tests/support/tls_client.hpp"

namespace wxpay::http {
namespace {

using namespace std::chrono_literals;
using sandbox::Identity;
using test::eventually;
using test::ManualStopwatch;
using test::RawSocket;
using test::TlsClient;

const Instant kNow = SystemClock().now();
const sandbox::Validity kToday{kNow - 24h, kNow + 24h};
const sandbox::Validity kYesterday{kNow - 48h, kNow - 24h};

Identity make_authority(const std::string& name) {
    SecureRandom random;
    return sandbox::make_authority(name, {}, kToday, random);
}
Identity make_client(const Identity& authority, const std::string& name,
                     const sandbox::Validity& validity = kToday) {
    SecureRandom random;
    return sandbox::issue(authority, name, {}, validity, random);
}

Response text(std::string body) { return Response{200, {}, std::move(body)}; }

std::string get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

std::string body_of(const std::string& response) {
    return response.substr(response.find("\r\n\r\n") + 4);
}

/// Who the server thinks has called.
Answer describe(const Request& request) {
    if (!request.secure) return text("plain");
    if (request.certificate == nullptr) return text("nobody");
    return text(request.certificate->common_name + " " + request.certificate->serial + " " +
                (request.certificate->trusted ? "trusted" : "not trusted"));
}

/// A TLS server on a free port whose time stands still.
struct Site {
    explicit Site(Handler handler = describe, std::size_t workers = 2)
        : server(options(workers), std::move(handler)) {
        const auto started = server.start();
        if (!started) throw std::runtime_error(started.error().detail);
    }
    Server::Options options(std::size_t workers) const {
        SecureRandom random;
        const Identity shown =
            sandbox::issue(authority, "server", {{"localhost"}, {"127.0.0.1"}}, kToday, random);
        Server::Options options;
        options.tls = TlsOptions{shown.certificate, shown.key, merchants.certificate};
        options.workers = workers;
        options.stopwatch = &stopwatch;
        return options;
    }
    TlsClient::Options client(Identity identity = {}, int version = 0) const {
        return {.authority = authority.certificate,
                .identity = std::move(identity),
                .version = version};
    }
    TlsClient connect(Identity identity = {}, int version = 0) const {
        return TlsClient(server.port(), client(std::move(identity), version));
    }
    std::string ask(TlsClient client, const std::string& request = get("/")) const {
        client.send(request);
        return body_of(client.recv_response());
    }
    RawSocket connect_raw() const { return RawSocket(server.port()); }
    void pass(Millis time) {
        stopwatch.advance(time);
        server.check_deadlines();
    }

    const Identity authority = make_authority("Server CA");
    const Identity merchants = make_authority("Merchants CA");
    ManualStopwatch stopwatch;
    Server server;
};

const std::string kClientHelloBegins = "\x16\x03\x01\x02";  // of 512 bytes and more

TEST(TlsServer, SpeaksBothVersionsAndNoOlderOne) {
    const Site site;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        auto client = site.connect({}, version);
        EXPECT_EQ(client.version(), version);
        client.send(get("/"));
        EXPECT_EQ(body_of(client.recv_response()), "nobody");
    }
    EXPECT_THROW(site.connect({}, TLS1_1_VERSION), std::runtime_error);
}

TEST(TlsServer, AsksForMerchantsCertificatesOnly) {
    const Site site;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
        EXPECT_EQ(site.connect({}, version).asked_for(),
                  std::vector<std::string>{"/CN=Merchants CA"});
}

TEST(TlsServer, TellsTheHandlerWhoseCertificateWasShown) {
    const Site site;
    const Identity merchant = make_client(site.merchants, "1900000109");
    const std::string serial = sandbox::serial_number(merchant.certificate);
    EXPECT_EQ(serial.size(), 32U);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
        EXPECT_EQ(site.ask(site.connect(merchant, version)), "1900000109 " + serial + " trusted");
}

TEST(TlsServer, LetsAForeignOrExpiredCertificateInButDoesNotTrustIt) {
    const Site site;
    const Identity foreign = make_client(make_authority("Another CA"), "1900000109");
    const Identity namesake = make_client(make_authority("Merchants CA"), "1900000109");
    const Identity expired = make_client(site.merchants, "1900000109", kYesterday);
    for (const Identity& identity : {foreign, namesake, expired}) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            EXPECT_EQ(
                site.ask(site.connect(identity, version)),
                "1900000109 " + sandbox::serial_number(identity.certificate) + " not trusted");
        }
    }
}

TEST(TlsServer, KnowsTheClientOfAResumedSession) {
    const Site site;
    const Identity merchant = make_client(site.merchants, "1900000109");
    const Identity foreign = make_client(make_authority("Another CA"), "1900000109");
    for (const Identity& identity : {merchant, foreign, Identity{}}) {
        for (const bool tickets : {true, false}) {
            for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
                auto options = site.client(identity, version);
                options.tickets = tickets;
                TlsClient first(site.server.port(), options);
                first.send(get("/"));
                const std::string said = body_of(first.recv_response());
                const auto session = first.session();
                TlsClient second(site.server.port(), options, session.get());
                EXPECT_TRUE(second.resumed()) << version << tickets;
                second.send(get("/"));
                EXPECT_EQ(body_of(second.recv_response()), said) << version << tickets;
            }
        }
    }
}

TEST(TlsServer, KeepsAConnectionForMoreRequests) {
    const Site site([](const Request& request) -> Answer { return text(request.path); });
    auto client = site.connect();
    for (const std::string path : {"/1", "/2", "/3"}) {
        client.send(get(path));
        EXPECT_EQ(body_of(client.recv_response()), path);
    }
    client.send(get("/4") + get("/5"));
    EXPECT_EQ(body_of(client.recv_response()), "/4");
    EXPECT_EQ(body_of(client.recv_response()), "/5");
    EXPECT_EQ(site.server.connections(), 1U);
}

TEST(TlsServer, TakesBodiesOfManyRecords) {
    const Site site([](const Request& request) -> Answer { return text(request.body); });
    std::string body;
    while (body.size() < 1024 * 1024) body += std::to_string(body.size());
    body.resize(1024 * 1024);
    auto client = site.connect();
    client.send("POST / HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n" + body);
    EXPECT_EQ(body_of(client.recv_response()), body);
}

TEST(TlsServer, SendsAnswersThatTheSocketCannotTakeAtOnce) {
    const std::string much(8'000'000, 'm');
    const Site site([&](const Request&) -> Answer { return text(much); });
    auto options = site.client();
    options.receive_buffer = 4096;
    TlsClient client(site.server.port(), options);
    client.send(get("/") + get("/"));
    EXPECT_EQ(body_of(client.recv_response()), much);
    EXPECT_EQ(body_of(client.recv_response()), much);
}

TEST(TlsServer, KeepsAPromiseFromAnotherThread) {
    std::promise<Reply> promised;
    const Site site([&](const Request&) -> Answer {
        return [&](Reply reply) { promised.set_value(std::move(reply)); };
    });
    auto client = site.connect();
    client.send(get("/"));
    promised.get_future().get()(text("later"));
    EXPECT_EQ(body_of(client.recv_response()), "later");
}

TEST(TlsServer, EndsWithACloseNotify) {
    Site site(describe, 1);
    auto asked = site.connect();
    asked.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(body_of(asked.recv_all()), "nobody");
    auto idle = site.connect();
    idle.send(get("/"));
    idle.recv_response();
    EXPECT_EQ(site.ask(site.connect()), "nobody");  // so the one worker is through with it
    site.pass(76s);
    EXPECT_EQ(idle.recv_all(), "");
    auto stopped = site.connect();
    stopped.send(get("/"));
    stopped.recv_response();
    site.server.stop();
    EXPECT_EQ(stopped.recv_all(), "");
}

TEST(TlsServer, AnswersAClientThatSaysGoodbyeInTheSameBreath) {
    const Site site;
    auto client = site.connect();
    client.send(get("/"));
    client.say_goodbye();
    EXPECT_EQ(body_of(client.recv_all()), "nobody");
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 0; }));
}

TEST(TlsServer, SendsTheTimeoutOfAHalfRequestEncrypted) {
    Site site(describe, 1);
    auto client = site.connect();
    client.send("GET / HTTP/1.1\r\n");
    EXPECT_EQ(site.ask(site.connect()), "nobody");  // so the one worker has seen the half
    site.pass(11s);
    EXPECT_TRUE(client.recv_all().starts_with("HTTP/1.1 408 "));
}

TEST(TlsServer, AnswersOthersWhileHandshakesHang) {
    const Site site(describe, 1);
    std::vector<RawSocket> hanging;
    for (int i = 0; i < 50; ++i) {
        hanging.push_back(site.connect_raw());
        if (i % 2 == 0) hanging.back().send(kClientHelloBegins);
    }
    EXPECT_EQ(site.ask(site.connect()), "nobody");
}

TEST(TlsServer, GivesAHandshakeAsLongAsARequest) {
    Site site(describe, 1);
    auto dripping = site.connect_raw();
    for (int i = 0; i < 4; ++i) {
        dripping.send(kClientHelloBegins.substr(static_cast<std::size_t>(i), 1));
        EXPECT_EQ(site.ask(site.connect()), "nobody");  // so the one worker has seen the byte
        site.pass(2s);
    }
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 1; }));
    site.pass(3s);
    EXPECT_EQ(dripping.recv_all(), "");
}

TEST(TlsServer, GivesTheRestOfARecordAsLongAsARequest) {
    const std::string record = "\x17\x03\x03" + std::string("\0\x20", 2) + std::string(31, 'x');
    for (const std::size_t size : {3U, 5U, 20U}) {
        Site site(describe, 1);
        auto client = site.connect();
        client.send_unencrypted(record.substr(0, size));
        EXPECT_EQ(site.ask(site.connect()), "nobody");
        site.pass(11s);
        EXPECT_EQ(client.recv_all(), "") << size;
    }
}

TEST(TlsServer, EndsConnectionsThatSpeakSomethingElse) {
    const Site site;
    auto http = site.connect_raw();
    http.send("POST /pay/unifiedorder HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" +
              std::string(100'000, 'x'));
    http.finish();
    const std::string answer = http.recv_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
    EXPECT_EQ(body_of(answer), "this port speaks TLS: use https:// in the url\n");
    const auto length = answer.find("Content-Length: ");
    EXPECT_EQ(std::stoul(answer.substr(length + 16)), body_of(answer).size());

    for (const std::string& garbage :
         {std::string("\0\0\0\0\0\0\0\0", 8), std::string("SSH-2.0-x\r\n"),
          std::string(70'000, '\xff'), kClientHelloBegins + std::string(600, '\0')}) {
        auto client = site.connect_raw();
        client.try_send(garbage);
        client.finish();
        EXPECT_LT(client.recv_all().size(), 100U);
    }
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 0; }));
    EXPECT_EQ(site.ask(site.connect()), "nobody");
}

TEST(TlsServer, EndsAConnectionWhoseRecordsWereChanged) {
    const Site site;
    auto client = site.connect();
    client.send_unencrypted("\x17\x03\x03" + std::string("\0\x20", 2) + std::string(32, 'x'));
    EXPECT_THROW(client.recv_all(), std::runtime_error);  // an alert
    EXPECT_EQ(site.ask(site.connect()), "nobody");
}

TEST(TlsServer, ForgetsClientsThatLeaveDuringTheHandshake) {
    const Site site;
    for (int i = 0; i < 20; ++i) {
        auto client = site.connect_raw();
        client.send(kClientHelloBegins);
        if (i % 2 == 0) client.reset();
    }
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 0; }));
}

TEST(TlsServer, ServesManyClientsAtOnce) {
    constexpr int kThreads = 4;
    constexpr int kClients = 25;
    const Site site;
    const Identity merchant = make_client(site.merchants, "1900000109");
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&] {
            std::vector<TlsClient> clients;
            for (int i = 0; i < kClients; ++i) clients.push_back(site.connect(merchant));
            for (int round = 0; round < 2; ++round) {
                for (auto& client : clients) client.send(get("/"));
                for (auto& client : clients)
                    right += body_of(client.recv_response()).starts_with("1900000109 ") ? 1 : 0;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(right, 2 * kThreads * kClients);
}

TEST(TlsServer, IsBelievedOnlyAboutNamesThatItsAuthorityMayVouchFor) {
    SecureRandom random;
    const Identity authority =
        sandbox::make_authority("Constrained CA", {{"localhost"}, {}}, kToday, random);
    for (const std::string name : {"localhost", "example.com"}) {
        Server::Options options;
        const Identity shown = sandbox::issue(authority, "server", {{name}, {}}, kToday, random);
        options.tls = TlsOptions{shown.certificate, shown.key, {}};
        Server server(options, describe);
        ASSERT_TRUE(server.start());
        TlsClient::Options client;
        client.authority = authority.certificate;
        client.host = name;
        try {
            TlsClient believing(server.port(), client);
            EXPECT_EQ(name, "localhost");
        } catch (const std::runtime_error& problem) {
            EXPECT_EQ(name, "example.com") << problem.what();
            EXPECT_NE(std::string(problem.what()).find("certificate verify failed"),
                      std::string::npos)
                << problem.what();
        }
    }
}

TEST(TlsServer, RefusesToListenWithWhatIsNoIdentity) {
    const Site site;
    for (const auto& spoil : std::vector<void (*)(TlsOptions&)>{
             [](TlsOptions& tls) { tls.certificates = "no PEM"; },
             [](TlsOptions& tls) { tls.key = Secret("no PEM"); },
             [](TlsOptions& tls) { tls.key = make_authority("x").key; },
             [](TlsOptions& tls) { tls.client_authorities = "no PEM"; }}) {
        auto options = site.options(1);
        spoil(*options.tls);
        Server server(options, describe);
        const auto listening = server.listen();
        ASSERT_FALSE(listening);
        EXPECT_EQ(listening.error().code, Errc::malformed);
    }
}

TEST(TlsServer, ListensBeforeItServes) {
    const Site site;
    Server server(site.options(1), describe);
    ASSERT_TRUE(server.listen());
    const int port = server.port();
    RawSocket early(port);
    early.send(kClientHelloBegins);
    ASSERT_TRUE(server.start());
    EXPECT_EQ(server.port(), port);
    EXPECT_EQ(site.ask(TlsClient(port, site.client())), "nobody");
}

TEST(TlsServer, SaysOfPlainRequestsThatTheyAre) {
    Server server({}, describe);
    ASSERT_TRUE(server.start());
    RawSocket client(server.port());
    client.send(get("/"));
    EXPECT_EQ(body_of(client.recv_response()), "plain");
}

}  // namespace
}  // namespace wxpay::http
