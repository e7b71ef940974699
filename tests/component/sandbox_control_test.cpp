// The control API: the cashier, lists, waiting, the clock, exchanges, its guards.
#include <future>

#include <gtest/gtest.h>

#include "core/v2/pay_sign.hpp"

#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

class Control : public testing::Test {
  protected:
    std::string order(const std::string& number, const Fields& changes = {}) {
        return sandbox.v2("/pay/unifiedorder", AppHarness::order(number, changes)).at("prepay_id");
    }
    Json payment(const std::string& prepay_id, const std::string& sign_type = "MD5") {
        v2::JsapiPayment p{AppHarness::kAppId,       "1717214400", "nonce",
                           "prepay_id=" + prepay_id, sign_type,    ""};
        p.pay_sign = v2::pay_sign(p, Secret(AppHarness::kKey), *v2::parse_sign_type(sign_type));
        return {{"appId", p.app_id},    {"timeStamp", p.time_stamp}, {"nonceStr", p.nonce_str},
                {"package", p.package}, {"signType", p.sign_type},   {"paySign", p.pay_sign}};
    }
    /// The answer of a long poll, when it comes.
    std::future<http::Response> wait_later(const std::string& query) {
        http::Request request;
        request.path = "/_sandbox/v1/wait";
        request.query = query;
        http::Answer answer = sandbox.app.handle(request);
        auto promise = std::make_shared<std::promise<http::Response>>();
        auto future = promise->get_future();
        std::get<http::Later>(answer)(
            [promise](http::Response response) { promise->set_value(std::move(response)); });
        return future;
    }
    std::string cashier(const Json& payment) {
        const auto answer = sandbox.control("POST", "/_sandbox/v1/cashier", payment);
        if (answer.status == 200) return "";
        EXPECT_GE(answer.status, 400);
        return answer.body["error"]["message"];
    }

    AppHarness sandbox;
};

TEST_F(Control, CashierTakesRightArguments) {
    const auto answer = sandbox.control("POST", "/_sandbox/v1/cashier", payment(order("C1")));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body["out_trade_no"], "C1");
    EXPECT_EQ(answer.body["state"], "NOTPAY") << "paying is the next call";
    EXPECT_EQ(cashier(payment(order("C2", {{"sign_type", "HMAC-SHA256"}}), "HMAC-SHA256")), "");
}

TEST_F(Control, CashierNamesEachMistakeInWeChatsWords) {
    const Json good = payment(order("C3"));
    const auto with = [&](const char* name, const Json& value) {
        Json changed = good;
        changed[name] = value;
        return changed;
    };
    EXPECT_EQ(cashier(with("paySign", "0")), "支付验证签名失败");
    EXPECT_EQ(cashier(with("nonceStr", "other")), "支付验证签名失败");
    EXPECT_EQ(cashier(with("signType", "HMAC-SHA256")), "支付验证签名失败");
    EXPECT_EQ(cashier(with("appId", "")), "调用支付JSAPI缺少参数：appId");
    EXPECT_EQ(cashier(with("appId", "wx1111111111111111")), "调用支付JSAPI缺少参数：total_fee");
    EXPECT_EQ(cashier(with("package", "")), "调用支付JSAPI缺少参数：total_fee");
    EXPECT_EQ(cashier(with("package", "wx0112")), "调用支付JSAPI缺少参数：total_fee");
    EXPECT_EQ(cashier(with("package", "prepay_id=wx00000000000000000000000000000000")),
              "调用支付JSAPI缺少参数：total_fee");
    EXPECT_EQ(cashier(with("timeStamp", 1717214400)),
              "requestPayment:fail parameter error: parameter.timeStamp should be String instead "
              "of Number;");
    EXPECT_EQ(cashier(payment(order("C4", {{"trade_type", "NATIVE"}, {"openid", "-"}}))),
              "支付场景非法");
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:C3/pay");
    EXPECT_EQ(cashier(good), "该订单已支付");
    const Json old = payment(order("C5"));
    sandbox.advance(2h);
    EXPECT_EQ(cashier(old), "调用支付JSAPI缺少参数：total_fee");
}

