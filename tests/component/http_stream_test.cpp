// Answers that go on: what is written to a stream reaches its peer, and no peer holds up anybody.
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/http/follow.hpp"
#include "core/http/server.hpp"
#include "core/http/stream.hpp"

#include "sandbox/certificates/issue.hpp"
#include "tests/support/app_harness.hpp"
#include "tests/support/raw_socket.hpp"
#include "tests/support/tls_client.hpp"

namespace wxpay::http {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::RawSocket;

constexpr std::size_t kWaitingBytes = 64 * 1024;
const std::string kListen = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(Stream, GivesWhatWasWrittenOnceAndInOrder) {
    Stream stream(kWaitingBytes);
    EXPECT_TRUE(stream.write("one "));
    EXPECT_TRUE(stream.write("two"));
    EXPECT_EQ(stream.take().bytes, "one two");
    EXPECT_EQ(stream.take().bytes, "");
    stream.end();
    EXPECT_FALSE(stream.write("three"));
    EXPECT_TRUE(stream.take().last);
}

TEST(Stream, EndsBehindTheLastWriteThatFits) {
    Stream stream(8);
    EXPECT_TRUE(stream.write("12345678"));
    EXPECT_FALSE(stream.write("9"));
    EXPECT_FALSE(stream.is_open());
    const auto piece = stream.take();
    EXPECT_EQ(piece.bytes, "12345678");
    EXPECT_TRUE(piece.last);
}

TEST(Stream, WakesOnceForWhateverComesFirst) {
    Stream stream(kWaitingBytes);
    int woken = 0;
    const auto count = [&woken] { ++woken; };
    stream.when_ready(count);
    EXPECT_EQ(woken, 0);
    stream.write("a");
    stream.write("b");
    EXPECT_EQ(woken, 1);
    stream.when_ready(count);
    EXPECT_EQ(woken, 2) << "b is there already";
    stream.take();
    stream.when_ready(count);
    stream.end();
    EXPECT_EQ(woken, 3);
    Stream left(kWaitingBytes);
    left.when_ready(count);
    left.close();
    EXPECT_FALSE(left.write("c"));
    EXPECT_EQ(woken, 3);
}

/// A server whose every answer but that of "/" goes on, and whose time stands still.
struct Site {
    explicit Site(Server::Options options = {}) : server(with(std::move(options)), handler()) {
        const auto started = server.start();
        if (!started) throw std::runtime_error(started.error().detail);
    }
    Server::Options with(Server::Options options) const {
        options.stopwatch = &stopwatch;
        options.workers = 1;
        return options;
    }
    Handler handler() {
        return [this](const Request& request) -> Answer {
            if (request.path == "/") return Response{200, {}, "now"};
            Streaming answer;
            answer.head.headers.add("Content-Type", "text/event-stream");
            answer.body = std::make_shared<Stream>(kWaitingBytes);
            const std::lock_guard lock(mutex_);
            streams_.push_back(answer.body);
            return answer;
        };
    }
    std::vector<std::shared_ptr<Stream>> streams() const {
        const std::lock_guard lock(mutex_);
        return streams_;
    }
    bool answers_a_newcomer() const {
        RawSocket client(server.port());
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        return client.recv_response().ends_with("now");
    }
    void pass(Millis time) {
        stopwatch.advance(time);
        server.check_deadlines();
    }

    test::ManualStopwatch stopwatch;

  private:
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<Stream>> streams_;

