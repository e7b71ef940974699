#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/http/dispatcher.hpp"

#include "tests/support/dispatching.hpp"
#include "tests/support/scripted_server.hpp"

namespace wxpay::http {
namespace {

using namespace std::chrono_literals;
using namespace wxpay::test;
using Kind = Outcome::Kind;

/// A gate that opens once, for threads that must wait for the test.
class Gate {
  public:
    void open() { promise_.set_value(); }
    void wait() const { opened_.wait(); }

  private:
    std::promise<void> promise_;
    std::shared_future<void> opened_ = promise_.get_future().share();
};

TEST(Dispatcher, SendsTheRequestInOneWriteAndNothingThatWasNotAsked) {
    std::promise<std::string> seen;
    ScriptedServer server([&](Peer& peer, int) {
        seen.set_value(peer.receive());
        peer.send(kOk);
    });
    Dispatcher dispatcher({});
    Request request = post("<xml>1</xml>");
    request.headers.add("User-Agent", "Mozilla/4.0");
    request.path = "/ignored";
    EXPECT_EQ(send_and_wait(dispatcher, server.url(), 30s, request).kind, Kind::answered);
    EXPECT_EQ(seen.get_future().get(),
              "POST /notify?a=1 HTTP/1.1\r\nHost: " + server.name() +
                  "\r\nContent-Type: text/xml\r\nUser-Agent: Mozilla/4.0\r\n"
                  "Content-Length: 12\r\n\r\n<xml>1</xml>");
}

TEST(Dispatcher, GivesTheAnswer) {
    ScriptedServer server([](Peer& peer, int) {
        peer.request();
        peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nX-A: b\r\n\r\ngone");
    });
    Dispatcher dispatcher({});
    const Outcome outcome = send_and_wait(dispatcher, server.url());
    ASSERT_EQ(outcome.kind, Kind::answered) << outcome.reason;
    EXPECT_EQ(outcome.response.status, 404);
    EXPECT_EQ(outcome.response.headers.get("x-a"), "b");
    EXPECT_EQ(outcome.response.body, "gone");
    EXPECT_EQ(outcome.reason, "");
    EXPECT_EQ(dispatcher.pending(), 0U);
}

TEST(Dispatcher, TakesABodyOfAMegabyteToTheOtherSide) {
    std::promise<std::size_t> seen;
    ScriptedServer server([&](Peer& peer, int) {
        seen.set_value(peer.request().size());
        peer.send(kOk);
    });
    Dispatcher dispatcher({});
    EXPECT_EQ(send_and_wait(dispatcher, server.url(), 30s, post(std::string(1'000'000, 'x'))).kind,
              Kind::answered);
    EXPECT_GT(seen.get_future().get(), 1'000'000U);
}

TEST(Dispatcher, JoinsAChunkedAnswerThatTricklesIn) {
    ScriptedServer server([](Peer& peer, int) {
        peer.request();
        for (const char c : std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                        "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"))
            peer.send(std::string(1, c));
    });
    Dispatcher dispatcher({});
    const Outcome outcome = send_and_wait(dispatcher, server.url());
    ASSERT_EQ(outcome.kind, Kind::answered) << outcome.reason;
    EXPECT_EQ(outcome.response.body, "hello world");
}

TEST(Dispatcher, ReadsAnAnswerThatEndsWithItsConnection) {
    ScriptedServer server([](Peer& peer, int) {
        peer.request();
        peer.send("HTTP/1.0 200 OK\r\n\r\nall of it");
    });
    Dispatcher dispatcher({});
    const Outcome outcome = send_and_wait(dispatcher, server.url());
    ASSERT_EQ(outcome.kind, Kind::answered) << outcome.reason;
    EXPECT_EQ(outcome.response.body, "all of it");
}

TEST(Dispatcher, DoesNotFollowRedirects) {
    ScriptedServer elsewhere(answer_all);
    ScriptedServer server([&](Peer& peer, int) {
        peer.request();
        peer.send("HTTP/1.1 302 Found\r\nLocation: http://" + elsewhere.name() +
                  "/\r\nContent-Length: 0\r\n\r\n");
    });
    Dispatcher dispatcher({});
    const Outcome outcome = send_and_wait(dispatcher, server.url());
    ASSERT_EQ(outcome.kind, Kind::answered) << outcome.reason;
    EXPECT_EQ(outcome.response.status, 302);
    EXPECT_EQ(elsewhere.accepts(), 0);
}

TEST(Dispatcher, SkipsInterimAnswers) {
    ScriptedServer server([](Peer& peer, int) {
        while (!peer.request().empty())
            peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                      kOk);
    });
    Dispatcher dispatcher({});
    for (int i = 0; i < 2; ++i) {
        const Outcome outcome = send_and_wait(dispatcher, server.url());
        ASSERT_EQ(outcome.kind, Kind::answered) << outcome.reason;
        EXPECT_EQ(outcome.response.body, "ok");
    }
    EXPECT_EQ(server.accepts(), 1);
}