TEST_F(Control, FindsAnOrderByEachOfItsNames) {
    const std::string prepay_id = order("F1");
    const auto paid = sandbox.control("POST", "/_sandbox/v1/orders/" + prepay_id + "/pay");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders/" + prepay_id).body["out_trade_no"],
              "F1");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders/1900000109:F1").body["prepay_id"],
              prepay_id);
    const std::string transaction_id = paid.body["transaction_id"];
    const Json found = sandbox.control("GET", "/_sandbox/v1/orders/" + transaction_id).body;
    EXPECT_EQ(found["api"], "v2");
    EXPECT_EQ(found["total_fee"], 888);
    EXPECT_EQ(found["created_at"], "2024-06-01T12:00:00+08:00");
    EXPECT_FALSE(found.contains("attach"));
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders/nothing").status, 404);
}

TEST_F(Control, ListsOrdersNewestFirstInPages) {
    for (int i = 0; i < 5; ++i) order("L" + std::to_string(i));
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:L2/pay");
    auto page = sandbox.control("GET", "/_sandbox/v1/orders?limit=2").body;
    EXPECT_EQ(page["orders"][0]["out_trade_no"], "L4");
    EXPECT_EQ(page["orders"][1]["out_trade_no"], "L3");
    page = sandbox
               .control("GET", "/_sandbox/v1/orders?limit=3&cursor=" +
                                   page["next_cursor"].get<std::string>())
               .body;
    EXPECT_EQ(page["orders"][2]["out_trade_no"], "L0");
    EXPECT_FALSE(page.contains("next_cursor"));
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders?state=SUCCESS").body["orders"].size(),
              1U);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders?mch_id=1900000110").body["orders"].size(),
              0U);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders?state=PAID").status, 400);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders?limit=0").status, 400);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders?stat=SUCCESS").body["error"]["field"],
              "stat");
}

TEST_F(Control, RefusesBodiesThatMakeNoSense) {
    order("B1");
    const auto raw = [&](const std::string& body) {
        http::Request request;
        request.method = "POST";
        request.path = "/_sandbox/v1/orders/1900000109:B1/pay";
        request.body = body;
        return sandbox.call(request).status;
    };
    EXPECT_EQ(raw("{"), 400);
    EXPECT_EQ(raw("[]"), 400);
    EXPECT_EQ(raw(std::string(10'000, '[')), 400);
    EXPECT_EQ(raw(R"({"outcome":1})"), 400);
    EXPECT_EQ(raw(R"({"outcome":"paid"})"), 400);
    EXPECT_EQ(raw(R"({"outcom":"success"})"), 400);
    EXPECT_EQ(raw(R"({"openid":"x"})"), 400);
    EXPECT_EQ(raw(R"({"coupons":[{"id":"1","type":"CASH","fee":889}]})"), 400);
    EXPECT_EQ(raw(R"({"coupons":[{"id":"1","type":"CASH","fee":1.5}]})"), 400);
    EXPECT_EQ(raw(""), 200);
}

TEST_F(Control, WaitAnswersAtOnceWhatHoldsAlready) {
    order("W1");
    EXPECT_EQ(
        sandbox.control("GET", "/_sandbox/v1/wait?order=1900000109:W1&until=paid&timeout=0").status,
        408);
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:W1/pay");
    EXPECT_EQ(
        sandbox.control("GET", "/_sandbox/v1/wait?order=1900000109:W1&until=paid").body["state"],
        "SUCCESS");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/wait?order=1900000109:W1&until=payd").status,
              400);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/wait?until=paid").status, 400);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/wait?order=1900000109:W1&timeout=ten").status,
              400);
}

TEST_F(Control, WaitSaysWhatKeptItFromItsEnd) {
    const auto why = [&](const std::string& number, const std::string& until) {
        const auto answer = sandbox.control("GET", "/_sandbox/v1/wait?order=1900000109:" + number +
                                                       "&until=" + until + "&timeout=0");
        EXPECT_EQ(answer.status, 408);
        EXPECT_EQ(answer.body["error"]["code"], "timeout");
        return answer.body["error"];
    };
    EXPECT_EQ(why("W8", "paid")["message"],
              "'1900000109:W8' was not paid in time: no such order so far");
    EXPECT_FALSE(why("W8", "paid").contains("state"));
    order("W8");
    EXPECT_EQ(why("W8", "paid")["message"],
              "'1900000109:W8' was not paid in time: state is NOTPAY");
    EXPECT_EQ(why("W8", "paid")["state"], "NOTPAY");
    sandbox.sender.answer = [](const auto&) { return RecordingSender::answered(200, "hello"); };
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:W8/pay");
    EXPECT_EQ(why("W8", "notified")["message"],
              "'1900000109:W8' was not notified in time: state is SUCCESS, the callback has not "
              "been tried");
    sandbox.run_due();
    const std::string unheard = why("W8", "notified")["message"];
    EXPECT_NE(unheard.find("state is SUCCESS; last callback bad_answer: "), std::string::npos)
        << unheard;
    EXPECT_EQ(why("W8", "refunded")["message"],
              "'1900000109:W8' was not refunded in time: state is SUCCESS, refunded 0 of 888");
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:W8/refund-outcome",
                    {{"outcome", "hold"}});
    sandbox.v2("/secapi/pay/refund", {{"out_trade_no", "W8"},
                                      {"out_refund_no", "R8"},
                                      {"total_fee", "888"},
                                      {"refund_fee", "8"}});
    const std::string held = why("W8", "refunded")["message"];
    EXPECT_NE(held.find(", R8 is PROCESSING"), std::string::npos) << held;
}