  public:
    Server server;
};

/// A client that has read the head of its answer.
RawSocket listen_to(const Site& site, int receive_buffer = 0) {
    RawSocket client(site.server.port(), "127.0.0.1", receive_buffer);
    client.send(kListen);
    client.recv_until("\r\n\r\n");
    return client;
}

TEST(StreamingServer, SendsTheHeadAtOnceAndThenWhatIsWritten) {
    const Site site;
    RawSocket client(site.server.port());
    client.send(kListen);
    EXPECT_EQ(client.recv_until("\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    const auto stream = site.streams().at(0);
    EXPECT_TRUE(stream->write("first\n"));
    EXPECT_EQ(client.recv_until("\n"), "first\n");
    EXPECT_TRUE(stream->write("second\n"));
    EXPECT_EQ(client.recv_until("\n"), "second\n");
    stream->write("last\n");
    stream->end();
    EXPECT_EQ(client.recv_all(), "last\n");
}

TEST(StreamingServer, SendsWhatTheHandlerHasWrittenBehindTheHead) {
    Server server({}, [](const Request&) -> Answer {
        Streaming answer;
        answer.body = std::make_shared<Stream>(kWaitingBytes);
        answer.body->write("hello");
        answer.body->end();
        return answer;
    });
    ASSERT_TRUE(server.start());
    RawSocket client(server.port());
    client.send(kListen);
    EXPECT_TRUE(client.recv_all().ends_with("\r\n\r\nhello"));
}

TEST(StreamingServer, SendsOnlyTheHeadToAHeadRequest) {
    const Site site;
    RawSocket client(site.server.port());
    client.send("HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(client.recv_all().ends_with("\r\n\r\n"));
    EXPECT_FALSE(site.streams().at(0)->is_open());
}

TEST(StreamingServer, HoldsNoWorkerForAStream) {
    const Site site;
    std::vector<RawSocket> clients;
    for (int i = 0; i < 100; ++i) clients.push_back(listen_to(site));
    EXPECT_TRUE(site.answers_a_newcomer());
    for (const auto& stream : site.streams()) stream->write("all\n");
    for (auto& client : clients) EXPECT_EQ(client.recv_until("\n"), "all\n");
    EXPECT_TRUE(site.answers_a_newcomer());
}

TEST(StreamingServer, LetsASilentStreamStandAsLongAsItLikes) {
    Site site;
    auto client = listen_to(site);
    ASSERT_TRUE(site.answers_a_newcomer());
    site.pass(24h);
    ASSERT_TRUE(site.answers_a_newcomer());
    EXPECT_TRUE(site.streams().at(0)->write("still here\n"));
    EXPECT_EQ(client.recv_until("\n"), "still here\n");
}

TEST(StreamingServer, NoticesThatAListenerHasGone) {
    const Site site;
    auto closed = listen_to(site);
    auto reset = listen_to(site);
    closed.close();
    reset.reset();
    for (const auto& stream : site.streams())
        EXPECT_TRUE(eventually([&] { return !stream->is_open(); }));
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 0; }));
}

TEST(StreamingServer, KeepsNoMoreForASlowReaderThanTheLimitAndThenCutsItOff) {
    Site site;
    auto slow = listen_to(site, 4096);
    auto quick = listen_to(site);
    const auto streams = site.streams();
    const std::string event(16 * 1024, 'x');
    // The kernel takes some megabytes, and then nothing more.
    while (streams[0]->write(event)) ASSERT_TRUE(site.answers_a_newcomer());
    EXPECT_LE(streams[0]->waiting_bytes(), kWaitingBytes);
    EXPECT_TRUE(streams[1]->write("to the others\n"));
    EXPECT_EQ(quick.recv_until("\n"), "to the others\n");
    // Again and again: even now its kernel may take another bit, which gives it more time.
    EXPECT_TRUE(eventually([&] {
        site.pass(Server::Options{}.send_timeout);
        return site.server.connections() == 1;
    }));
    EXPECT_TRUE(site.answers_a_newcomer());
}

TEST(StreamingServer, SendsAllToAReaderThatTakesItInParts) {
    const Site site;
    auto client = listen_to(site, 4096);
    const auto stream = site.streams().at(0);
    const std::string event(kWaitingBytes, 'x');
    constexpr std::size_t kEvents = 40;
    std::thread writer([&] {
        for (std::size_t sent = 0; sent < kEvents;) {
            if (!stream->write(event)) return;
            ++sent;
            // What was written has left for the connection: the next one fits.
            if (!eventually([&] { return stream->waiting_bytes() == 0; })) return;
        }
        stream->end();
    });
    EXPECT_EQ(client.recv_all().size(), kEvents * kWaitingBytes);
    writer.join();
}

TEST(StreamingServer, SendsWhatWasWrittenWhenItStops) {
    Site site;
    auto client = listen_to(site);
    ASSERT_TRUE(site.answers_a_newcomer());
    const auto stream = site.streams().at(0);
    stream->write("goodbye\n");
    site.server.stop();
    EXPECT_EQ(client.recv_all(), "goodbye\n");
    EXPECT_FALSE(stream->write("too late"));
}

TEST(StreamingServer, SurvivesWritersThatRaceWithLeavingPeers) {
    Site site;
    for (int round = 0; round < 50; ++round) {
        auto client = listen_to(site);
        const auto stream = site.streams().back();
        std::vector<std::thread> writers;
        for (int i = 0; i < 3; ++i) {
            writers.emplace_back([&stream] {
                for (int n = 0; n < 20; ++n) stream->write("event\n");
            });
        }
        client.recv_until("\n");
        client.reset();
        for (auto& writer : writers) writer.join();
    }
    EXPECT_TRUE(eventually([&] { return site.server.connections() == 0; }));
}

TEST(StreamingServer, SpeaksOverTlsToo) {
    const Instant now = SystemClock().now();
    const sandbox::Validity today{now - 24h, now + 24h};
    SecureRandom random;
    const auto authority = sandbox::make_authority("CA", {}, today, random);
    const auto shown =
        sandbox::issue(authority, "server", {{"localhost"}, {"127.0.0.1"}}, today, random);
    Server::Options options;
    options.tls = TlsOptions{shown.certificate, shown.key, {}};
    const Site site(options);
    test::TlsClient client(site.server.port(), {.authority = authority.certificate});
    client.send(kListen);
    ASSERT_TRUE(eventually([&] { return site.streams().size() == 1; }));
    const auto stream = site.streams().at(0);
    const std::string event(kWaitingBytes, 'x');
    stream->write(event);
    ASSERT_TRUE(eventually([&] { return stream->waiting_bytes() == 0; }));
    stream->write("and goodbye");
    stream->end();
    EXPECT_TRUE(client.recv_all().ends_with(event + "and goodbye"));
}

TEST(Follow, AsksForThePathAsItStandsOnARequestLine) {
    std::string asked;
    Server server({}, [&](const Request& request) -> Answer {
        asked = request.target;
        return Response{200, {}, "ok"};
    });
    ASSERT_TRUE(server.start());
    Request request;
    request.path = "/a b";
    request.query = "c=%20d";
    std::string body;
    const auto answer = follow(
        "http://127.0.0.1:" + std::to_string(server.port()) + "/prefix", request, [] {},
        [&](std::string_view bytes) { return body += bytes, true; });
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(asked, "/prefix/a%20b?c=%20d");
    EXPECT_EQ(body, "ok");
}

TEST(Follow, KeepsOnlySoMuchOfARefusal) {
    Server server({}, [](const Request&) -> Answer {
        return Response{404, {}, std::string(100'000, 'x')};
    });
    ASSERT_TRUE(server.start());
    const auto answer = follow(
        "http://127.0.0.1:" + std::to_string(server.port()), Request{}, [] {},
        [](std::string_view) { return true; });
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->status, 404);
    EXPECT_EQ(answer->body.size(), 65'536U);
}

}  // namespace
}  // namespace wxpay::http
