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
        config.data = directory_.path();
        config.clock = mode;
        config.start_time = at;
        config.faults = configured;
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

  private:
    TemporaryDirectory directory_;
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

}  // namespace
}  // namespace wxpay::test