TEST_F(Control, WaitIsToldWhenTheServerStops) {
    auto waiting = wait_later("order=1900000109:W9&until=paid&timeout=60s");
    sandbox.waiters.stop();
    const http::Response answer = waiting.get();
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(Json::parse(answer.body)["error"]["code"], "stopping");
}

TEST_F(Control, RefusesAMerchantsNumberThatIsNoneInEachQuery) {
    for (const char* const path :
         {"orders", "notifications", "faults", "exchanges", "events", "merchants", "report"}) {
        for (const char* const wrong : {"abc", "1", "s1900000109"}) {
            const auto answer =
                sandbox.control("GET", std::string("/_sandbox/v1/") + path + "?mch_id=" + wrong);
            EXPECT_EQ(answer.status, 400) << path;
            EXPECT_EQ(answer.body["error"]["field"], "mch_id") << path;
        }
    }
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/reset?mch_id=abc").status, 400);
    EXPECT_EQ(sandbox.control("DELETE", "/_sandbox/v1/faults?mch_id=abc").status, 400);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders?mch_id=").status, 200);
}

TEST_F(Control, SaysOfAnExchangeWhetherItsSignatureIsRight) {
    const auto signature = [&](const std::string& id) {
        return sandbox.control("GET", "/_sandbox/v1/exchanges/" + id)
            .body.value("signature", Json());
    };
    order("S1");
    EXPECT_EQ(signature("1"), Json({{"right", true}}));
    const Fields wrong =
        AppHarness::sign(AppHarness::order("S2"), "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c");
    sandbox.post("/pay/unifiedorder", AppHarness::xml(wrong));
    EXPECT_EQ(signature("2"), Json({{"right", false}, {"mistakes", {"other_merchants_key"}}}));
    // Refused before anybody looked at it: the key says so.
    Fields unbound = AppHarness::order("S3", {{"appid", "wx1111111111111111"}});
    sandbox.post("/pay/unifiedorder", AppHarness::xml(AppHarness::sign(unbound)));
    EXPECT_EQ(signature("3"), Json({{"right", true}}));
    sandbox.post("/pay/unifiedorder", "hello");
    EXPECT_EQ(signature("4"), Json()) << "it has none";
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:S1/pay");
    sandbox.run_due();
    EXPECT_EQ(signature("c1"), Json({{"right", true}}));
    sandbox.control("POST", "/_sandbox/v1/faults",
                    {{"on", "notify"}, {"do", {{"corrupt_sign", true}}}});
    sandbox.control("POST", "/_sandbox/v1/notifications/1/resend");
    EXPECT_EQ(signature("c2"), Json({{"right", false}}));
}

