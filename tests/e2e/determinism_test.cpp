// The same seed, start time and calls give the same bytes; another seed gives other ids.
#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/codec/xml.hpp"
#include "core/http/server.hpp"

#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"

namespace wxpay::test {
namespace {

/// A merchant who fails every other time.
class MoodyShop {
  public:
    MoodyShop() : server_(options(), [this](const http::Request&) { return answer(); }) {
        EXPECT_TRUE(server_.start());
    }
    std::string url(const std::string& path) const {
        return "http://127.0.0.1:" + std::to_string(server_.port()) + path;
    }
    void begin_anew() { count_ = 0; }

  private:
    static http::Server::Options options() {
        http::Server::Options options;
        options.host = "127.0.0.1";
        options.port = 0;
        options.workers = 1;
        return options;
    }
    http::Answer answer() {
        http::Response response;
        response.body =
            ++count_ % 2 == 0
                ? "<xml><return_code>SUCCESS</return_code><return_msg/></xml>"
                : "<xml><return_code>FAIL</return_code><return_msg>no</return_msg></xml>";
        return response;
    }

    std::atomic<int> count_{0};
    http::Server server_;
};

class Determinism : public testing::Test {
  protected:
    /// Every byte that a merchant, and then a look into the sandbox, gets to see.
    std::string transcript(const char* seed) {
        shop_.begin_anew();
        ServerProcess sandbox(
            WXPAY_SANDBOX_PROGRAM,
            {"--port", "0", "--seed", seed, "--clock", "manual", "--start-time",
             "2024-06-01T12:00:00+08:00", "--wire-clock", "virtual", "--log-level", "error"});
        std::string out;
        const auto call = [&](const char* method, const std::string& target,
                              const std::string& body = {}) {
            auto answer = sandbox.call(method, target, body);
            out += std::to_string(answer.status) + '\n';
            for (const auto& [name, value] : answer.headers)
                out.append(name).append(": ").append(value).append("\n");
            out += answer.body + '\n';
            return answer;
        };
        const auto v2 = [&](const char* path, const Fields& fields) {
            return call("POST", path, AppHarness::xml(AppHarness::sign(fields)));
        };
        const std::string control = "/_sandbox/v1";
        for (const char* const number : {"D1", "D2", "D3"}) {
            v2("/pay/unifiedorder", AppHarness::order(number, {{"notify_url", shop_.url("/pay")},
                                                               {"sign_type", "HMAC-SHA256"}}));
            call("POST", control + "/orders/1900000109:" + number + "/pay");
            // Callbacks leave by themselves; an advance lets them arrive before the next call.
            call("POST", control + "/clock/advance", R"({"seconds":20})");
        }
        v2("/pay/unifiedorder", AppHarness::order("D1"));  // ORDERPAID, with hint and exchange
        v2("/secapi/pay/refund", {{"out_trade_no", "D1"},
                                  {"out_refund_no", "R1"},
                                  {"total_fee", "888"},
                                  {"refund_fee", "100"},
                                  {"notify_url", shop_.url("/refund")}});
        v2("/pay/micropay", {{"body", "b"},
                             {"out_trade_no", "M1"},
                             {"total_fee", "888"},
                             {"spbill_create_ip", "1.2.3.4"},
                             {"auth_code", "134579720130509001"}});
        call("POST", control + "/clock/advance", R"({"seconds":86640})");
        v2("/pay/orderquery", {{"out_trade_no", "M1"}});
        v2("/pay/downloadbill", {{"bill_date", "20240601"}, {"bill_type", "ALL"}});
        call("GET", control + "/orders");
        const auto told = call("GET", control + "/notifications").json()["notifications"];
        EXPECT_EQ(told.size(), 4U);
        std::size_t attempts = 0;
        for (const auto& each : told) attempts += each["attempts"].size();
        for (int i = 1; i <= 13; ++i) call("GET", control + "/exchanges/" + std::to_string(i));
        for (std::size_t i = 1; i <= attempts; ++i)
            call("GET", control + "/exchanges/c" + std::to_string(i));
        return out;
    }

  private:
    MoodyShop shop_;
};

/// The port is the kernel's choice.
std::string without_port(std::string text) {
    const std::string host = "127.0.0.1:";
    for (std::size_t at = 0; (at = text.find(host, at)) != std::string::npos;) {
        at += host.size();
        text.replace(at, std::min(text.find_first_not_of("0123456789", at), text.size()) - at,
                     "PORT");
    }
    return text;
}

/// What the sandbox gave as this element.
void collect(const std::string& transcript, const std::string& element,
             std::set<std::string>& out) {
    const std::string start = "<" + element + "><![CDATA[";
    for (std::size_t at = 0; (at = transcript.find(start, at)) != std::string::npos;) {
        at += start.size();
        out.insert(transcript.substr(at, transcript.find("]]>", at) - at));
    }
}

TEST_F(Determinism, TheSameSeedGivesTheSameBytes) {
    const std::string first = without_port(transcript("7"));
    EXPECT_NE(first.find("<prepay_id>"), std::string::npos);
    EXPECT_NE(first.find("Wxpay-Sandbox-Exchange"), std::string::npos);
    EXPECT_EQ(without_port(transcript("7")), first);
}

TEST_F(Determinism, AnotherSeedGivesOtherIds) {
    const auto ids = [](const std::string& transcript) {
        std::set<std::string> out;
        for (const char* const element : {"prepay_id", "transaction_id", "refund_id"})
            collect(transcript, element, out);
        return out;
    };
    const auto seven = ids(transcript("7"));
    const auto eight = ids(transcript("8"));
    ASSERT_GT(seven.size(), 5U);
    ASSERT_EQ(seven.size(), eight.size());
    for (const std::string& each : eight) EXPECT_FALSE(seven.contains(each)) << each;
}

}  // namespace
}  // namespace wxpay::test
