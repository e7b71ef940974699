// WeChat in a user's own test: sandbox::Sandbox over real sockets.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/codec/beijing_time.hpp"
#include "core/http/client.hpp"
#include "core/http/server.hpp"
#include "core/v2/notification.hpp"

#include "sandbox/sandbox.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using sandbox::Sandbox;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

/// Where nobody listens.
const std::string kNobody = "http://127.0.0.1:1/notify";

/// Takes callbacks, or not.
class Inbox {
  public:
    Inbox()
        : server_({}, [this](const http::Request&) {
              if (!accepts) return http::Response{.status = 500};
              return http::Response{.body = v2::notification_accepted()};
          }) {
        EXPECT_TRUE(server_.start());
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/n"; }

    std::atomic<bool> accepts{true};

  private:
    http::Server server_;
};

http::Response call(const Sandbox& wechat, const std::string& path, const Fields& fields) {
    http::Client::Options options;
    options.base_url = wechat.url();
    http::Request request;
    request.method = "POST";
    request.path = path;
    request.body = AppHarness::xml(AppHarness::sign(fields));
    const auto client = http::Client::create(options);
    return client.value()->send(request).value();
}

/// Its prepay_id.
std::string order(const Sandbox& wechat, const std::string& out_trade_no,
                  const std::string& notify_url = kNobody) {
    const Fields fields = AppHarness::order(out_trade_no, {{"notify_url", notify_url}});
    const std::string body = call(wechat, "/pay/unifiedorder", fields).body;
    const auto answer = XmlMessage::parse(body);
    std::string prepay_id(answer.value().get("prepay_id"));
    EXPECT_FALSE(prepay_id.empty()) << body;
    return prepay_id;
}

template <class Action>
void expect_error(const Action& action, const std::string& words) {
    EXPECT_THAT(action, ThrowsMessage<std::runtime_error>(HasSubstr(words)));
}

TEST(InProcess, ListensOnAPortOfItsOwn) {
    const Sandbox one;
    const Sandbox other;
    EXPECT_THAT(one.url(), StartsWith("http://127.0.0.1:"));
    EXPECT_NE(one.url(), other.url());
    order(one, "T1");
    expect_error([&] { other.order("T1"); }, "no order");
}

TEST(InProcess, KnowsTheDemoMerchant) {
    const Sandbox::Merchant& merchant = Sandbox::merchant();
    EXPECT_EQ(merchant.appid, AppHarness::kAppId);
    EXPECT_EQ(merchant.app_secret, "5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d");
    EXPECT_EQ(merchant.mch_id, AppHarness::kMchId);
    EXPECT_EQ(merchant.api_key, AppHarness::kKey);
}

TEST(InProcess, ShowsAnOrder) {
    const Sandbox wechat;
    const std::string prepay_id = order(wechat, "T1");
    const Sandbox::Order unpaid = wechat.order("T1");
    EXPECT_EQ(unpaid.mch_id, AppHarness::kMchId);
    EXPECT_EQ(unpaid.out_trade_no, "T1");
    EXPECT_EQ(unpaid.prepay_id, prepay_id);
    EXPECT_EQ(unpaid.transaction_id, "");
    EXPECT_EQ(unpaid.trade_type, "JSAPI");
    EXPECT_EQ(unpaid.state, "NOTPAY");
    EXPECT_EQ(unpaid.openid, AppHarness::kOpenId);
    EXPECT_EQ(unpaid.total_fee, 888);
    EXPECT_EQ(unpaid.refunded_fee, 0);
    EXPECT_FALSE(unpaid.paid_at);
}

TEST(InProcess, TakesEachNameOfAnOrder) {
    Sandbox wechat;
    const std::string prepay_id = order(wechat, "T1");
    EXPECT_EQ(wechat.pay(prepay_id).state, "SUCCESS");
    const std::string transaction_id = wechat.order("T1").transaction_id;
    EXPECT_EQ(wechat.order(transaction_id).out_trade_no, "T1");
    EXPECT_EQ(wechat.order("1900000109:T1").out_trade_no, "T1");
}

TEST(InProcess, PrefersTheMerchantsOwnNumberToAnId) {
    Sandbox wechat;
    const std::string prepay_id = order(wechat, "T1").substr(0, 32);
    order(wechat, prepay_id);  // it is a good out_trade_no as well
    EXPECT_EQ(wechat.order(prepay_id).out_trade_no, prepay_id);
}

TEST(InProcess, PaysAtItsOwnTime) {
    Sandbox::Options options;
    options.start_time = parse_rfc3339("2024-06-01T12:00:00+08:00");
    Sandbox wechat(options);
    order(wechat, "T1");
    wechat.advance(90s + 5ms);
    EXPECT_EQ(wechat.pay("T1").paid_at, *options.start_time + 90s + 5ms);
    EXPECT_EQ(wechat.now(), *options.start_time + 90s + 5ms);
}

TEST(InProcess, LeavesAnOrderUnpaidWhenTheUserCancels) {
    Sandbox wechat;
    order(wechat, "T1");
    EXPECT_EQ(wechat.pay("T1", "cancel").state, "NOTPAY");
    expect_error([&] { wechat.pay("T1", "success\xff"); }, "outcome: outcome is success, cancel");
}

TEST(InProcess, SaysWhyItCannot) {
    Sandbox wechat;
    expect_error([&] { wechat.pay("T1"); }, "no order 'T1'");
    expect_error([&] { (void)wechat.order("1900000109:T1"); }, "no order '1900000109:T1'");
    expect_error([&] { (void)wechat.notifications("T1"); }, "no order 'T1'");
    expect_error([&] { wechat.advance(-1s); }, "seconds: 'seconds' is a number of at least 0");
    order(wechat, "T1");
    wechat.pay("T1");
    expect_error([&] { wechat.pay("T1"); }, "POST orders/1900000109:T1/pay: ");
}

TEST(InProcess, DeliversWhatIsDueWhenItAdvances) {
    Sandbox wechat;
    const Inbox inbox;
    order(wechat, "T1", inbox.url());
    wechat.pay("T1");
    const Sandbox::Advanced advanced = wechat.advance();
    EXPECT_EQ(advanced.now, wechat.now());
    EXPECT_EQ(advanced.delivered, 1);
    EXPECT_EQ(advanced.failed, 0);
    const auto notifications = wechat.notifications("T1");
    ASSERT_EQ(notifications.size(), 1U);
    EXPECT_EQ(notifications[0].kind, "payment");
    EXPECT_EQ(notifications[0].mch_id, AppHarness::kMchId);
    EXPECT_EQ(notifications[0].out_trade_no, "T1");
    EXPECT_EQ(notifications[0].url, inbox.url());
    EXPECT_EQ(notifications[0].state, "delivered");
    ASSERT_EQ(notifications[0].attempts.size(), 1U);
    EXPECT_EQ(notifications[0].attempts[0].at, wechat.now());
    EXPECT_EQ(notifications[0].attempts[0].http_status, 200);
    EXPECT_EQ(notifications[0].attempts[0].verdict, "ok");
    EXPECT_THAT(notifications[0].attempts[0].response_body, HasSubstr("SUCCESS"));
}

TEST(InProcess, TriesADayLongToReachAShopThatIsDown) {
    Sandbox wechat;
    Inbox inbox;
    inbox.accepts = false;
    order(wechat, "T1", inbox.url());
    wechat.pay("T1");
    const Instant paid = wechat.now();
    EXPECT_EQ(wechat.advance().failed, 1);
    EXPECT_EQ(wechat.advance(24h).failed, 14);
    inbox.accepts = true;
    EXPECT_EQ(wechat.advance(4min).delivered, 1);
    const Sandbox::Notification notification = wechat.notifications().at(0);
    EXPECT_EQ(notification.state, "delivered");
    EXPECT_EQ(notification.attempts.at(0).http_status, 500);
    EXPECT_EQ(notification.attempts.at(0).verdict, "bad_answer");
    EXPECT_EQ(notification.attempts.at(1).at, paid + 15s);
    EXPECT_EQ(notification.attempts.at(15).at, paid + 24h + 4min);
}

TEST(InProcess, ListsCallbacksOfAllOrdersOrOfOne) {
    Sandbox wechat;
    for (const char* number : {"T1", "T|2*@"}) {
        order(wechat, number);
        wechat.pay(number);
    }
    const auto all = wechat.notifications();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].out_trade_no, "T|2*@") << "the newest comes first";
    EXPECT_EQ(all[1].out_trade_no, "T1");
    const auto of_one = wechat.notifications("T|2*@");
    ASSERT_EQ(of_one.size(), 1U);
    EXPECT_EQ(of_one[0].id, all[0].id);
}

