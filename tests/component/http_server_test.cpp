#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/http/server.hpp"

#include "tests/support/raw_socket.hpp"

namespace wxpay::http {
namespace {

using test::allow_open_files;
using test::eventually;
using test::RawSocket;

constexpr std::size_t kMoreThanTheKernelTakes = 12'000'000;

class ManualStopwatch final : public Stopwatch {
  public:
    Millis elapsed() const override { return Millis(now_.load()); }
    void advance(Millis by) { now_ += by.count(); }

  private:
    std::atomic<Millis::rep> now_{0};
};

Response text(std::string body, int status = 200) {
    Response response{status, {}, std::move(body)};
    response.headers.add("Content-Type", "text/plain");
    return response;
}

std::string get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

std::string post(std::string_view body, std::string_view headers = {}) {
    return "POST /p HTTP/1.1\r\nHost: x\r\n" + std::string(headers) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string body_of(const std::string& response) {
    return response.substr(response.find("\r\n\r\n") + 4);
}

/// Reports everything the handler was given.
Answer describe(const Request& request) {
    std::string report = request.method + " " + request.path + " ?" + request.query + "\n";
    for (const auto& [name, value] : request.headers)
        report += std::string(name) + "=" + std::string(value) + "\n";
    return text(report + "\n" + request.body);
}

/// A server on a free port whose time stands still.
struct Site {
    explicit Site(Handler handler, Server::Options options = {})
        : server(with(std::move(options)), std::move(handler)) {
        const auto started = server.start();
        if (!started) throw std::runtime_error(started.error().detail);
    }
    Server::Options with(Server::Options options) const {
        options.stopwatch = &stopwatch;
        return options;
    }

    RawSocket connect() const { return RawSocket(server.port()); }
    /// What a new client gets for one request.
    std::string ask(const std::string& request) const {
        auto client = connect();
        client.send(request);
        return client.recv_response();
    }
    bool answers_a_newcomer() const { return ask(get("/")).starts_with("HTTP/1.1 200 OK\r\n"); }
    /// With one worker: makes sure that all that came before has been dealt with.
    void let_it_catch_up() const { EXPECT_TRUE(answers_a_newcomer()); }
    /// What a new client gets until the server closes.
    std::string last_words(const std::string& request) const {
        auto client = connect();
        client.try_send(request);
        return client.recv_all();
    }
    void pass(Millis time) {
        stopwatch.advance(time);
        server.check_deadlines();
    }

    ManualStopwatch stopwatch;
    Server server;
};

Server::Options with_workers(std::size_t workers) {
    Server::Options options;
    options.workers = workers;
    return options;
}

/// Keeps Replies until the test wants to answer.
class Promises {
  public:
    Handler handler() {
        return [this](const Request& request) -> Answer {
            if (request.path == "/") return text("now");
            return [this](Reply reply) {
                const std::lock_guard lock(mutex_);
                replies_.push_back(std::move(reply));
                changed_.notify_all();
            };
        };
    }
    std::vector<Reply> take(std::size_t count) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, std::chrono::seconds(20),
                               [&] { return replies_.size() >= count; }))
            throw std::runtime_error("too few requests came");
        return std::exchange(replies_, {});
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Reply> replies_;
};

// What a request becomes

TEST(Server, CutsTheConnectionInsteadOfAnsweringWhenToldTo) {
    const Site site([](const Request& request) -> Answer {
        if (request.path == "/") return text("ok");
        const Response cut{.status = 200, .cut = true};
        if (request.path == "/now") return cut;
        return [cut](const Reply& reply) { reply(cut); };
    });
    for (const char* const path : {"/now", "/later"}) {
        EXPECT_EQ(site.last_words(get(path)), "");
        auto client = site.connect();
        client.send(get("/") + get(path));
        EXPECT_TRUE(client.recv_all().starts_with("HTTP/1.1 200 OK\r\n")) << "what came before";
    }
    EXPECT_TRUE(site.answers_a_newcomer());
}

TEST(Server, CutsTheConnectionInTheMiddleOfABodyWhenToldTo) {
    const Site site([](const Request& request) -> Answer {
        Response response = text("0123456789");
        if (request.path != "/") response.cut_at = request.path == "/all" ? 99U : 4U;
        if (request.path != "/later") return response;
        return [response](const Reply& reply) { reply(response); };
    });
    for (const char* const path : {"/now", "/later"}) {
        const std::string words = site.last_words(get(path) + get("/unheard"));
        EXPECT_NE(words.find("Content-Length: 10\r\n"), std::string::npos) << words;
        EXPECT_EQ(body_of(words), "0123");
    }
    EXPECT_EQ(body_of(site.last_words(get("/all"))), "0123456789") << "closed all the same";
    EXPECT_TRUE(site.last_words("HEAD /now HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("\r\n\r\n"));
    EXPECT_TRUE(site.answers_a_newcomer());
}

TEST(Server, GivesTheHandlerTheWholeRequest) {
    Site site(describe);
    EXPECT_EQ(
        body_of(site.ask("POST /a%20b?x=%31&y HTTP/1.1\r\nZ: 1\r\nHost: h\r\na:  2 \r\nz: 3\r\n"
                         "Content-Length: 2\r\n\r\nhi")),
        "POST /a b ?x=%31&y\nZ=1\nHost=h\na=2\nz=3\nContent-Length=2\n\nhi");
}

TEST(Server, GivesTheHandlerThePeersAddress) {
    Site site([](const Request& request) -> Answer { return text(request.remote_address); });
    EXPECT_EQ(body_of(site.ask(get("/"))), "127.0.0.1");
}

TEST(Server, PassesBodiesVerbatimWhateverTheirTypeSays) {
    Site site([](const Request& request) -> Answer { return text(request.body); });
    std::string body = "<xml>a=1&b=%41+%zz</xml>";
    while (body.size() < 1024 * 1024) body += body.substr(0, 1024 * 1024 - body.size());
    for (const std::string type : {"Content-Type: application/x-www-form-urlencoded\r\n",
                                   "Content-Type: multipart/form-data; boundary=x\r\n",
                                   "Content-Type: multipart/form-data\r\n", ""})
        EXPECT_EQ(body_of(site.ask(post(body, type))), body) << type;
}

TEST(Server, GivesEveryMethodToTheHandler) {
    Site site([](const Request& request) -> Answer { return text(request.method); });
    for (const std::string method :
         {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"})
        EXPECT_EQ(body_of(site.ask(method + " / HTTP/1.1\r\n\r\n")), method);
}

TEST(Server, TakesVeryLongPathsAndQueries) {
    Site site(
        [](const Request& request) -> Answer { return text(request.path + "?" + request.query); });
    const std::string path = "/" + std::string(15'000, 'p');
    EXPECT_EQ(body_of(site.ask(get(path))), path + "?");
    EXPECT_EQ(body_of(site.ask(get("/?" + path))), "/?" + path);
}

TEST(Server, TakesTheWholeUrlThatProxiesSend) {
    Site site(
        [](const Request& request) -> Answer { return text(request.path + "?" + request.query); });
    EXPECT_EQ(body_of(site.ask(get("http://example.com:80/a?b"))), "/a?b");
    EXPECT_EQ(body_of(site.ask(get("http://example.com?b"))), "/?b");
    EXPECT_EQ(body_of(site.ask(get("http://example.com"))), "/?");
    EXPECT_EQ(body_of(site.ask("OPTIONS * HTTP/1.1\r\n\r\n")), "*?");
}

TEST(Server, KeepsTheTargetAsItWasSent) {
    Site site([](const Request& request) -> Answer { return text(request.target); });
    for (const std::string target :
         {"/", "/a%7Cb*%2f//c?d=%7c&e=a+b&&", "/a?", "/%E5%BE%AE?\xE5\xBE\xAE"})
        EXPECT_EQ(body_of(site.ask(get(target))), target);
    EXPECT_EQ(body_of(site.ask(get("http://example.com:80/a%20?b"))), "/a%20?b");
    // The next request on the connection has its own.
    EXPECT_EQ(body_of(site.ask(get("/long?" + std::string(100, 'x')))).size(), 106U);
    EXPECT_EQ(body_of(site.ask(get("/"))), "/");
}

TEST(Server, JoinsChunkedBodies) {
    Site site([](const Request& request) -> Answer { return text(request.body); });
    EXPECT_EQ(
        body_of(site.ask("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "5;ext=\"x\"\r\nhello\r\n00A\r\n, chunked \r\n0\r\nTrailer: t\r\n\r\n")),
        "hello, chunked ");
}

TEST(Server, HandsOverOnlyWholeRequests) {
    std::atomic<int> handled = 0;
    Site site([&](const Request&) -> Answer { return ++handled, text(""); });
    auto half = site.connect();
    half.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345");
    EXPECT_TRUE(site.answers_a_newcomer());
    EXPECT_EQ(handled, 1);
    half.send("67890");
    half.recv_response();
    EXPECT_EQ(handled, 2);
}

// What a response becomes

TEST(Server, SendsOurHeadersInOrderAndItsLength) {
    Site site([](const Request&) -> Answer {
        Response response{201, {}, "hi"};
        response.headers.add("X-Second", "2");
        response.headers.add("A-First", "1");
        response.headers.add("x-second", "3");
        return response;
    });
    EXPECT_EQ(site.ask(get("/")),
              "HTTP/1.1 201 Created\r\nX-Second: 2\r\nA-First: 1\r\nx-second: 3\r\nContent-Length: "
              "2\r\n\r\nhi");
}

TEST(Server, AddsNothingToAnEmptyAnswerButItsLength) {
    Site site([](const Request&) -> Answer { return Response{}; });
    EXPECT_EQ(site.ask(get("/")), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(Server, SendsNoBodyWhereThereMustBeNone) {
    Site site([](const Request& request) -> Answer {
        return Response{request.path == "/304"   ? 304
                        : request.path == "/204" ? 204
                                                 : 200,
                        {},
                        "body"};
    });
    auto client = site.connect();
    client.send("HEAD / HTTP/1.1\r\n\r\n" + get("/204") + get("/304") + get("/"));
    EXPECT_EQ(client.recv_until("\r\n\r\n"), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    EXPECT_EQ(client.recv_until("\r\n\r\n"), "HTTP/1.1 204 No Content\r\n\r\n");
    EXPECT_EQ(client.recv_until("\r\n\r\n"), "HTTP/1.1 304 Not Modified\r\n\r\n");
    EXPECT_EQ(client.recv_response(), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
}

TEST(Server, NeitherCutsNorCompressesBodies) {
    const std::string body(5000, 'a');
    Site site([&](const Request&) -> Answer { return text(body); });
    const auto answer =
        site.ask("GET / HTTP/1.1\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip, br\r\n\r\n");
    EXPECT_EQ(answer,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n\r\n" + body);
}

TEST(Server, KeepsTheFramingToItself) {
    Site site([](const Request&) -> Answer {
        Response response{200, {}, "hi"};
        response.headers.add("content-length", "99");
        response.headers.add("Transfer-Encoding", "chunked");
        response.headers.add("Connection", "keep-alive");
        return response;
    });
    EXPECT_EQ(site.ask(get("/")), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
}

TEST(Server, SaysThatItKeepsTheConnectionWhereTheAnswerNamesKeepAlive) {
    Site site([](const Request& request) -> Answer {
        Response response{request.path == "/none" ? 204 : 200, {}, "hi"};
        response.headers.add("A", "1");
        response.headers.add("Keep-Alive", "timeout=8");
        response.headers.add("B", "2");
        response.headers.add("Keep-Alive", "timeout=9");
        return response;
    });
    const std::string kept = "Connection: keep-alive\r\nKeep-Alive: timeout=8\r\nB: 2\r\n\r\n";
    const std::string head = "HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 2\r\n";
    EXPECT_EQ(site.ask(get("/")), head + kept + "hi");
    EXPECT_EQ(site.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), head + kept + "hi");
    EXPECT_EQ(
        site.last_words("GET /none HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\nConnection: "
                        "close\r\n\r\n"),
        "HTTP/1.1 204 No Content\r\nA: 1\r\n" + kept + head + "Connection: close\r\nB: 2\r\n\r\n");
}

TEST(Server, DoesNotLetAHeaderSplitTheResponse) {
    Site site([](const Request& request) -> Answer {
        Response response{200, {}, "secret"};
        response.headers.add("X", percent_decode(request.query));
        return response;
    });
    for (const std::string value : {"a%0d%0ab:c", "a%0ab", "a%00b"})
        EXPECT_EQ(site.ask(get("/?" + value)),
                  "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
}

TEST(Server, AnswersFiveHundredWithoutTheExceptionsText) {
    Site site([](const Request& request) -> Answer {
        if (request.path == "/int") throw 1;
        throw std::runtime_error("the password is 1234");
    });
    auto client = site.connect();
    for (const auto* path : {"/", "/int"}) {
        client.send(get(path));
        EXPECT_EQ(client.recv_response(),
                  "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    }
}

// Connections

TEST(Server, AnswersPipelinedRequestsInOrder) {
    Site site([](const Request& request) -> Answer { return text(request.path + request.body); });
    auto client = site.connect();
    std::string requests;
    for (int i = 0; i < 10; ++i)
        requests += "POST " + std::to_string(i) + " HTTP/1.1\r\nContent-Length: 1\r\n\r\n!";
    // The last one's last byte comes later.
    client.send(std::string_view(requests).substr(0, requests.size() - 1));
    for (int i = 0; i < 9; ++i) EXPECT_EQ(body_of(client.recv_response()), std::to_string(i) + "!");
    client.send("!");
    EXPECT_EQ(body_of(client.recv_response()), "9!");
}

TEST(Server, ClosesWhenThePeerOrTheHandlerWantsIt) {
    Site site([](const Request& request) -> Answer {
        auto response = text("");
        if (request.path == "/close") response.headers.add("Connection", "close");
        return response;
    });
    EXPECT_EQ(site.last_words("GET / HTTP/1.1\r\nConnection: foo, Close\r\n\r\n" + get("/")),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: "
              "0\r\n\r\n");
    EXPECT_EQ(site.last_words(get("/close")),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: "
              "0\r\n\r\n");
}

TEST(Server, SpeaksToHttp10ClientsAsTheyExpect) {
    Site site([](const Request&) -> Answer { return Response{}; });
    EXPECT_EQ(site.last_words("GET / HTTP/1.0\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    auto client = site.connect();
    for (int i = 0; i < 2; ++i) {
        client.send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
        EXPECT_EQ(client.recv_response(),
                  "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n");
    }
}

TEST(Server, AnswersAPeerThatHalfClosesAfterItsRequest) {
    Site site(describe);
    auto client = site.connect();
    client.send(post("body"));
    client.finish();
    EXPECT_EQ(body_of(client.recv_all()), "POST /p ?\nHost=x\nContent-Length=4\n\nbody");
}

TEST(Server, TellsThePeerToGoOnWithItsBody) {
    Site site([](const Request& request) -> Answer { return text(request.body); });
    auto client = site.connect();
    client.send("POST / HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.recv_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("bo");
    client.send("dy");
    EXPECT_EQ(body_of(client.recv_response()), "body");
}

TEST(Server, DoesNotTellThePeerToGoOnWithABodyOverTheLimit) {
    Site site(describe);
    const auto answer = site.last_words(
        "POST / HTTP/1.1\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n")) << answer;
}

TEST(Server, RefusesInTheWordsOfItsOwner) {
    auto options = with_workers(1);
    options.refuse = [](int status, std::string_view detail,
                        const std::string& target) -> std::optional<Response> {
        if (!target.starts_with("/own")) return std::nullopt;
        Response refusal{status, {}, target + ": " + std::string(detail)};
        refusal.headers.add("Content-Type", "text/x-own");
        return refusal;
    };
    Site site(describe, options);
    const auto own = site.last_words("POST /own?x=1 HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n");
    EXPECT_TRUE(own.starts_with("HTTP/1.1 413 Payload Too Large\r\n")) << own;
    EXPECT_NE(own.find("Content-Type: text/x-own\r\n"), std::string::npos) << own;
    EXPECT_NE(own.find("\r\n\r\n/own?x=1: "), std::string::npos) << own;
    for (const char* const other :
         {"POST /other HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", "hello\r\n\r\n"})
        EXPECT_NE(site.last_words(other).find("text/plain"), std::string::npos) << other;
}

TEST(Server, RefusesInItsOwnWordsWhenItsOwnersFail) {
    auto options = with_workers(1);
    options.refuse = [](int, std::string_view, const std::string&) -> std::optional<Response> {
        throw std::runtime_error("no words");
    };
    Site site(describe, options);
    const auto refusal = site.last_words("hello\r\n\r\n");
    EXPECT_TRUE(refusal.starts_with("HTTP/1.1 400 Bad Request\r\n")) << refusal;
    EXPECT_EQ(refusal.find("no words"), std::string::npos) << refusal;
    EXPECT_TRUE(site.answers_a_newcomer());
}

TEST(Server, ServesManyBusyConnectionsAtOnce) {
    allow_open_files(4096);
    Site site([](const Request& request) -> Answer { return text(request.path); }, with_workers(2));
    std::vector<RawSocket> clients;
    for (int i = 0; i < 512; ++i) clients.push_back(site.connect());
    for (int round = 0; round < 3; ++round) {
        const std::string path(static_cast<std::size_t>(round) + 1, '/');
        for (auto& client : clients) client.send(get(path));
        for (auto& client : clients) EXPECT_EQ(body_of(client.recv_response()), path);
    }
}

TEST(Server, AnswersANewcomerBesideTwoThousandIdleConnections) {
    allow_open_files(8192);
    Site site(describe, with_workers(2));
    std::vector<RawSocket> idle;
    for (int i = 0; i < 2000; ++i) idle.push_back(site.connect());
    EXPECT_TRUE(site.answers_a_newcomer());
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 2000; }));
}

TEST(Server, AnswersANewcomerBesideAThousandHalfRequests) {
    allow_open_files(4096);
    Site site(describe, with_workers(2));
    std::vector<RawSocket> slow;
    for (int i = 0; i < 1000; ++i) slow.push_back(site.connect());
    for (const char c : std::string_view("POST / H"))
        for (auto& client : slow) client.send({&c, 1});
    EXPECT_TRUE(site.answers_a_newcomer());
    for (auto& client : slow) client.send("TTP/1.1\r\n\r\n");
    for (auto& client : slow)
        EXPECT_TRUE(client.recv_response().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(Server, ClosesConnectionsOverTheirLimitAtOnce) {
    Server::Options options;
    options.connections_max = 2;
    Site site(describe, options);
    auto first = site.connect();
    auto second = site.connect();
    ASSERT_TRUE(eventually([&] { return site.server.connections() == 2; }));
    EXPECT_EQ(site.connect().recv_all(), "");
    second.close();
    ASSERT_TRUE(eventually([&] { return site.server.connections() == 1; }));
    EXPECT_TRUE(site.answers_a_newcomer());
}

// Hostile input

TEST(Server, RefusesWhatIsNotHttp) {
    using namespace std::string_literals;
    Site site(describe);
    const std::vector<std::pair<int, std::string>> cases{
        {400, "hello\r\n\r\n"},
        {400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"s},  // a TLS hello
        {400, "GET / HTTP/1.1\nHost: x\n\n"},
        {400, "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n"s},
        {400, "GET /\0 HTTP/1.1\r\n\r\n"s},
        {400, "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nA : b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nnot a header\r\n\r\n"},
        {400, "GET  / HTTP/1.1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
        {505, "GET / HTTP/2.0\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {501, "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
        {413, "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"},
        {400, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"},
        {400, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"},
        {413, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"},
    };
    for (const auto& [status, request] : cases) {
        auto client = site.connect();
        client.send(request);
        client.finish();
        const auto answer = client.recv_all();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(status) + " "))
            << request << "\n"
            << answer;
    }
    EXPECT_TRUE(site.answers_a_newcomer());
}

TEST(Server, AnswersNothingAfterARefusal) {
    Site site(describe);
    auto client = site.connect();
    client.send(get("/") + "nonsense\r\n\r\n" + get("/smuggled"));
    client.finish();
    const auto answers = client.recv_all();
    EXPECT_TRUE(answers.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_NE(answers.find("HTTP/1.1 400 Bad Request\r\n"), std::string::npos);
    EXPECT_EQ(answers.find("smuggled"), std::string::npos);
}

TEST(Server, StopsAFloodOfHeaders) {
    Site site(describe);
    auto client = site.connect();
    client.send("GET / HTTP/1.1\r\n");
    std::string lines;
    for (int i = 0; i < 1000; ++i) lines += "X-" + std::to_string(i) + ": y\r\n";
    for (int i = 0; i < 10; ++i) client.send(lines);
    // The refusal is readable, though the client was still sending.
    EXPECT_TRUE(client.recv_until("\r\n\r\n").starts_with("HTTP/1.1 431 "));
    client.finish();
    client.recv_all();
    EXPECT_TRUE(site.answers_a_newcomer());
}

TEST(Server, StopsALineThatNeverEnds) {
    Site site(describe);
    auto client = site.connect();
    for (int i = 0; i < 100; ++i) client.send(std::string(1000, 'x'));
    EXPECT_TRUE(client.recv_until("\r\n\r\n").starts_with("HTTP/1.1 431 "));
}

TEST(Server, StopsABodyThatNeverEnds) {
    Site site(describe);
    auto client = site.connect();
    client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    const auto chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    for (int i = 0; i < 40; ++i) client.send(chunk);
    EXPECT_TRUE(client.recv_until("\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST(Server, StopsChunkExtensionsThatNeverEnd) {
    Site site(describe);
    auto client = site.connect();
    client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 1000; ++i) client.send("1;" + std::string(100, 'e') + "\r\nx\r\n");
    EXPECT_TRUE(client.recv_until("\r\n\r\n").starts_with("HTTP/1.1 431 "));
}

TEST(Server, SurvivesResetsInMidAnswer) {
    const std::string large(900'000, 'a');
    Site site(
        [&](const Request& request) -> Answer { return text(request.path == "/" ? "" : large); },
        with_workers(2));
    for (int i = 0; i < 50; ++i) {
        auto client = RawSocket(site.server.port(), "127.0.0.1", 4096);
        client.send(get("/large"));
        client.recv_until("\r\n");
        client.reset();
    }
    EXPECT_TRUE(site.answers_a_newcomer());
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 0; }));
}

TEST(Server, DoesNotSpendAWorkerOnASlowReader) {
    const std::string large(900'000, 'a');
    Site site(
        [&](const Request& request) -> Answer { return text(request.path == "/" ? "" : large); },
        with_workers(1));
    std::vector<RawSocket> slow;
    for (int i = 0; i < 20; ++i) {
        slow.emplace_back(site.server.port(), "127.0.0.1", 4096);
        slow.back().send(get("/large") + get("/large"));
    }
    for (auto& client : slow) client.recv_until("\r\n");
    EXPECT_TRUE(site.answers_a_newcomer());
    for (auto& client : slow) {
        EXPECT_TRUE(body_of(client.recv_response()) == large);
        EXPECT_TRUE(body_of(client.recv_response()) == large);
    }
}

TEST(Server, SendsAllOfAnAnswerThatTheKernelTakesInParts) {
    std::string large;
    while (large.size() < kMoreThanTheKernelTakes) large += std::to_string(large.size()) + ",";
    Site site(
        [&](const Request& request) -> Answer { return text(request.path == "/" ? "" : large); },
        with_workers(1));
    std::vector<RawSocket> slow;
    for (int i = 0; i < 2; ++i) {
        slow.emplace_back(site.server.port(), "127.0.0.1", 4096);
        slow.back().send(get("/large") + get("/"));
        slow.back().recv_until("HTTP/1.1 200 OK\r\n");
    }
    EXPECT_TRUE(site.answers_a_newcomer());
    for (auto& client : slow) {
        EXPECT_TRUE(body_of(client.recv_response()) == large);
        EXPECT_EQ(body_of(client.recv_response()), "");
    }
}

// Deadlines

TEST(Server, ClosesIdleConnectionsInSilence) {
    Site site(describe, with_workers(1));
    auto fresh = site.connect();
    auto kept = site.connect();
    kept.send(get("/"));
    kept.recv_response();
    site.let_it_catch_up();
    site.pass(std::chrono::seconds(74));
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 2; }));
    site.pass(std::chrono::seconds(1));
    EXPECT_EQ(fresh.recv_all(), "");
    EXPECT_EQ(kept.recv_all(), "");
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 0; }));
}

TEST(Server, TakesAnEmptyLineForNoRequest) {
    Site site(describe, with_workers(1));
    auto client = site.connect();
    client.send(get("/") + "\r\n");
    client.recv_response();
    client.send("\r");  // however it is cut
    site.let_it_catch_up();
    client.send("\n\r\n");
    site.let_it_catch_up();
    site.pass(std::chrono::seconds(74));
    client.send("\r\n" + get("/again"));
    EXPECT_TRUE(client.recv_response().starts_with("HTTP/1.1 200 OK\r\n"));
    site.let_it_catch_up();
    site.pass(std::chrono::seconds(75));
    EXPECT_EQ(client.recv_all(), "");
}

TEST(Server, GivesARequestOnlySoLongHoweverItTrickles) {
    Site site(describe, with_workers(1));
    auto client = site.connect();
    client.send(get("/"));  // the time does not count from the connection's beginning
    client.recv_response();
    site.let_it_catch_up();
    site.pass(std::chrono::seconds(60));
    const auto send_byte = [&](const char* byte) {
        client.send(byte);
        site.let_it_catch_up();
    };
    send_byte("G");
    site.pass(std::chrono::seconds(6));
    send_byte("E");
    site.pass(std::chrono::seconds(3));
    send_byte("T");
    site.pass(std::chrono::seconds(1));
    EXPECT_EQ(client.recv_all(),
              "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(Server, ClosesOnAPeerThatDoesNotReadItsAnswer) {
    const std::string large(kMoreThanTheKernelTakes, 'a');
    Site site([&](const Request&) -> Answer { return text(large); });
    RawSocket client(site.server.port(), "127.0.0.1", 4096);
    client.send(get("/"));
    client.recv_until("\r\n");
    // The deadline begins when the kernel takes no more.
    EXPECT_TRUE(eventually([&] {
        site.pass(std::chrono::seconds(10));
        return site.server.connections() == 0;
    }));
    EXPECT_LT(client.recv_all().size(), large.size());
}

TEST(Server, DoesNotCountTheHandlersTime) {
    std::promise<void> entered;
    std::promise<void> may_leave;
    Site site([&](const Request&) -> Answer {
        entered.set_value();
        may_leave.get_future().wait();
        return text("slow");
    });
    auto client = site.connect();
    client.send(get("/"));
    entered.get_future().wait();
    site.pass(std::chrono::hours(1));
    may_leave.set_value();
    EXPECT_EQ(body_of(client.recv_response()), "slow");
}

TEST(Server, ChecksDeadlinesByItself) {
    Site site(describe, with_workers(1));
    auto client = site.connect();
    site.let_it_catch_up();
    site.stopwatch.advance(std::chrono::hours(1));
    EXPECT_EQ(client.recv_all(), "");
}

// Answers that come later

TEST(Server, ParksAThousandRequestsWithoutHoldingAWorker) {
    allow_open_files(4096);
    Promises promises;
    Site site(promises.handler(), with_workers(2));
    std::vector<RawSocket> clients;
    for (int i = 0; i < 1000; ++i) {
        clients.push_back(site.connect());
        clients.back().send(get("/later"));
    }
    auto replies = promises.take(1000);
    EXPECT_TRUE(site.answers_a_newcomer());
    std::thread elsewhere([&] {
        for (auto& reply : replies) reply(text("at last"));
    });
    for (auto& client : clients) {
        EXPECT_EQ(body_of(client.recv_response()), "at last");
        client.send(get("/"));  // the connection goes on
        EXPECT_EQ(body_of(client.recv_response()), "now");
    }
    elsewhere.join();
}

TEST(Server, TakesAReplyAtOnce) {
    Site site(
        [](const Request&) -> Answer { return [](const Reply& reply) { reply(text("inline")); }; });
    auto client = site.connect();
    for (int i = 0; i < 100; ++i) {
        client.send(get("/") + get("/"));
        EXPECT_EQ(body_of(client.recv_response()), "inline");
        EXPECT_EQ(body_of(client.recv_response()), "inline");
    }
}

TEST(Server, TakesOnlyTheFirstReply) {
    Site site([](const Request&) -> Answer {
        return [](const Reply& reply) {
            reply(text("first"));
            reply(text("second"));
        };
    });
    EXPECT_EQ(body_of(site.ask(get("/"))), "first");
}

TEST(Server, AnswersFiveHundredWhenTheReplyIsForgotten) {
    Site site([](const Request& request) -> Answer {
        if (request.path == "/throws")
            return [](const Reply&) { throw std::runtime_error("secret"); };
        if (request.path == "/empty") return Later{};
        return [](const Reply&) {};
    });
    auto client = site.connect();
    for (const auto* path : {"/forgets", "/throws", "/empty"}) {
        client.send(get(path));
        EXPECT_EQ(client.recv_response(),
                  "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    }
}

TEST(Server, AnswersInOrderAroundALateAnswer) {
    Promises promises;
    Site site(promises.handler());
    auto client = site.connect();
    client.send(get("/") + get("/later") + get("/") + get("/later"));
    EXPECT_EQ(body_of(client.recv_response()), "now");
    promises.take(1)[0](text("later"));
    EXPECT_EQ(body_of(client.recv_response()), "later");
    EXPECT_EQ(body_of(client.recv_response()), "now");
    promises.take(1)[0](text("later still"));
    EXPECT_EQ(body_of(client.recv_response()), "later still");
}

TEST(Server, NoticesAPeerThatResetsWhileItWaits) {
    Promises promises;
    Site site(promises.handler());
    auto client = site.connect();
    client.send(get("/later"));
    const auto replies = promises.take(1);
    client.reset();
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 0; }));
    replies[0](text("too late"));
    EXPECT_TRUE(site.answers_a_newcomer());
}

TEST(Server, WaitsOnlySoLongForAPeerThatFinishedWhileItWaits) {
    Promises promises;
    Site site(promises.handler());
    auto client = site.connect();
    client.send(get("/later"));
    const auto replies = promises.take(1);
    client.close();
    EXPECT_TRUE(eventually([&] {
        site.pass(std::chrono::seconds(10));
        return site.server.connections() == 0;
    }));
    replies[0](text("too late"));
    EXPECT_TRUE(site.answers_a_newcomer());
}

TEST(Server, AnswersLateAPeerThatHalfClosed) {
    Promises promises;
    Site site(promises.handler());
    auto client = site.connect();
    client.send(get("/later"));
    client.finish();
    promises.take(1)[0](text("late"));
    EXPECT_EQ(body_of(client.recv_all()), "late");
}

TEST(Server, SurvivesRepliesThatRaceWithLeavingPeers) {
    Promises promises;
    Site site(promises.handler(), with_workers(4));
    for (int round = 0; round < 20; ++round) {
        std::vector<RawSocket> clients;
        for (int i = 0; i < 20; ++i) {
            clients.push_back(site.connect());
            clients.back().send(get("/later"));
        }
        std::vector<Reply> replies;
        while (replies.size() < 20)
            for (auto& reply : promises.take(1)) replies.push_back(std::move(reply));
        std::thread elsewhere([&] {
            for (auto& reply : replies) reply(text("late"));
        });
        for (auto& client : clients) client.reset();
        elsewhere.join();
    }
    EXPECT_TRUE(site.answers_a_newcomer());
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 0; }));
}

TEST(Server, IsNotMissedByALateReply) {
    Promises promises;
    std::vector<Reply> replies;
    {
        Site site(promises.handler());
        auto client = site.connect();
        client.send(get("/later"));
        replies = promises.take(1);
    }
    replies[0](text("too late"));
}

// Starting and stopping

TEST(Server, StopsWithIdleParkedAndHalfRequestsOpen) {
    Promises promises;
    Site site(promises.handler());
    auto idle = site.connect();
    auto half = site.connect();
    half.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345");
    auto parked = site.connect();
    parked.send(get("/later"));
    const auto replies = promises.take(1);
    ASSERT_TRUE(eventually([&] { return site.server.connections() == 3; }));
    site.server.stop();
    EXPECT_EQ(site.server.connections(), 0U);
    EXPECT_EQ(idle.recv_all(), "");
    EXPECT_EQ(half.recv_all(), "");
    EXPECT_EQ(parked.recv_all(), "");
    EXPECT_THROW(site.connect(), std::runtime_error);
    replies[0](text("too late"));
}

TEST(Server, LetsARunningHandlersAnswerLeaveWhenItStops) {
    const std::string large(kMoreThanTheKernelTakes, 'a');
    std::promise<void> entered;
    std::promise<void> may_leave;
    Site site([&](const Request&) -> Answer {
        entered.set_value();
        may_leave.get_future().wait();
        return text(large);
    });
    auto client = site.connect();
    client.send(get("/"));
    entered.get_future().wait();
    std::thread stopper([&] { site.server.stop(); });
    // The listening socket goes first.
    ASSERT_TRUE(eventually([&] {
        try {
            site.connect();
            return false;
        } catch (const std::runtime_error&) {
            return true;
        }
    }));
    may_leave.set_value();
    EXPECT_EQ(body_of(client.recv_all()).size(), large.size());
    stopper.join();
}

TEST(Server, StopsTwiceAndWithoutHavingStarted) {
    Server never(Server::Options{}, describe);
    never.stop();
    never.stop();
    Site site(describe);
    site.server.stop();
    site.server.stop();
}

TEST(Server, SaysThatItsPortIsInUse) {
    Site site(describe);
    Server::Options options;
    options.port = site.server.port();
    Server second(options, describe);
    const auto started = second.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::unreachable);
    EXPECT_EQ(started.error().detail, "127.0.0.1:" + std::to_string(options.port) + " is in use");
    second.stop();
    EXPECT_TRUE(site.answers_a_newcomer());
}

TEST(Server, SaysWhyItCannotListen) {
    const auto failure = [](std::string host, int port) {
        Server::Options options;
        options.host = std::move(host);
        options.port = port;
        return Server(options, describe).start().error().detail;
    };
    EXPECT_EQ(failure("192.0.2.1", 0), "192.0.2.1:0 is not an address of this machine");
    EXPECT_EQ(failure("127.0.0.1", 65536), "65536 is not a port");
    EXPECT_EQ(failure("256.256.256.256", 0), "unknown host 256.256.256.256");
}

TEST(Server, ListensOnNamesAndIpv6) {
    Server::Options options;
    options.host = "localhost";
    Site by_name([](const Request& request) -> Answer { return text(request.remote_address); },
                 options);
    EXPECT_EQ(body_of(by_name.ask(get("/"))), "127.0.0.1");

    options.host = "::1";
    Server by_v6(options,
                 [](const Request& request) -> Answer { return text(request.remote_address); });
    if (!by_v6.start()) return;  // a machine without IPv6 has nothing to show
    RawSocket client(by_v6.port(), "::1");
    client.send(get("/"));
    EXPECT_EQ(body_of(client.recv_response()), "::1");
}

}  // namespace
}  // namespace wxpay::http
