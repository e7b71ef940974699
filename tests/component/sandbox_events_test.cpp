// The event stream: what changes is told once it is committed, to those who asked for it.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/http/stream.hpp"

#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using testing::ElementsAre;

struct Told {
    std::string kind;
    Json data;
};

class Events : public testing::Test {
  protected:
    static http::Request request(const std::string& query) {
        http::Request request;
        request.path = "/_sandbox/v1/events";
        request.query = query;
        request.headers.add("Host", "127.0.0.1:12180");
        return request;
    }
    std::shared_ptr<http::Stream> listen(const std::string& query = {}) {
        http::Answer answer = sandbox.app.handle(request(query));
        const auto* const streaming = std::get_if<http::Streaming>(&answer);
        if (streaming == nullptr) throw std::runtime_error("no stream");
        EXPECT_EQ(streaming->head.headers.get("Content-Type"), "text/event-stream; charset=utf-8");
        EXPECT_EQ(streaming->body->take().bytes, ": listening\n\n");
        return streaming->body;
    }
    static std::vector<Told> take(const std::shared_ptr<http::Stream>& stream) {
        std::vector<Told> out;
        std::string text = stream->take().bytes;
        for (std::size_t end = 0; (end = text.find("\n\n")) != std::string::npos;
             text.erase(0, end + 2)) {
            const std::size_t data = text.find("\ndata: ");
            EXPECT_EQ(text.rfind("event: ", 0), 0U) << text;
            EXPECT_LT(data, end) << text;
            out.push_back({text.substr(7, data - 7),
                           Json::parse(text.substr(data + 7, end - data - 7), nullptr, false)});
        }
        EXPECT_EQ(text, "") << "only whole events";
        return out;
    }
    static std::vector<std::string> kinds(const std::vector<Told>& all) {
        std::vector<std::string> out;
        for (const Told& each : all) out.push_back(each.kind);
        return out;
    }
    void order(const std::string& number) {
        sandbox.v2("/pay/unifiedorder", AppHarness::order(number));
    }
    void pay(const std::string& number) {
        sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay");
    }

    AppHarness sandbox;
};

TEST_F(Events, TellTheStoryOfAnOrder) {
    const auto stream = listen();
    order("E1");
    auto told = take(stream);
    ASSERT_THAT(kinds(told), ElementsAre("order", "exchange"));
    EXPECT_EQ(told[0].data["state"], "NOTPAY");
    EXPECT_EQ(told[1].data["endpoint"], "/pay/unifiedorder");
    EXPECT_FALSE(told[1].data.contains("request")) << "a row, as in the list";

    pay("E1");
    told = take(stream);
    ASSERT_THAT(kinds(told), ElementsAre("order", "notification"));
    EXPECT_EQ(told[0].data["state"], "SUCCESS");
    EXPECT_EQ(told[0].data, sandbox.control("GET", "/_sandbox/v1/orders/1900000109:E1").body);
    EXPECT_EQ(told[1].data["state"], "pending");

    sandbox.run_due();
    told = take(stream);
    ASSERT_THAT(kinds(told), ElementsAre("exchange", "order", "notification"));
    EXPECT_EQ(told[0].data["kind"], "callback");
    EXPECT_EQ(told[2].data["state"], "delivered");
    EXPECT_EQ(told[2].data["attempts"][0]["verdict"], "ok");
}

TEST_F(Events, TellOfTheClock) {
    const auto stream = listen("kinds=clock");
    sandbox.control("POST", "/_sandbox/v1/clock", {{"mode", "x60"}});
    const auto told = take(stream);
    ASSERT_THAT(kinds(told), ElementsAre("clock"));
    EXPECT_EQ(told[0].data["mode"], "x60");
}

TEST_F(Events, SayNothingOfWhatWasTakenBack) {
    const auto stream = listen("kinds=order,notification");
    order("E2");
    take(stream);
    sandbox.v2("/pay/unifiedorder", AppHarness::order("E2", {{"total_fee", "1"}}));
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:E3/pay");
    EXPECT_THAT(take(stream), testing::IsEmpty());
}

TEST_F(Events, AreNarrowedByKindMerchantAndOrder) {
    const auto exchanges = listen("kinds=exchange");
    const auto other = listen("mch_id=1900000110");
    const auto one = listen("order=1900000109:E5");
    order("E4");
    order("E5");
    EXPECT_THAT(kinds(take(exchanges)), ElementsAre("exchange", "exchange"));
    EXPECT_THAT(take(other), testing::IsEmpty());
    EXPECT_THAT(kinds(take(one)), ElementsAre("order", "exchange"));
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/events?kinds=orders").body["error"]["field"],
              "kinds");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/events?order=wx0").status, 404);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/events?since=1").status, 400);
}

TEST_F(Events, CarryNoSecrets) {
    const auto stream = listen("kinds=exchange");
    sandbox.post(std::string("/pay/") + AppHarness::kKey, "");
    const auto told = take(stream);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].data["url"], "/pay/***");
}

TEST_F(Events, EndForTheSixtyFifthWithAClearAnswer) {
    std::vector<std::shared_ptr<http::Stream>> streams;
    while (streams.size() < sandbox::kEventStreamsMax) streams.push_back(listen());
    const auto refused = sandbox.control("GET", "/_sandbox/v1/events");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.body["error"]["code"], "too_many_streams");
    streams.back()->close();
    listen();
    order("E6");
    EXPECT_EQ(take(streams.front()).size(), 2U);
}

TEST_F(Events, LetGoOfWhoReadsTooSlowly) {
    const auto slow = listen("kinds=order");
    const auto quick = listen("kinds=order");
    std::size_t told = 0;
    for (int i = 0; slow->is_open(); ++i) {
        order("S" + std::to_string(i));
        told += take(quick).size();
        ASSERT_LE(slow->waiting_bytes(), sandbox::kEventBytesMax);
        ASSERT_LT(i, 10'000);
    }
    const std::size_t before = told;
    EXPECT_GT(before, 100U);
    order("S");
    EXPECT_EQ(take(quick).size(), 1U);
    EXPECT_FALSE(slow->write("x"));
}

TEST_F(Events, CostNothingWhileNobodyListens) {
    EXPECT_FALSE(sandbox.events.is_heard());
    const auto stream = listen();
    EXPECT_TRUE(sandbox.events.is_heard());
    stream->close();
    order("E7");
    EXPECT_FALSE(sandbox.events.is_heard()) << "who has gone is forgotten at the next event";
}

}  // namespace
}  // namespace wxpay::test