TEST_F(Control, SaysWhichTokenIsMissingOrWrong) {
    sandbox.settings.control_token = "t0ken";
    http::Request request;
    request.path = "/_sandbox/v1/orders";
    const auto message = [&] {
        return Json::parse(sandbox.call(request).body)["error"]["message"].get<std::string>();
    };
    EXPECT_TRUE(message().starts_with("Authorization: Bearer TOKEN is wanted")) << message();
    request.headers.add("Authorization", "Bearer wrong");
    EXPECT_TRUE(message().starts_with("this token is not the right one")) << message();
}

TEST_F(Control, WaitHoldsTheAnswerUntilTheOrderChanges) {
    auto unborn = wait_later("order=1900000109:W2&until=paid&timeout=60s");
    order("W2");
    auto notified = wait_later("order=1900000109:W2&until=notified&timeout=60s");
    auto closed = wait_later("order=1900000109:W3&until=closed&timeout=60s");
    EXPECT_EQ(unborn.wait_for(0s), std::future_status::timeout);
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:W2/pay");
    EXPECT_EQ(unborn.get().status, 200);
    EXPECT_EQ(notified.wait_for(0s), std::future_status::timeout);
    sandbox.run_due();
    EXPECT_EQ(notified.get().status, 200);
    order("W3");
    EXPECT_EQ(closed.wait_for(0s), std::future_status::timeout);
    sandbox.v2("/pay/closeorder", {{"out_trade_no", "W3"}});
    EXPECT_EQ(Json::parse(closed.get().body)["state"], "CLOSED");
}

TEST_F(Control, AdvancesTheClockAndFiresWhatFallsDue) {
    sandbox.scheduler.start();
    sandbox.sender.answer = [](const auto&) { return RecordingSender::unreachable(); };
    order("T1");
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:T1/pay");
    const auto advanced =
        sandbox.control("POST", "/_sandbox/v1/clock/advance", {{"seconds", 86640}});
    EXPECT_EQ(advanced.status, 200);
    EXPECT_EQ(advanced.body["now"], "2024-06-02T12:04:00+08:00");
    EXPECT_EQ(sandbox.only_notification()["state"], "exhausted");
    EXPECT_EQ(sandbox.only_notification()["attempts"].size(), 16U);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/clock").body,
              (Json{{"now", "2024-06-02T12:04:00+08:00"}, {"mode", "manual"}}));
    EXPECT_EQ(
        sandbox.control("POST", "/_sandbox/v1/clock/advance", {{"to", "2024-06-03T00:00:00+08:00"}})
            .body["fired"],
        0);
    EXPECT_EQ(
        sandbox.control("POST", "/_sandbox/v1/clock/advance", {{"to", "2024-06-01T00:00:00+08:00"}})
            .status,
        400);
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/clock/advance", {{"seconds", -1}}).status, 400);
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/clock/advance", {{"seconds", 1e18}}).status,
              400);
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/clock/advance", {{"second", 1}}).status, 400);
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/clock/advance").status, 400);
}

TEST_F(Control, ChangesHowTimeMoves) {
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/clock", {{"mode", "x60"}}).body["mode"], "x60");
    sandbox.stopwatch.advance(1s);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/clock").body["now"],
              "2024-06-01T12:01:00+08:00");
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/clock", {{"mode", "real"}}).body["now"],
              "2024-06-01T12:01:00+08:00");
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/clock/advance", {{"seconds", 1}}).status, 409);
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/clock", {{"mode", "fast"}}).status, 400);
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/clock", {{"mode", "x0"}}).status, 400);
}

