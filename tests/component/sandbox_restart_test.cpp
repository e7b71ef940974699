// What a server finds when it starts again over the same directory, and how it refuses what never
// becomes a call.
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/codec/beijing_time.hpp"

#include "sandbox/faults/fault_json.hpp"
#include "sandbox/server.hpp"
#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_socket.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using sandbox::ClockMode;
using sandbox::Server;

constexpr ClockMode kManual{ClockMode::Kind::manual, 0};
constexpr ClockMode kReal{ClockMode::Kind::real, 1};

const Instant kStart = parse_rfc3339("2034-06-01T12:00:00+08:00").value();

class Restart : public testing::Test {
  protected:
    /// Ends the one that runs, and starts another over its directory.
    Server& start(std::optional<ClockMode> mode, std::optional<Instant> at = std::nullopt) {
        server_.reset();
        sandbox::Config config;
        config.data = data_.path();
        config.clock = mode;
        config.start_time = at;
        config.faults = configured;
        config.seed = seed;
        config.directory = directory;
        server_.emplace(std::move(config));
        EXPECT_TRUE(server_->start());
        return *server_;
    }
    json call(const std::string& method, const std::string& target, const std::string& body = {}) {
        http::Request request;
        request.method = method;
        http::set_target(request, target);
        request.headers.add("Host", "127.0.0.1");
        request.body = body;
        auto answer = server_->app().handle(std::move(request));
        if (auto* const later = std::get_if<http::Later>(&answer)) {
            const auto promise = std::make_shared<std::promise<http::Response>>();
            (*later)(
                [promise](http::Response response) { promise->set_value(std::move(response)); });
            return json::parse(promise->get_future().get().body);
        }
        return json::parse(std::get<http::Response>(answer).body, nullptr, false);
    }
    json control(const std::string& method, const std::string& target,
                 const std::string& body = {}) {
        return call(method, "/_sandbox/v1/" + target, body);
    }
    Instant now() {
        return parse_rfc3339(control("GET", "clock")["now"].get<std::string>()).value();
    }
    std::string mode() { return control("GET", "clock")["mode"]; }
    void order(const std::string& number) {
        call("POST", "/pay/unifiedorder",
             AppHarness::xml(AppHarness::sign(AppHarness::order(number))));
    }

    std::vector<sandbox::Fault> configured;
    std::optional<std::uint64_t> seed;
    sandbox::Directory directory = sandbox::demo_directory();

  private:
    TemporaryDirectory data_;
    std::optional<Server> server_;
};

TEST_F(Restart, AManualClockStandsWhereItStood) {
    start(kManual, kStart);
    EXPECT_EQ(now(), kStart);
    control("POST", "clock/advance", R"({"seconds":3600})");
    start(kManual, kStart);
    EXPECT_EQ(now(), kStart + 1h) << "what has happened does not lie in the future";
    start(std::nullopt);
    EXPECT_EQ(mode(), "manual") << "as it was left";
    EXPECT_EQ(now(), kStart + 1h);
    start(kManual, kStart + 48h);
    EXPECT_EQ(now(), kStart + 48h) << "forward it may go";
}

TEST_F(Restart, AScaledClockGoesOnFromTheLastThingThatHappened) {
    start(ClockMode{ClockMode::Kind::scaled, 1'000'000}, kStart);
    order("T1");
    const Instant made =
        parse_rfc3339(control("GET", "orders/1900000109:T1")["created_at"].get<std::string>())
            .value();
    start(kManual);
    EXPECT_GE(now(), made);
    EXPECT_LT(now(), made + 24h * 365);
    const Instant left = now();
    start(std::nullopt, kStart);
    EXPECT_EQ(now(), left);
}

