// GET /_sandbox/metrics.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "sandbox/events/announce.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

class MetricsPage : public testing::Test {
  protected:
    MetricsPage() {
        sandbox.exchanges.set_observer([this](const sandbox::Exchange& exchange) {
            sandbox::announce_exchange(sandbox.context, exchange);
        });
    }

    std::string page() {
        http::Request request;
        request.path = "/_sandbox/metrics";
        const http::Response answer = sandbox.call(request);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
        return answer.body;
    }
    /// The samples by what stands before their value.
    std::map<std::string, double> samples() {
        std::map<std::string, double> out;
        std::istringstream lines(page());
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with('#')) continue;
            const std::size_t space = line.rfind(' ');
            out[line.substr(0, space)] = std::stod(line.substr(space + 1));
        }
        return out;
    }

    AppHarness sandbox;
};

TEST_F(MetricsPage, CountsCallsByEndpointAndVerdict) {
    sandbox.v2("/pay/unifiedorder", AppHarness::order("M1"));
    sandbox.v2("/pay/unifiedorder", AppHarness::order("M2"));
    sandbox.post("/pay/unifiedorder", "<xml/>");
    for (const char* const path : {"/pay/unifiedordre", "/a\"b\n{}", "/c"}) sandbox.post(path, "");
    const auto seen = samples();
    const std::string calls = "wxpay_sandbox_api_requests_total";
    EXPECT_EQ(seen.at(calls + R"({endpoint="/pay/unifiedorder",verdict="ok"})"), 2);
    EXPECT_EQ(seen.at(calls + R"({endpoint="/pay/unifiedorder",verdict="refused"})"), 1);
    EXPECT_EQ(seen.at(calls + R"({endpoint="other",verdict="refused"})"), 3)
        << "what a client makes up is no label";
    EXPECT_EQ(seen.at(R"(wxpay_sandbox_api_request_duration_seconds_count{endpoint=)"
                      R"("/pay/unifiedorder"})"),
              3);
}

TEST_F(MetricsPage, CountsCallbacksTheirStatesAndTimers) {
    const auto pay = [this](const std::string& number) {
        sandbox.v2("/pay/unifiedorder", AppHarness::order(number));
        sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay");
        sandbox.run_due();
    };
    pay("M1");
    sandbox.sender.answer = [](const auto&) { return RecordingSender::unreachable(); };
    pay("M2");
    const auto seen = samples();
    EXPECT_EQ(seen.at(R"(wxpay_sandbox_callback_attempts_total{verdict="ok"})"), 1);
    EXPECT_EQ(seen.at(R"(wxpay_sandbox_callback_attempts_total{verdict="unreachable"})"), 1);
    EXPECT_EQ(seen.at("wxpay_sandbox_callback_duration_seconds_count"), 2);
    EXPECT_EQ(seen.at(R"(wxpay_sandbox_notifications{state="delivered"})"), 1);
    EXPECT_EQ(seen.at(R"(wxpay_sandbox_notifications{state="pending"})"), 1);
    EXPECT_EQ(seen.at(R"(wxpay_sandbox_notifications{state="exhausted"})"), 0);
    EXPECT_GE(seen.at("wxpay_sandbox_timers"), 1);
    EXPECT_EQ(seen.at("wxpay_sandbox_timer_lag_seconds_count"), 2);
    EXPECT_EQ(seen.at("wxpay_sandbox_exchanges"), 4);
    sandbox.advance(24h * 2);
    EXPECT_EQ(samples().at(R"(wxpay_sandbox_notifications{state="exhausted"})"), 1);
    sandbox.control("POST", "/_sandbox/v1/reset");
    EXPECT_EQ(samples().at(R"(wxpay_sandbox_notifications{state="delivered"})"), 0);
}

TEST_F(MetricsPage, CountsWhatFaultsDid) {
    sandbox.control("POST", "/_sandbox/v1/faults",
                    {{"on", "api"}, {"times", 1}, {"do", {{"err_code", "SYSTEMERROR"}}}});
    sandbox.v2("/pay/unifiedorder", AppHarness::order("M1"));
    sandbox.v2("/pay/unifiedorder", AppHarness::order("M1"));
    sandbox.control("POST", "/_sandbox/v1/faults",
                    {{"on", "api"}, {"times", 1}, {"do", {{"delay", "1s"}}}});
    http::Request delayed;
    delayed.method = "POST";
    delayed.path = "/pay/orderquery";
    sandbox.app.handle(delayed);
    const auto seen = samples();
    EXPECT_EQ(seen.at(R"(wxpay_sandbox_faults_injected_total{effect="err_code",on="api"})"), 1);
    EXPECT_EQ(seen.at(R"(wxpay_sandbox_faults_injected_total{effect="delay",on="api"})"), 1);
    EXPECT_EQ(seen.at("wxpay_sandbox_faults"), 2);
}

TEST_F(MetricsPage, IsWhatPrometheusReads) {
    sandbox.v2("/pay/unifiedorder", AppHarness::order("M1"));
    std::istringstream lines(page());
    std::set<std::string> typed;
    std::set<std::string> helped;
    double before = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string hash;
        std::string what;
        std::string name;
        if (line.starts_with('#')) {
            words >> hash >> what >> name;
            (what == "TYPE" ? typed : helped).insert(name);
            continue;
        }
        name = line.substr(0, line.find_first_of("{ "));
        const double value = std::stod(line.substr(line.rfind(' ')));
        std::string family = name;
        for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
            if (name.ends_with(suffix) &&
                typed.contains(name.substr(0, name.size() - suffix.size())))
                family = name.substr(0, name.size() - suffix.size());
        }
        EXPECT_TRUE(typed.contains(family) && helped.contains(family)) << line;
        EXPECT_TRUE(name.starts_with("wxpay_sandbox_")) << line;
        if (name.ends_with("_bucket")) {
            if (line.find("+Inf") == std::string::npos) {
                EXPECT_GE(value, before) << line;
            }
            before = line.find("+Inf") == std::string::npos ? value : 0;
        }
    }
    EXPECT_GE(typed.size(), 12U);
}

}  // namespace
}  // namespace wxpay::test