TEST_F(Control, ShowsWhatWentOverTheWireWithSecretsMasked) {
    order("E1");
    Fields wrong = AppHarness::sign(AppHarness::order("E2"), "ffffffffffffffffffffffffffffffff");
    const http::Response refused = sandbox.post("/pay/unifiedorder", AppHarness::xml(wrong));
    const std::string id(refused.headers.get("Wxpay-Sandbox-Exchange"));
    const Json exchange = sandbox.control("GET", "/_sandbox/v1/exchanges/" + id).body;
    EXPECT_EQ(exchange["verdict"], "refused");
    EXPECT_EQ(exchange["error"], "签名错误");
    EXPECT_EQ(exchange["out_trade_no"], "E2");
    EXPECT_EQ(exchange["request"]["body"], AppHarness::xml(wrong));
    const std::string text = exchange["string_to_sign"];
    EXPECT_TRUE(text.starts_with("appid=wx8888888888888888&body=")) << text;
    EXPECT_TRUE(text.ends_with("&key=***")) << text;

    http::Request login;
    login.path = "/sns/jscode2session";
    login.query =
        "appid=wx8888888888888888&secret=5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d&js_code=abc&grant_type="
        "authorization_code";
    EXPECT_EQ(sandbox.call(login).status, 200);
    const std::string all = sandbox.control("GET", "/_sandbox/v1/exchanges").body.dump();
    EXPECT_EQ(all.find("5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d"), std::string::npos)
        << "the app secret leaks";
    EXPECT_EQ(all.find(AppHarness::kKey), std::string::npos);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/exchanges?order=1900000109:E2")
                  .body["exchanges"]
                  .size(),
              1U);
    EXPECT_EQ(
        sandbox.control("GET", "/_sandbox/v1/exchanges?limit=1").body["exchanges"][0]["endpoint"],
        "/sns/jscode2session");
    const Json whole =
        sandbox
            .control("GET", "/_sandbox/v1/exchanges/" +
                                sandbox.control("GET", "/_sandbox/v1/exchanges?limit=1")
                                    .body["exchanges"][0]["id"]
                                    .get<std::string>())
            .body;
    EXPECT_EQ(Json::parse(whole["response"]["body"].get<std::string>())["session_key"], "***");
}

TEST_F(Control, ShowsNoSecretWhereverAClientPutsIt) {
    http::Request request;
    request.path = "/sns/jscode2session";
    request.query =
        "x=1&secret=A&%73ecret=5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d&js_code=z&appid=wx8888888888888888";
    sandbox.call(request);
    sandbox.post("/pay/orderquery", "<xml><key>" + std::string(AppHarness::kKey) +
                                        "</key><sign>x</sign><mch_id>1900000109</mch_id></xml>");
    for (const char* const target :
         {"/_sandbox/v1/exchanges", "/_sandbox/v1/exchanges/1", "/_sandbox/v1/exchanges/2"}) {
        const std::string text = sandbox.control("GET", target).body.dump();
        EXPECT_EQ(text.find("5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d"), std::string::npos) << text;
        EXPECT_EQ(text.find(AppHarness::kKey), std::string::npos) << text;
    }
}

TEST_F(Control, AnswersHeadLikeGetAndNamesTheMethodsOfAPath) {
    EXPECT_EQ(sandbox.control("HEAD", "/_sandbox/health").status, 200);
    http::Request request;
    request.method = "PUT";
    request.path = "/_sandbox/v1/clock";
    request.headers.add("Host", "127.0.0.1");
    EXPECT_EQ(sandbox.call(request).headers.get("Allow"), "GET, POST");
}

TEST_F(Control, ForgetsOnReset) {
    order("Z1");
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:Z1/pay");
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/reset?mch_id=1900000110").status, 200);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders").body["orders"].size(), 1U);
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/reset").status, 200);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders").body["orders"].size(), 0U);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/notifications").body["notifications"].size(),
              0U);
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/exchanges").body["exchanges"].size(), 0U);
    sandbox.advance(24h);
    EXPECT_TRUE(sandbox.sender.sent.empty()) << "its timers are gone too";
    order("Z1");
}