TEST_F(Restart, ARealClockKeepsItsLeadAndTheModeThatWasChosen) {
    const Instant before = SystemClock().now();
    start(std::nullopt);
    EXPECT_EQ(mode(), "real");
    EXPECT_GE(now(), before);
    EXPECT_LT(now(), before + 10min) << "the machine's time";
    control("POST", "clock", R"({"mode":"manual"})");
    control("POST", "clock/advance", R"({"seconds":86400})");
    control("POST", "clock", R"({"mode":"real"})");
    start(std::nullopt);
    EXPECT_EQ(mode(), "real");
    EXPECT_GE(now(), before + 24h);
    EXPECT_LT(now(), before + 24h + 10min);
    control("POST", "clock", R"({"mode":"x60"})");
    start(std::nullopt);
    EXPECT_EQ(mode(), "x60");
    start(kReal);
    EXPECT_EQ(mode(), "real");
    EXPECT_GE(now(), before + 24h) << "it never goes back";
}

TEST_F(Restart, AClockThatStoodLongAgoBecomesTheMachines) {
    start(kManual, Instant(1h));
    start(kReal);
    EXPECT_GE(now(), kStart - 24h * 365 * 10);
}

TEST_F(Restart, AMerchantOfTheRangeKeepsItsKeys) {
    directory =
        sandbox::Directory({{AppId::parse(AppHarness::kAppId).value(), Secret()}}, {},
                           sandbox::MerchantRange{MchId::parse("1230000000").value(),
                                                  MchId::parse("1239999999").value(),
                                                  AppId::parse(AppHarness::kAppId).value()});
    const auto key = [&] {
        start(kManual, kStart);
        return control("GET", "merchants/1230000001")["api_key"].get<std::string>();
    };
    const std::string first = key();
    EXPECT_EQ(key(), first) << "it is in the merchant's configuration by now";
    seed = 7;
    const std::string another = key();
    EXPECT_NE(another, first);
    seed.reset();
    EXPECT_EQ(key(), another) << "as it was left";
}

TEST_F(Restart, FaultsAreInForceAsBefore) {
    configured = {
        sandbox::fault_from_json(
            json::parse(R"({"on":"api","endpoint":"/pay/orderquery","do":{"truncate":3}})"))
            .value()};
    start(kManual, kStart);
    control(
        "POST", "faults",
        R"({"on":"api","endpoint":"/pay/unifiedorder","after":1,"times":1,"do":{"http_status":502}})");
    order("T1");
    start(std::nullopt);
    const json found = control("GET", "faults")["faults"];
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0]["id"], "f1");
    EXPECT_EQ(found[0]["endpoint"], "/pay/orderquery");
    EXPECT_EQ(found[1]["matched"], 1);
    order("T2");
    order("T3");
    EXPECT_EQ(control("GET", "faults/f2")["injected"], 1);
    EXPECT_EQ(control("GET", "orders")["orders"].size(), 2U) << "T2 met the gateway";
    control("POST", "reset");
    start(std::nullopt);
    EXPECT_EQ(control("GET", "faults")["faults"].size(), 1U) << "the configuration's";
}

TEST(Edge, RefusesInJsonBelowTheControlApi) {
    Server server{sandbox::Config{}};
    ASSERT_TRUE(server.start());
    const auto words = [&](const std::string& bytes) {
        RawSocket client(server.port());
        client.send(bytes);
        return client.recv_all();
    };
    const std::string large = " HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n";
    const std::string control = words("POST /_sandbox/v1/faults" + large);
    EXPECT_TRUE(control.starts_with("HTTP/1.1 413 ")) << control;
    EXPECT_NE(control.find(R"({"error":{"code":"body_too_large",)"), std::string::npos) << control;
    const std::string malformed = words("GET /_sandbox/v1/orders HTTP/1.1\r\nno header\r\n\r\n");
    EXPECT_TRUE(malformed.starts_with("HTTP/1.1 400 ")) << malformed;
    EXPECT_NE(malformed.find(R"({"error":{"code":"malformed_request",)"), std::string::npos)
        << malformed;
    EXPECT_NE(words("POST /pay/unifiedorder" + large).find("text/plain"), std::string::npos);
}