TEST(Dispatcher, TakesOnlySoManyInterimAnswers) {
    ScriptedServer server([](Peer& peer, int) {
        peer.request();
        std::string many;
        for (int i = 0; i < 17; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
        peer.send(many + kOk);
    });
    Dispatcher dispatcher({});
    EXPECT_EQ(send_and_wait(dispatcher, server.url()).kind, Kind::malformed);
}

TEST(Dispatcher, EndsARequestThatCannotBeSent) {
    ScriptedServer server(answer_all);
    Dispatcher dispatcher({});
    Request split = post();
    split.headers.add("A", "b\r\nC: d");
    Request smuggling = post();
    smuggling.method = "POST /x HTTP/1.1\r\nA:";
    for (const Request& request : {split, smuggling}) {
        const Outcome outcome = send_and_wait(dispatcher, server.url(), 30s, request);
        EXPECT_EQ(outcome.kind, Kind::unreachable);
        EXPECT_NE(outcome.reason.find("cannot be sent"), std::string::npos) << outcome.reason;
        Outcomes outcomes;
        dispatcher.send_and_cut(server.url(), request, 0, 30s, outcomes.collect());
        EXPECT_EQ(outcomes.wait_for(1).at(0).reason, outcome.reason);
    }
    EXPECT_EQ(server.accepts(), 0);
    EXPECT_EQ(dispatcher.pending(), 0U);
}

TEST(Dispatcher, OutlivesWhatItsOwnerThrows) {
    ScriptedServer server(answer_all);
    Dispatcher::Options options = resolving_to({"127.0.0.1"});
    options.in_flight_per_host_max = 1;
    options.allow = [](const std::string& host, const std::string&) {
        if (host == "broken.test") throw std::runtime_error("no rule for it");
        return true;
    };
    Dispatcher dispatcher(options);
    dispatcher.send(server.url("a.test"), post(), 30s,
                    [](const Outcome&) { throw std::runtime_error("no place for it"); });
    EXPECT_EQ(send_and_wait(dispatcher, server.url("a.test")).kind, Kind::answered);
    EXPECT_EQ(send_and_wait(dispatcher, server.url("broken.test"), 50ms).kind, Kind::unreachable);
    EXPECT_EQ(send_and_wait(dispatcher, server.url("b.test")).kind, Kind::answered);
}

TEST(Dispatcher, KnowsThatTheAnswerToHeadHasNoBody) {
    ScriptedServer server([](Peer& peer, int) {
        while (!peer.request().empty())
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    });
    Dispatcher dispatcher({});
    Request request;
    request.method = "HEAD";
    EXPECT_EQ(send_and_wait(dispatcher, server.url(), 30s, request).kind, Kind::answered);
    EXPECT_EQ(send_and_wait(dispatcher, server.url(), 30s, request).kind, Kind::answered);
    EXPECT_EQ(server.accepts(), 1);
}

TEST(Dispatcher, ReadsARefusalThatComesBeforeTheWholeRequestIsSent) {
    ScriptedServer server([](Peer& peer, int) {
        peer.receive();
        peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
        while (!peer.receive().empty()) {
        }
    });
    Dispatcher dispatcher({});
    const Outcome outcome =
        send_and_wait(dispatcher, server.url(), 30s, post(std::string(8'000'000, 'x')));
    ASSERT_EQ(outcome.kind, Kind::answered) << outcome.reason;
    EXPECT_EQ(outcome.response.status, 413);
}

class FixedStopwatch final : public Stopwatch {
  public:
    Millis elapsed() const override { return Millis(1000 * ++calls_); }

  private:
    mutable std::atomic<int> calls_ = 0;
};

TEST(Dispatcher, CutsTheConnectionWhereItIsTold) {
    Outcomes outcomes;
    std::vector<std::string> received(3);
    std::atomic<int> ended = 0;
    std::promise<void> all;
    {
        ScriptedServer server([&](Peer& peer, int n) {
            std::string bytes;
            for (std::string piece = peer.receive(); !piece.empty(); piece = peer.receive())
                bytes += piece;
            received.at(static_cast<std::size_t>(n - 1)) =
                bytes.substr(std::min(bytes.find("\r\n\r\n"), bytes.size()));
            if (++ended == 3) all.set_value();
        });
        Dispatcher dispatcher({});
        const auto cut_at = [&](std::optional<std::size_t> body_bytes) {
            const std::size_t before = outcomes.size();
            dispatcher.send_and_cut(server.url(), post("<xml>1</xml>"), body_bytes, 30s,
                                    outcomes.collect());
            outcomes.wait_for(before + 1);
        };
        cut_at(std::nullopt);
        cut_at(4);
        cut_at(100);
        all.get_future().wait();
    }
    EXPECT_EQ(received, (std::vector<std::string>{"", "\r\n\r\n<xml", "\r\n\r\n<xml>1</xml>"}));
    for (const Outcome& outcome : outcomes.wait_for(3)) {
        EXPECT_EQ(outcome.kind, Kind::unreachable);
        EXPECT_EQ(outcome.reason, "the connection was cut off on purpose");
    }
}

TEST(Dispatcher, TakesLatenciesFromTheStopwatch) {
    ScriptedServer server(answer_all);
    const FixedStopwatch stopwatch;
    Dispatcher::Options options;
    options.stopwatch = &stopwatch;
    Dispatcher dispatcher(options);
    EXPECT_EQ(send_and_wait(dispatcher, server.url()).latency, 1000ms);
}

TEST(Dispatcher, SaysThatAConnectionWasRefused) {
    const Port port;
    Dispatcher dispatcher({});
    const Outcome outcome = send_and_wait(dispatcher, port.url());
    EXPECT_EQ(outcome.kind, Kind::unreachable);
    EXPECT_EQ(outcome.reason, "connection refused");
}

TEST(Dispatcher, SaysThatThereIsNoConnectionInTime) {
    const Port port;
    port.listen(0);
    const Fd filler(
        ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));  // takes the only place in the backlog
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port.number()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(filler.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);

    Dispatcher dispatcher({});
    const Outcome outcome = send_and_wait(dispatcher, port.url(), 50ms);
    EXPECT_EQ(outcome.kind, Kind::unreachable);
    EXPECT_EQ(outcome.reason,
              "no connection to 127.0.0.1:" + std::to_string(port.number()) + " within 50 ms");
}