TEST(InProcess, HasFaultsUntilItIsReset) {
    Sandbox wechat;
    const std::string id = wechat.add_fault(R"({"on":"api","do":{"http_status":502}})");
    EXPECT_THAT(wechat.control("GET", "faults"), HasSubstr("\"" + id + "\""));
    EXPECT_EQ(call(wechat, "/pay/unifiedorder", AppHarness::order("T1")).status, 502);
    wechat.reset();
    order(wechat, "T1");
    wechat.reset();
    expect_error([&] { (void)wechat.order("T1"); }, "no order");
    expect_error([&] { wechat.add_fault("{"); }, "the body is not a JSON object");
    expect_error([&] { wechat.add_fault(R"({"on":"api","do":{"jump":1}})"); }, "do");
}

TEST(InProcess, DrawsTheSameIdsFromTheSameSeed) {
    const auto prepay_id = [](std::uint64_t seed) {
        Sandbox::Options options;
        options.seed = seed;
        options.start_time = parse_rfc3339("2024-06-01T12:00:00+08:00");
        return order(Sandbox(options), "T1");
    };
    EXPECT_EQ(prepay_id(7), prepay_id(7));
    EXPECT_NE(prepay_id(7), prepay_id(8));
}

TEST(InProcess, GivesHintsUnlessStrict) {
    const auto has_hint = [](bool strict) {
        Sandbox::Options options;
        options.strict = strict;
        const http::Response refused =
            call(Sandbox(options), "/pay/unifiedorder", AppHarness::order("T1", {{"body", "-"}}));
        return refused.headers.find("Wxpay-Sandbox-Hint").has_value();
    };
    EXPECT_TRUE(has_hint(false));
    EXPECT_FALSE(has_hint(true));
}

TEST(InProcess, ReachesTheRestOfTheControlApi) {
    Sandbox wechat;
    order(wechat, "T1");
    EXPECT_THAT(wechat.control("GET", "orders?state=NOTPAY&limit=5"), HasSubstr("\"T1\""));
    expect_error([&] { wechat.control("GET", "wait?order=1900000109:T1&timeout=0"); },
                 "was not paid in time");
    expect_error([&] { wechat.control("GET", "oders"); },
                 "GET oders: the control API has no /_sandbox/v1/oders");
    expect_error([&] { wechat.control("GET", "events"); }, "a stream has no end");
}

}  // namespace
}  // namespace wxpay::test