TEST(Edge, RefusesInJsonBelowV3AndNamesTheLimit) {
    Server server{sandbox::Config{}};
    ASSERT_TRUE(server.start());
    const auto words = [&](const std::string& bytes) {
        RawSocket client(server.port());
        client.send(bytes);
        return client.recv_all();
    };
    const std::string large = " HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n";
    const std::string hint =
        "\r\nWxpay-Sandbox-Hint: the body is over the limit: 1048576 bytes\r\n";
    const std::string v3 = words("POST /v3/pay/transactions/jsapi" + large);
    EXPECT_TRUE(v3.starts_with("HTTP/1.1 413 ")) << v3;
    EXPECT_NE(v3.find("\r\nContent-Type: application/json; charset=utf-8\r\n"), std::string::npos);
    EXPECT_NE(v3.find("\r\nRequest-ID: "), std::string::npos) << v3;
    EXPECT_NE(v3.find("\r\nConnection: close\r\n"), std::string::npos) << v3;
    EXPECT_EQ(v3.find("Keep-Alive"), std::string::npos) << v3;
    EXPECT_NE(v3.find(hint), std::string::npos) << v3;
    EXPECT_TRUE(
        v3.ends_with(R"({"code":"INVALID_REQUEST","message":"the body is over the limit"})"))
        << v3;
    const std::string v2 = words("POST /pay/unifiedorder" + large);
    EXPECT_NE(v2.find(hint), std::string::npos) << v2;
    EXPECT_TRUE(v2.ends_with("\r\n\r\nthe body is over the limit\n")) << v2;
    const std::string head =
        words("GET /v3/certificates HTTP/1.1\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 431 ")) << head;
    EXPECT_NE(head.find("\r\nWxpay-Sandbox-Hint: the head is over the limit: 16384 bytes\r\n"),
              std::string::npos)
        << head;
    EXPECT_NE(words("no HTTP\r\n\r\n").find("\r\nContent-Type: text/plain"), std::string::npos);
}

TEST(Edge, GivesNoHintsUnderStrict) {
    sandbox::Config config;
    config.settings.strict = true;
    Server server{std::move(config)};
    ASSERT_TRUE(server.start());
    RawSocket client(server.port());
    client.send("POST /v3/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n");
    const std::string answer = client.recv_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
    EXPECT_EQ(answer.find("Wxpay-Sandbox-"), std::string::npos) << answer;
}

TEST(Edge, HasTheHeadersOfWeChatsAnswersInTheirOrder) {
    Server server{sandbox::Config{}};
    ASSERT_TRUE(server.start());
    const auto names = [&](const std::string& start, const std::string& body) {
        RawSocket client(server.port());
        client.send(start + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n\r\n" + body);
        const std::string answer = client.recv_response();
        EXPECT_NE(answer.find("\r\nConnection: keep-alive\r\nKeep-Alive: timeout=8\r\n"),
                  std::string::npos)
            << answer;
        std::string out;
        for (std::size_t at = answer.find("\r\n") + 2; answer.compare(at, 2, "\r\n") != 0;
             at = answer.find("\r\n", at) + 2)
            out += answer.substr(at, answer.find(':', at) - at) + " ";
        return out;
    };
    EXPECT_EQ(
        names("POST /pay/orderquery", AppHarness::xml(AppHarness::sign({{"out_trade_no", "T1"}}))),
        "Server Content-Type Content-Length Connection Keep-Alive Cache-Control "
        "X-Content-Type-Options Request-ID Wxpay-Sandbox-Exchange Wxpay-Sandbox-Hint ");
    EXPECT_EQ(names("GET /v3/certificates", ""),
              "Server Content-Type Content-Length Connection Keep-Alive Cache-Control "
              "X-Content-Type-Options Content-Language Request-ID Wxpay-Sandbox-Exchange "
              "Wxpay-Sandbox-Hint ");
}

}  // namespace
}  // namespace wxpay::test