TEST(Dispatcher, SaysThatNoAnswerCameInTime) {
    const Port port;
    port.listen();
    Dispatcher dispatcher({});
    EXPECT_EQ(send_and_wait(dispatcher, port.url(), 250ms).reason, "no answer within 250 ms");
    const Outcome outcome = send_and_wait(dispatcher, port.url(), 1s);
    EXPECT_EQ(outcome.kind, Kind::timed_out);
    EXPECT_EQ(outcome.reason, "no answer within 1 s");
}

TEST(Dispatcher, SaysThatOnlyPartOfAnAnswerCameInTime) {
    ScriptedServer server([](Peer& peer, int) {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        peer.request();
    });
    Dispatcher dispatcher({});
    const Outcome outcome = send_and_wait(dispatcher, server.url(), 1s);
    EXPECT_EQ(outcome.kind, Kind::timed_out);
    EXPECT_EQ(outcome.reason, "no whole answer within 1 s");
}

TEST(Dispatcher, SaysThatThePeerClosedWithoutAnAnswer) {
    for (const bool reset : {false, true}) {
        ScriptedServer server([reset](Peer& peer, int) {
            peer.request();
            if (reset) peer.reset_on_close();
        });
        Dispatcher dispatcher({});
        const Outcome outcome = send_and_wait(dispatcher, server.url());
        EXPECT_EQ(outcome.kind, Kind::unreachable);
        EXPECT_EQ(outcome.reason, server.name() + " closed the connection before answering");
        EXPECT_EQ(server.accepts(), 1) << "a new connection is not tried twice";
    }
}

