// One merchant's server is dead; the others must not notice.
#include <chrono>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "sandbox/server.hpp"
#include "sandbox/store/store.hpp"
#include "tests/support/app_harness.hpp"
#include "tests/support/scripted_server.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

constexpr int kPending = 100'000;

/// Callbacks that are due already, as a restart finds them.
void store_pending(sandbox::Context& context, const std::string& url) {
    const auto transaction = context.store.begin();
    for (int i = 0; i < kPending; ++i) {
        sandbox::Notification callback;
        callback.mch_id = MchId::parse(AppHarness::kMchId).value();
        callback.out_trade_no = OutTradeNo::parse("DEAD" + std::to_string(i)).value();
        callback.url = url;
        callback.body = "<xml></xml>";
        callback.next_at = context.clock.now();
        transaction->insert_notification(callback);
        sandbox::Timer timer{
            .due = *callback.next_at, .kind = sandbox::TimerKind::deliver, .subject = callback.id};
        transaction->insert_timer(timer);
    }
    transaction->commit();
}

/// One call without a socket; it must be answered at once.
std::string call(sandbox::Server& server, const std::string& path, std::string body) {
    http::Request request;
    request.method = "POST";
    request.path = path;
    request.headers.add("Host", "127.0.0.1");
    request.body = std::move(body);
    return std::get<http::Response>(server.app().handle(std::move(request))).body;
}

TEST(DeadHost, WithAHundredThousandPendingCallbacksDelaysNoOther) {
    const Port dead;
    dead.listen();  // takes connections and never answers
    std::promise<void> arrived;
    ScriptedServer live([&arrived](Peer& peer, int) {
        if (peer.request().empty()) return;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nSUCCESS");
        arrived.set_value();
    });
    sandbox::Config config;
    config.clock = {sandbox::ClockMode::Kind::manual, 0};
    config.settings.notify_timeout = 10min;  // no attempt at the dead host ends in this test
    sandbox::Server server(std::move(config));
    const auto url_of = [](const http::Url& url) { return url.origin() + url.target; };
    store_pending(server.context(), url_of(dead.url()));
    ASSERT_TRUE(server.start());

    const std::string notify_url = live.url().origin() + "/notify";
    ASSERT_NE(call(server, "/pay/unifiedorder",
                   AppHarness::xml(
                       AppHarness::sign(AppHarness::order("LIVE", {{"notify_url", notify_url}}))))
                  .find("<prepay_id>"),
              std::string::npos);
    call(server, "/_sandbox/v1/orders/1900000109:LIVE/pay", "{}");

    // Its timer is younger than all the others, so those were sent, or wait for their host, by now.
    ASSERT_EQ(arrived.get_future().wait_for(60s), std::future_status::ready);
    const auto is_callback = [](const sandbox::Exchange& exchange) {
        return exchange.kind == sandbox::Exchange::Kind::callback &&
               exchange.out_trade_no.starts_with("DEAD");
    };
    EXPECT_TRUE(server.context().exchanges.list(1, is_callback).empty())
        << "no callback to the dead host has ended";
    EXPECT_EQ(server.context().exchanges.held().dropped, 0U);
    EXPECT_TRUE(dead.has_connection()) << "the last thing: it takes one, and closes it";
}

}  // namespace
}  // namespace wxpay::test