TEST_F(Control, RefusesPagesOfOtherOrigins) {
    const auto status = [&](const std::string& method, const std::string& path,
                            const std::string& host, const std::string& origin) {
        http::Request request;
        request.method = method;
        request.path = path;
        if (!host.empty()) request.headers.add("Host", host);
        if (!origin.empty()) request.headers.add("Origin", origin);
        return sandbox.call(request).status;
    };
    for (const char* path : {"/_sandbox/health", "/_sandbox/v1/orders", "/_sandbox/v1/clock",
                             "/_sandbox/v1/exchanges"}) {
        EXPECT_EQ(status("GET", path, "127.0.0.1:12180", ""), 200) << path;
        EXPECT_EQ(status("GET", path, "localhost:12180", "http://localhost:12180"), 200) << path;
        EXPECT_EQ(status("GET", path, "127.0.0.1:12180", "http://evil.example.com"), 403) << path;
        EXPECT_EQ(status("GET", path, "127.0.0.1:12180", "null"), 403) << path;
        EXPECT_EQ(status("GET", path, "evil.example.com:12180", ""), 403) << path;
        EXPECT_EQ(status("GET", path, "127.0.0.1.evil.example.com", ""), 403) << path;
    }
    EXPECT_EQ(status("POST", "/_sandbox/v1/reset", "127.0.0.1:12180", "http://evil.example.com"),
              403);
    EXPECT_EQ(status("DELETE", "/_sandbox/v1/orders", "127.0.0.1:12180", ""), 405);
    EXPECT_EQ(status("GET", "/_sandbox/v1/order", "127.0.0.1:12180", ""), 404);
}

TEST(ControlToken, IsWantedOnceItIsSet) {
    sandbox::Settings settings;
    settings.control_token = "t0ken";
    AppHarness sandbox(settings);
    http::Request request;
    request.path = "/_sandbox/v1/orders";
    request.headers.add("Host", "sandbox.ci:12180");
    EXPECT_EQ(sandbox.call(request).status, 401);
    request.headers.add("Authorization", "Bearer wrong");
    EXPECT_EQ(sandbox.call(request).status, 401);
    request.headers.set("Authorization", "Bearer t0ken");
    EXPECT_EQ(sandbox.call(request).status, 200);
    http::Request probe;
    probe.path = "/_sandbox/readyz";
    EXPECT_EQ(sandbox.call(probe).status, 200);
}

TEST(Login, FollowsTheDocumentedSession) {
    AppHarness sandbox;
    const auto login = [&](const std::string& query) {
        http::Request request;
        request.path = "/sns/jscode2session";
        request.query = query;
        const http::Response response = sandbox.call(request);
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.headers.get("Content-Type"), "application/json; charset=utf-8");
        return Json::parse(response.body);
    };
    const std::string good =
        "appid=wx8888888888888888&secret=5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d&grant_type=authorization_"
        "code&js_code=";
    EXPECT_EQ(login(good + "081aBcDe0fGhIj"), (Json{{"session_key", "/TxjaSmgWWTNXzJHx/tpQQ=="},
                                                    {"openid", "oINWNzbase0mOuZ0R9oZr4fAGY5K"}}));
    const Json again = login(good + "081aBcDe0fGhIj");
    EXPECT_EQ(again["errcode"], 40163);
    EXPECT_TRUE(again["errmsg"].get<std::string>().starts_with("code been used, rid: 665a9cc0-"))
        << again;
    EXPECT_EQ(login(good + "oNOTENOUGH000000000000000001")["openid"],
              "oNOTENOUGH000000000000000001");
    const std::pair<const char*, int> cases[] = {{"expired1", 40029}, {"blocked1", 40226},
                                                 {"busy1", -1},       {"quota1", 45011},
                                                 {"no/slash", 40029}, {"", 41008}};
    for (const auto& [code, errcode] : cases)
        EXPECT_EQ(login(good + code)["errcode"], errcode) << code;
    EXPECT_EQ(login("secret=x&js_code=c&grant_type=authorization_code")["errcode"], 41002);
    EXPECT_EQ(login("appid=wx8888888888888888&js_code=c&grant_type=authorization_code")["errcode"],
              41004);
    EXPECT_EQ(
        login(
            "appid=wx8888888888888888&secret=x&js_code=c&grant_type=authorization_code")["errcode"],
        40125);
    EXPECT_EQ(login("appid=wx0&secret=x&js_code=c&grant_type=authorization_code")["errcode"],
              40013);
    EXPECT_EQ(login("appid=wx8888888888888888&secret=x&js_code=c&grant_type=x")["errcode"], 40002);
}

}  // namespace
}  // namespace wxpay::test