TEST(Dispatcher, CallsHalfAnAnswerMalformed) {
    for (const char* half :
         {"HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
        ScriptedServer server([half](Peer& peer, int) {
            peer.request();
            peer.send(half);
        });
        Dispatcher dispatcher({});
        const Outcome outcome = send_and_wait(dispatcher, server.url());
        EXPECT_EQ(outcome.kind, Kind::malformed);
        EXPECT_EQ(outcome.reason,
                  server.name() + " closed the connection in the middle of its answer");
    }
}

TEST(Dispatcher, CallsGarbageMalformed) {
    ScriptedServer server([](Peer& peer, int) {
        peer.request();
        peer.send("SSH-2.0-OpenSSH_9.2\r\n");
        peer.request();
    });
    Dispatcher dispatcher({});
    const Outcome outcome = send_and_wait(dispatcher, server.url());
    EXPECT_EQ(outcome.kind, Kind::malformed);
    EXPECT_EQ(outcome.reason.rfind("the answer is not HTTP/1.1: ", 0), 0U) << outcome.reason;
}

TEST(Dispatcher, CallsAnAnswerOverTheLimitMalformed) {
    const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
    std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 9; ++i) chunked += chunk;
    for (const std::string& answer :
         {std::string("HTTP/1.1 200 OK\r\nContent-Length: 8193\r\n\r\n"), chunked,
          "HTTP/1.1 200 OK\r\n\r\n" + std::string(8193, 'x'),
          "HTTP/1.1 200 OK\r\nX: " + std::string(8193, 'x')}) {
        ScriptedServer server([&](Peer& peer, int) {
            peer.request();
            peer.send(answer);
            peer.request();
        });
        Dispatcher::Options options;
        options.response_bytes_max = 8192;
        Dispatcher dispatcher(options);
        const Outcome outcome = send_and_wait(dispatcher, server.url());
        EXPECT_EQ(outcome.kind, Kind::malformed);
        EXPECT_EQ(outcome.reason.rfind("the answer is too large: ", 0), 0U) << outcome.reason;
    }
}

TEST(Dispatcher, TakesAnAnswerAtTheLimit) {
    ScriptedServer server([](Peer& peer, int) {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 8192\r\n\r\n" + std::string(8192, 'x'));
    });
    Dispatcher::Options options;
    options.response_bytes_max = 8192;
    Dispatcher dispatcher(options);
    EXPECT_EQ(send_and_wait(dispatcher, server.url()).response.body.size(), 8192U);
}

TEST(Dispatcher, AsksForTheVeryAddressItConnectsToAndSkipsThoseNotAllowed) {
    ScriptedServer server(answer_all);
    Dispatcher::Options options;
    std::atomic<int> lookups = 0;
    options.resolve = [&](const std::string& name) -> Result<std::vector<std::string>> {
        EXPECT_EQ(name, "merchant.test");
        ++lookups;
        return std::vector<std::string>{"203.0.113.1", "127.0.0.1"};
    };
    std::vector<std::string> asked;
    options.allow = [&](const std::string& host, const std::string& address) {
        asked.push_back(host + " " + address);
        return address == "127.0.0.1";
    };
    Dispatcher dispatcher(options);
    EXPECT_EQ(send_and_wait(dispatcher, server.url("merchant.test")).kind, Kind::answered);
    EXPECT_EQ(asked,
              (std::vector<std::string>{"merchant.test 203.0.113.1", "merchant.test 127.0.0.1"}));
    EXPECT_EQ(lookups, 1);
}

TEST(Dispatcher, SendsNothingToAnAddressThatIsNotAllowed) {
    const Port port;
    port.listen();
    Dispatcher::Options options = resolving_to({"127.0.0.1", "127.0.0.2"});
    options.allow = [](const std::string&, const std::string&) { return false; };
    Dispatcher dispatcher(options);
    for (const char* host : {"127.0.0.1", "merchant.test"}) {
        const Outcome outcome = send_and_wait(dispatcher, port.url(host));
        EXPECT_EQ(outcome.kind, Kind::not_allowed);
        EXPECT_EQ(outcome.reason, "127.0.0.1");
    }
    EXPECT_FALSE(port.has_connection());
}

TEST(Dispatcher, EndsAnyNumberOfForbiddenRequestsWithoutRecursion) {
    Dispatcher::Options options;
    options.allow = [](const std::string&, const std::string&) { return false; };
    Outcomes outcomes;
    Dispatcher dispatcher(options);
    const Port port;
    for (int i = 0; i < 20'000; ++i) dispatcher.send(port.url(), post(), 30s, outcomes.collect());
    EXPECT_EQ(outcomes.wait_for(20'000).size(), 20'000U);
}

TEST(Dispatcher, TriesTheNextAddressWhenOneRefuses) {
    ScriptedServer server(answer_all);
    Dispatcher dispatcher(resolving_to({"127.0.0.2", "127.0.0.1"}));
    EXPECT_EQ(send_and_wait(dispatcher, server.url("merchant.test")).kind, Kind::answered);
}

class JumpingStopwatch final : public Stopwatch {
  public:
    Millis elapsed() const override { return now_; }
    void jump(Millis time) { now_ = time; }

  private:
    std::atomic<Millis> now_ = Millis{0};
};

TEST(Dispatcher, TriesTheNextAddressWhenOneIsDead) {
    ScriptedServer server(answer_all);
    // The kernel drops who asks for a place when its only one is taken.
    const Fd dead(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(server.url().port));
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    auto* const generic = reinterpret_cast<sockaddr*>(&place);
    ASSERT_EQ(::bind(dead.get(), generic, sizeof place), 0);
    ASSERT_EQ(::listen(dead.get(), 0), 0);
    const Fd only_one(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(only_one.get(), generic, sizeof place), 0);

    // Nearly all of the request's time is gone before the first one is tried.
    JumpingStopwatch stopwatch;
    Dispatcher::Options options = resolving_to({"127.0.0.2", "127.0.0.1"});
    options.stopwatch = &stopwatch;
    options.allow = [&](const std::string&, const std::string& address) {
        if (address == "127.0.0.2") stopwatch.jump(9min - 2ms);
        return true;
    };
    Dispatcher dispatcher(options);
    const Outcome outcome = send_and_wait(dispatcher, server.url("merchant.test"), 9min);
    EXPECT_EQ(outcome.kind, Kind::answered) << outcome.reason;
}

TEST(Dispatcher, SaysThatThereIsNoSuchHost) {
    Dispatcher::Options options;
    options.resolve = [](const std::string& name) -> Result<std::vector<std::string>> {
        return Failure{Error{Errc::unreachable, "no such host: " + name}};
    };
    Dispatcher dispatcher(options);
    const Outcome outcome = send_and_wait(dispatcher, Port().url("nowhere.test"));
    EXPECT_EQ(outcome.kind, Kind::unreachable);
    EXPECT_EQ(outcome.reason, "no such host: nowhere.test");
}

TEST(Dispatcher, FindsLocalhostByItself) {
    ScriptedServer server(answer_all);
    Dispatcher dispatcher({});
    EXPECT_EQ(send_and_wait(dispatcher, server.url("localhost")).kind, Kind::answered);
}

TEST(Dispatcher, ASlowLookupDelaysNobodyElseNotEvenStop) {
    ScriptedServer server(answer_all);
    const auto gate = std::make_shared<Gate>();
    const auto finished = std::make_shared<Gate>();
    Dispatcher::Options options;
    options.resolve = [gate,
                       finished](const std::string& name) -> Result<std::vector<std::string>> {
        if (name == "slow.test") {
            gate->wait();
            finished->open();
        }
        return std::vector<std::string>{"127.0.0.1"};
    };
    Outcomes outcomes;
    {
        Dispatcher dispatcher(options);
        const Outcome late = send_and_wait(dispatcher, server.url("slow.test"), 50ms);
        EXPECT_EQ(late.kind, Kind::unreachable);
        EXPECT_EQ(late.reason, "no address for slow.test within 50 ms");
        dispatcher.send(server.url("slow.test"), post(), 60s, outcomes.collect());
        EXPECT_EQ(send_and_wait(dispatcher, server.url("127.0.0.1")).kind, Kind::answered);
        EXPECT_EQ(send_and_wait(dispatcher, server.url("quick.test")).kind, Kind::answered);
        EXPECT_EQ(outcomes.size(), 0U);
        dispatcher.stop();
        EXPECT_EQ(outcomes.wait_for(1).front().reason, "shutting down");
    }
    gate->open();
    finished->wait();
}

TEST(Dispatcher, UsesAConnectionAgain) {
    ScriptedServer server(answer_all);
    Dispatcher dispatcher({});
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(send_and_wait(dispatcher, server.url()).response.body, "ok");
    EXPECT_EQ(server.accepts(), 1);
}

TEST(Dispatcher, DoesNotUseAConnectionAgainThatTheServerWillClose) {
    for (const char* answer :
         {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more"}) {
        ScriptedServer server([answer](Peer& peer, int) {
            while (!peer.request().empty()) peer.send(answer);
        });
        Dispatcher dispatcher({});
        for (int i = 0; i < 2; ++i)
            EXPECT_EQ(send_and_wait(dispatcher, server.url()).response.body, "ok");
        EXPECT_EQ(server.accepts(), 2) << answer;
    }
}

TEST(Dispatcher, ReplacesAKeptConnectionThatTurnsOutDead) {
    for (const bool reset : {false, true}) {
        ScriptedServer server([reset](Peer& peer, int n) {
            peer.request();
            peer.send(kOk);
            peer.request();
            if (n == 2) peer.send(kOk);
            if (reset) peer.reset_on_close();
        });
        Dispatcher dispatcher({});
        EXPECT_EQ(send_and_wait(dispatcher, server.url()).kind, Kind::answered);
        EXPECT_EQ(send_and_wait(dispatcher, server.url()).kind, Kind::answered);
        EXPECT_EQ(server.accepts(), 2);
    }
}

TEST(Dispatcher, ReplacesADeadConnectionOnlyOnce) {
    ScriptedServer server([](Peer& peer, int n) {
        peer.request();
        if (n > 1) return;
        peer.send(kOk);
        peer.request();
    });
    Dispatcher dispatcher({});
    EXPECT_EQ(send_and_wait(dispatcher, server.url()).kind, Kind::answered);
    const Outcome outcome = send_and_wait(dispatcher, server.url());
    EXPECT_EQ(outcome.kind, Kind::unreachable);
    EXPECT_EQ(outcome.reason, server.name() + " closed the connection before answering");
    EXPECT_EQ(server.accepts(), 2);
}

TEST(Dispatcher, DoesNotRepeatARequestThatWasPartlyAnswered) {
    ScriptedServer server([](Peer& peer, int) {
        peer.request();
        peer.send(kOk);
        peer.request();
        peer.send("HTTP/1.1 2");
    });
    Dispatcher dispatcher({});
    EXPECT_EQ(send_and_wait(dispatcher, server.url()).kind, Kind::answered);
    EXPECT_EQ(send_and_wait(dispatcher, server.url()).kind, Kind::malformed);
    EXPECT_EQ(server.accepts(), 1);
}

TEST(Dispatcher, ClosesAConnectionThatIsIdleTooLong) {
    std::promise<bool> closed;
    ScriptedServer server([&](Peer& peer, int) {
        peer.request();
        peer.send(kOk);
        closed.set_value(peer.request().empty());
    });
    Dispatcher::Options options;
    options.kept_connection_idle_max = 20ms;
    Dispatcher dispatcher(options);
    EXPECT_EQ(send_and_wait(dispatcher, server.url()).kind, Kind::answered);
    EXPECT_TRUE(closed.get_future().get());
}

TEST(Dispatcher, HasNoMoreRequestsInFlightPerHostThanAllowed) {
    constexpr int kMax = 3;
    std::mutex mutex;
    std::condition_variable changed;
    int active = 0;
    int most = 0;
    ScriptedServer server([&](Peer& peer, int) {
        while (!peer.request().empty()) {
            {
                std::unique_lock lock(mutex);
                most = std::max(most, ++active);
                changed.notify_all();
                // Nobody is answered before the cap has been reached.
                changed.wait(lock, [&] { return most >= kMax; });
                --active;
            }
            peer.send(kOk);
        }
    });
    Dispatcher::Options options;
    options.in_flight_per_host_max = kMax;
    Outcomes outcomes;
    Dispatcher dispatcher(options);
    for (int i = 0; i < 50; ++i) dispatcher.send(server.url(), post(), 60s, outcomes.collect());
    for (const auto& outcome : outcomes.wait_for(50))
        EXPECT_EQ(outcome.kind, Kind::answered) << outcome.reason;
    EXPECT_EQ(most, kMax);
    EXPECT_EQ(server.accepts(), kMax);
}

TEST(Dispatcher, SendsToAHostInTheOrderOfAsking) {
    std::string order;
    ScriptedServer server([&](Peer& peer, int) {
        for (std::string request = peer.request(); !request.empty(); request = peer.request()) {
            order += request.back();
            peer.send(kOk);
        }
    });
    Dispatcher::Options options;
    options.in_flight_per_host_max = 1;
    Outcomes outcomes;
    Dispatcher dispatcher(options);
    for (const char c : std::string("abcdefghij"))
        dispatcher.send(server.url(), post(std::string(1, c)), 60s, outcomes.collect());
    outcomes.wait_for(10);
    EXPECT_EQ(order, "abcdefghij");
}

TEST(Dispatcher, AnsweredRequestsMayAskForMore) {
    ScriptedServer server(answer_all);
    std::promise<void> all;
    int left = 100;
    Dispatcher::Done again;
    Dispatcher dispatcher({});
    again = [&](const Outcome& outcome) {
        EXPECT_EQ(outcome.kind, Kind::answered);
        if (--left == 0) return all.set_value();
        dispatcher.send(server.url(), post(), 30s, again);
    };
    dispatcher.send(server.url(), post(), 30s, again);
    all.get_future().wait();
    EXPECT_EQ(server.accepts(), 1);
}

TEST(Dispatcher, RefusesMoreThanAQueueHolds) {
    const Port port;
    port.listen();
    Dispatcher::Options options;
    options.in_flight_per_host_max = 2;
    options.queued_per_host_max = 3;
    Outcomes outcomes;
    Dispatcher dispatcher(options);
    for (int i = 0; i < 6; ++i) dispatcher.send(port.url(), post(), 60s, outcomes.collect());
    const Outcome refused = outcomes.wait_for(1).front();
    EXPECT_EQ(refused.kind, Kind::unreachable);
    EXPECT_EQ(refused.reason,
              "3 requests wait for http://127.0.0.1:" + std::to_string(port.number()) + " already");
    EXPECT_EQ(dispatcher.pending(), 5U);
}

TEST(Dispatcher, HangingHostsDoNotDelayALiveOne) {
    std::vector<Port> hanging(50);
    for (const auto& port : hanging) port.listen();
    ScriptedServer live(answer_all);
    Dispatcher::Options options;
    options.in_flight_per_host_max = 2;  // so that some requests wait in queues
    Outcomes hung;
    Dispatcher dispatcher(options);
    for (int i = 0; i < 4; ++i)
        for (const auto& port : hanging) dispatcher.send(port.url(), post(), 60min, hung.collect());

    EXPECT_EQ(send_and_wait(dispatcher, live.url()).kind, Kind::answered);
    EXPECT_EQ(hung.size(), 0U);
    EXPECT_EQ(dispatcher.pending(), 200U);

    dispatcher.stop();
    EXPECT_EQ(hung.size(), 200U);
    for (const auto& outcome : hung.wait_for(200)) {
        EXPECT_EQ(outcome.kind, Kind::unreachable);
        EXPECT_EQ(outcome.reason, "shutting down");
    }
    EXPECT_EQ(dispatcher.pending(), 0U);
}

TEST(Dispatcher, AQueueBehindAHangingHostEndsRequestByRequest) {
    const Port port;
    port.listen();
    Outcomes outcomes;
    Dispatcher dispatcher({});
    for (int i = 0; i < 12; ++i) dispatcher.send(port.url(), post(), 50ms, outcomes.collect());
    for (const auto& outcome : outcomes.wait_for(12)) EXPECT_NE(outcome.kind, Kind::answered);
    EXPECT_EQ(dispatcher.pending(), 0U);
}

TEST(Dispatcher, EndsARequestAfterStopAtOnce) {
    Outcomes outcomes;
    Dispatcher dispatcher({});
    dispatcher.stop();
    dispatcher.stop();
    dispatcher.send(Port().url(), post(), 60s, outcomes.collect());
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.wait_for(1).front().reason, "shutting down");
    EXPECT_EQ(dispatcher.pending(), 0U);
}

TEST(Dispatcher, EndsEveryRequestExactlyOnceWhenItIsStoppedAmidSends) {
    ScriptedServer server(answer_all);
    const Port hanging;
    hanging.listen();
    std::vector<std::atomic<int>> ends(2000);
    std::promise<void> first_end;
    std::atomic<bool> has_ended = false;
    Dispatcher dispatcher({});
    const auto send_half = [&](std::size_t from) {
        for (std::size_t i = from; i < ends.size(); i += 2) {
            dispatcher.send(i % 3 == 0 ? hanging.url() : server.url(), post(), 60s,
                            [&, i](const Outcome&) {
                                ++ends[i];
                                if (!has_ended.exchange(true)) first_end.set_value();
                            });
        }
    };
    std::thread one(send_half, 0);
    std::thread two(send_half, 1);
    first_end.get_future().wait();
    dispatcher.stop();
    one.join();
    two.join();
    for (const auto& count : ends) EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace wxpay::http
