// The verbs that drive a running server, run for real.
#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/http/server.hpp"
#include "core/http/stream.hpp"
#include "core/v2/notification.hpp"

#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_socket.hpp"

namespace wxpay::test {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kProgram = WXPAY_SANDBOX_PROGRAM;
const std::string kOrder = "1900000109:V1";

Ran run_program(const std::vector<std::string>& arguments,
                const std::map<std::string, std::string>& environment = {}) {
    return run_to_end(kProgram, arguments, environment);
}

/// An HTTP server in this process that remembers what it was asked.
class Peer {
  public:
    explicit Peer(http::Response answer)
        : server_({}, [this, answer = std::move(answer)](http::Request request) -> http::Answer {
              const std::lock_guard lock(mutex_);
              asked_.push_back(std::move(request));
              return answer;
          }) {
        if (!server_.start()) throw std::runtime_error("no server");
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
    std::vector<http::Request> asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

  private:
    std::mutex mutex_;
    std::vector<http::Request> asked_;
    http::Server server_;
};

class ControlVerbs : public testing::Test {
  protected:
    Ran run(const std::vector<std::string>& arguments) {
        return run_program(arguments, {{"WXPAY_SANDBOX_URL", sandbox.url()}});
    }
    Ran run_json(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--output", "json"});
        return run(arguments);
    }
    Json asked(const std::string& path) { return sandbox.call("GET", path).json(); }
    void make_order() {
        const Fields order = AppHarness::order("V1", {{"notify_url", merchant.url() + "/notify"}});
        sandbox.call("POST", "/pay/unifiedorder", AppHarness::xml(AppHarness::sign(order)));
    }

    Peer merchant{{200, {}, v2::notification_accepted()}};
    ServerProcess sandbox{kProgram, {"--port", "0", "--clock", "manual", "--seed", "1"}};
};

TEST_F(ControlVerbs, TellTheStoryOfAnOrder) {
    make_order();
    EXPECT_THAT(run({"orders"}).output, HasSubstr("1900000109:V1  NOTPAY  888"));

    const auto paid = run({"pay", kOrder});
    EXPECT_EQ(paid.status, 0);
    EXPECT_THAT(paid.output, HasSubstr("1900000109:V1  SUCCESS  888"));
    EXPECT_THAT(paid.output, HasSubstr("支付成功"));

    const auto notified = run({"wait", kOrder, "--until", "notified", "--timeout", "20s"});
    EXPECT_EQ(notified.status, 0) << notified.output;
    EXPECT_THAT(notified.output, HasSubstr("out_trade_no    V1\n"));
    EXPECT_THAT(run({"notifications"}).output, HasSubstr("delivered  1         ok"));
    EXPECT_THAT(run({"logs"}).output, HasSubstr("POST /pay/unifiedorder  200  ok  1900000109:V1"));
    EXPECT_THAT(run({"orders", kOrder}).output, HasSubstr("state           SUCCESS"));

    const auto again = run({"notifications", "resend", "1"});
    EXPECT_EQ(again.status, 0) << again.output;
    EXPECT_EQ(merchant.asked().size(), 2U);
    EXPECT_THAT(run({"notifications", "show", "1"}).output, HasSubstr("attempts\nn  at"));
}

TEST_F(ControlVerbs, PrintTheControlApisJsonUnchanged) {
    make_order();
    const auto unchanged = [&](const std::vector<std::string>& verb, const std::string& path) {
        EXPECT_EQ(run_json(verb).output, sandbox.call("GET", path).body + "\n") << verb[0];
    };
    unchanged({"orders"}, "/_sandbox/v1/orders");
    unchanged({"orders", "--state", "SUCCESS", "--limit", "1"},
              "/_sandbox/v1/orders?state=SUCCESS&limit=1");
    unchanged({"orders", kOrder}, "/_sandbox/v1/orders/" + kOrder);
    unchanged({"notifications"}, "/_sandbox/v1/notifications");
    unchanged({"clock"}, "/_sandbox/v1/clock");
    unchanged({"logs", "--limit", "100"}, "/_sandbox/v1/exchanges");
    unchanged({"logs", "--order", kOrder}, "/_sandbox/v1/exchanges?limit=20&order=" + kOrder);
    unchanged({"readyz"}, "/_sandbox/readyz");

    EXPECT_EQ(run_json({"pay", kOrder}).json()["payment"]["outcome"], "success");
    EXPECT_EQ(run_json({"wait", kOrder}).json()["state"], "SUCCESS");
    EXPECT_EQ(run_json({"clock", "advance", "90s"}).json()["failed"], 0);
    EXPECT_EQ(run_json({"clock", "set", "x60"}).json()["mode"], "x60");
    EXPECT_EQ(run_json({"reset"}).json()["status"], "ok");
    // A refusal is said twice: in JSON for programs, in a line for people.
    const auto refused = run_json({"orders", "nothing"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(Json::parse(refused.output.substr(0, refused.output.find('\n')))["error"]["code"],
              "not_found");
}

TEST_F(ControlVerbs, PayANewOrderInOneGo) {
    const auto paid =
        run_json({"pay", "--new", "888", "--notify-url", merchant.url() + "/n"}).json();
    EXPECT_EQ(paid["state"], "SUCCESS");
    EXPECT_EQ(paid["total_fee"], 888);
    const std::string order = "1900000109:" + paid["out_trade_no"].get<std::string>();
    EXPECT_EQ(run({"wait", order, "--until", "notified"}).status, 0);
    EXPECT_EQ(merchant.asked().at(0).path, "/n");

    const auto chosen =
        run_json({"pay", "--new", "1", "--notify-url", merchant.url() + "/n", "--out-trade-no",
                  "N1", "--openid", "oReader", "--bank-type", "CMB_DEBIT"})
            .json();
    EXPECT_EQ(chosen["out_trade_no"], "N1");
    EXPECT_EQ(chosen["openid"], "oReader");
    EXPECT_EQ(chosen["bank_type"], "CMB_DEBIT");
    const auto refused =
        run({"pay", "--new", "2", "--notify-url", merchant.url() + "/n", "--out-trade-no", "N1"});
    EXPECT_EQ(refused.status, 1) << refused.output;
    EXPECT_THAT(refused.output, HasSubstr("the order was refused"));
}

TEST_F(ControlVerbs, SayWhenAPaymentEndsOtherwise) {
    make_order();
    const auto poor = run({"pay", kOrder, "--openid", "oNOTENOUGH"});
    EXPECT_EQ(poor.status, 1);
    EXPECT_THAT(poor.output, HasSubstr("余额不足"));
    EXPECT_EQ(run({"pay", kOrder, "--outcome", "cancel"}).status, 0) << "as asked";
    EXPECT_EQ(asked("/_sandbox/v1/orders/" + kOrder)["state"], "NOTPAY");
    EXPECT_EQ(run({"pay", kOrder}).status, 0);
    const auto twice = run({"pay", kOrder});
    EXPECT_EQ(twice.status, 1);
    EXPECT_EQ(twice.output, "wxpay-sandbox pay: 该订单已支付\n");
}

TEST_F(ControlVerbs, WaitOnlySoLong) {
    make_order();
    const auto late = run({"wait", kOrder, "--until", "paid", "--timeout", "10ms"});
    EXPECT_EQ(late.status, 1);
    EXPECT_EQ(late.output,
              "wxpay-sandbox wait: '1900000109:V1' was not paid in time: state is NOTPAY\n");
}

TEST_F(ControlVerbs, TriggerACallbackWithoutAnOrder) {
    const auto sent =
        run({"trigger", "payment", "--notify-url", merchant.url() + "/t", "--override",
             "total_fee=7", "--override", "attach=a=b", "--without", "openid"});
    EXPECT_EQ(sent.status, 0) << sent.output;
    EXPECT_THAT(sent.output, HasSubstr("state         delivered"));
    const auto message = v2::parse_payment_notification(
        merchant.asked().at(0).body, Secret(AppHarness::kKey), v2::SignType::md5);
    ASSERT_TRUE(message) << message.error().detail;
    EXPECT_EQ(message->total_fee, Fen{7});
    EXPECT_EQ(message->attach, "a=b");
    EXPECT_EQ(message->openid, "");
    EXPECT_EQ(run_json({"trigger", "refund", "--notify-url", merchant.url()}).json()["kind"],
              "refund");
    const auto lost = run({"trigger", "payment", "--notify-url", "http://127.0.0.1:1/"});
    EXPECT_EQ(lost.status, 1);
    EXPECT_THAT(lost.output, HasSubstr("\nwxpay-sandbox trigger: not delivered: unreachable: "))
        << "after what was sent";
    EXPECT_THAT(run({"trigger", "payment", "--notify-url", "http://8.8.8.8/"}).output,
                HasSubstr("start with --allow-notify 8.8.8.8"));
    EXPECT_EQ(run_json({"notifications", "--state", "exhausted"}).json()["notifications"].size(),
              2U);
}

TEST_F(ControlVerbs, CountTheFaultsThatTheyRemove) {
    run({"faults", "add", "--on", "api", "--do", "delay=1ms"});
    run({"faults", "add", "--on", "notify", "--do", "lose", "--mch-id", "1900000110"});
    const auto listed = run({"faults"}).output;
    EXPECT_THAT(listed, HasSubstr("matched  struck"));
    EXPECT_EQ(run({"faults", "clear", "--mch-id", "1900000111"}).output,
              "removed: 0 faults of 1900000111\n");
    EXPECT_EQ(run({"faults", "clear", "--mch-id", "1900000110"}).output,
              "removed: 1 fault of 1900000110\n");
    EXPECT_EQ(run({"faults", "clear"}).output, "removed: 1 fault\n");
    const auto odd =
        run({"faults", "add", "--on", "api", "--do", "delay=1ms", "--endpoint", "/pay/orderqery"});
    EXPECT_EQ(odd.status, 0);
    EXPECT_THAT(odd.output, HasSubstr("note: endpoint '/pay/orderqery' is no call that the sandbox "
                                      "knows; did you mean /pay/orderquery?\n"));
}

TEST_F(ControlVerbs, ShowOneNotificationByItsNumberAlone) {
    run({"trigger", "payment", "--notify-url", merchant.url() + "/t"});
    EXPECT_EQ(run({"notifications", "1"}).output, run({"notifications", "show", "1"}).output);
    EXPECT_EQ(run({"notifications", "9"}).status, 1);
}

TEST_F(ControlVerbs, NameTheOptionThatWasMeant) {
    const auto unknown = run({"orders", "--limits", "5"});
    EXPECT_EQ(unknown.status, 2);
    EXPECT_EQ(unknown.output,
              "wxpay-sandbox orders: unknown option --limits; did you mean --limit?; see "
              "wxpay-sandbox orders --help\n");
    EXPECT_THAT(run({"faults", "add", "--endpont=/x"}).output,
                HasSubstr("did you mean --endpoint?"));
    EXPECT_THAT(run({"serve", "--prot", "1"}).output, HasSubstr("did you mean --port?"));
    EXPECT_THAT(run({"run", "--greace", "1s", "--", "true"}).output,
                HasSubstr("did you mean --grace?"));
}

TEST_F(ControlVerbs, RepeatWhatTheServerRefusesOnce) {
    EXPECT_EQ(run({"orders", "--limit", "0"}).output,
              "wxpay-sandbox orders: " + sandbox.url() + ": limit is a number from 1 to 1000\n");
}

TEST_F(ControlVerbs, MoveTheClock) {
    EXPECT_THAT(run({"clock"}).output, HasSubstr("  manual\n"));
    const std::string before = asked("/_sandbox/v1/clock")["now"];
    EXPECT_THAT(run({"clock", "advance", "24h"}).output, HasSubstr("0 fired"));
    EXPECT_NE(asked("/_sandbox/v1/clock")["now"], before);
    EXPECT_EQ(run({"clock", "advance", "2d"}).status, 0);
    const std::string then = asked("/_sandbox/v1/clock")["now"];
    EXPECT_EQ(run({"clock", "advance", "0"}).status, 0);
    EXPECT_EQ(asked("/_sandbox/v1/clock")["now"], then);
    EXPECT_EQ(run({"clock", "advance", "15"}).status, 0) << "seconds, as in the control API";
    EXPECT_THAT(run({"clock", "advance", "2w"}).output, HasSubstr("ms, s, m, h, d"));
    EXPECT_EQ(run({"clock", "advance", "2099-01-02T03:04:05+08:00"}).status, 2) << "too far";
    EXPECT_EQ(run({"clock", "advance", before}).status, 2) << "it never goes back";
    EXPECT_THAT(run({"clock", "set", "x1000"}).output, HasSubstr("  x1000\n"));
    EXPECT_THAT(run({"clock", "set", "real"}).output, HasSubstr("  real\n"));
    const auto real = run({"clock", "advance", "1s"});
    EXPECT_EQ(real.status, 1) << real.output;
}

TEST_F(ControlVerbs, FollowWhatComesUntilTheServerEnds) {
    make_order();
    Process tail(kProgram, {"logs", "-f", "--url", sandbox.url()});
    Process json(kProgram,
                 {"logs", "-f", "--url", sandbox.url(), "--output", "json", "--order", kOrder});
    const auto said = [](const Process& process, const std::string& part) {
        return eventually([&] { return process.output().find(part) != std::string::npos; });
    };
    // What went before, and then what comes.
    ASSERT_TRUE(said(tail, "/pay/unifiedorder  200  ok")) << tail.output();
    ASSERT_TRUE(said(json, "\"endpoint\":\"/pay/unifiedorder\"")) << json.output();
    sandbox.call("POST", "/pay/nothing", "");
    run({"pay", kOrder});
    EXPECT_TRUE(said(tail, "/pay/nothing  404  refused")) << tail.output();
    EXPECT_TRUE(said(json, "\"kind\":\"callback\"")) << json.output();
    sandbox.process().signal(SIGTERM);
    EXPECT_EQ(sandbox.process().wait(), 0);
    EXPECT_EQ(tail.wait(), 0) << tail.output();
    EXPECT_EQ(json.wait(), 0) << json.output();
    EXPECT_THAT(json.output(), Not(HasSubstr("/pay/nothing"))) << "no order's";
    const std::string lines = json.output();
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
}

TEST_F(ControlVerbs, ForgetOneMerchantOrAll) {
    make_order();
    EXPECT_EQ(run({"reset", "--mch-id", "1900000110"}).output,
              "forgotten: everything of 1900000110\n");
    EXPECT_EQ(asked("/_sandbox/v1/orders")["orders"].size(), 1U);
    EXPECT_EQ(run({"reset"}).output, "forgotten: everything\n");
    EXPECT_EQ(asked("/_sandbox/v1/orders")["orders"].size(), 0U);
}

TEST_F(ControlVerbs, GiveAVerdict) {
    const auto nothing = run({"report"});
    EXPECT_EQ(nothing.status, 0) << nothing.output;
    EXPECT_THAT(nothing.output, HasSubstr("WARN   run/no-traffic"));
    EXPECT_EQ(run({"report", "--fail-on", "warning"}).status, 1);

    const Fields order = AppHarness::sign(AppHarness::order("V1"), std::string(32, 'x'));
    sandbox.call("POST", "/pay/unifiedorder", AppHarness::xml(order));
    const auto broken = run({"report"});
    EXPECT_EQ(broken.status, 1);
    EXPECT_THAT(broken.output, HasSubstr("1 call · 0 orders"));
    EXPECT_THAT(broken.output, HasSubstr("ERROR  sign/refused  order V1: POST /pay/unifiedorder"));
    EXPECT_THAT(broken.output, HasSubstr("wxpay-sandbox explain 1\n"));
    EXPECT_EQ(run({"report", "--fail-on", "never"}).status, 0);
    EXPECT_EQ(run({"report", "--mch-id", "1900000110"}).status, 0);
    const auto json = run_json({"report"});
    EXPECT_EQ(json.status, 1);
    EXPECT_EQ(json.json()["errors"], 1);
    EXPECT_EQ(run({"report", "--format", "json"}).output, json.output);
    EXPECT_THAT(run({"report", "--format", "junit"}).output, StartsWith("<?xml"));
    EXPECT_EQ(run({"report", "--format", "html"}).status, 2);
    EXPECT_EQ(run({"report", "--fail-on", "often"}).status, 2);
    EXPECT_EQ(run({"report", "--mch-id", "x"}).status, 2);

    EXPECT_THAT(run({"report", "--rules"}).output, HasSubstr("notify/slow"));
    EXPECT_EQ(run_json({"report", "--rules"}).json()["rules"][0]["id"], "sign/refused");
}

TEST_F(ControlVerbs, RefuseWrongUseInOneLine) {
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"orders", "--state", "PAID"}, "state"},
        {{"orders", "--limit", "0"}, "limit"},
        {{"orders", "--colour"}, "--colour"},
        {{"pay"}, "--new"},
        {{"pay", kOrder, "--new", "1"}, "--new"},
        {{"pay", "--new", "1"}, "--notify-url"},
        {{"pay", "--new", "1.5", "--notify-url", "http://127.0.0.1/"}, "--new"},
        {{"pay", "--new", "1", "--notify-url", "x", "--mch-id", "1900009999"},
         "no merchant '1900009999'"},
        {{"notifications", "resend"}, "id"},
        {{"notifications", "resent", "1"}, "resent"},
        {{"trigger", "payment"}, "--notify-url"},
        {{"trigger", "paid", "--notify-url", "http://127.0.0.1/"}, "event"},
        {{"trigger", "payment", "--notify-url", "http://127.0.0.1/", "--override", "a"}, "a"},
        {{"clock", "advance", "soon"}, "soon"},
        {{"clock", "set", "fast"}, "mode"},
        {{"faults", "add", "nonsense"}, "JSON"},
        {{"logs", "--output", "yaml"}, "--output"},
        {{"logs", "-f", "--mch-id", "1900000109", "--order", "wx0"}, "wx0"},
        {{"logs", "-f", "--mch-id", "x"}, "mch_id"},
        {{"wait"}, "order"},
        {{"wait", kOrder, "--timeout", "long"}, "--timeout"},
        {{"wait", kOrder, "--until", "rich"}, "until"},
        {{"wait", "V1"}, "can never be an order"},
        {{"reset", "--mch-id", "x"}, "mch_id"},
        {{"readyz", "--url", "nowhere"}, "--url"},
    };
    for (const auto& [arguments, names] : cases) {
        const auto ran = run(arguments);
        EXPECT_EQ(ran.status, arguments.back() == "wx0" ? 1 : 2) << ran.output;
        EXPECT_THAT(ran.output, HasSubstr(names));
        EXPECT_THAT(ran.output, StartsWith("wxpay-sandbox " + arguments[0] + ": "));
        EXPECT_EQ(ran.lines(), 1U) << ran.output;
    }
}

const std::vector<std::vector<std::string>> kEachVerb{
    {"orders"},
    {"pay", "1900000109:V1"},
    {"pay", "--new", "1", "--notify-url", "http://127.0.0.1:1/"},
    {"notifications"},
    {"notifications", "resend", "1"},
    {"trigger", "payment", "--notify-url", "http://127.0.0.1:1/"},
    {"clock"},
    {"clock", "advance", "1s"},
    {"faults"},
    {"faults", "clear"},
    {"logs"},
    {"logs", "-f"},
    {"wait", "1900000109:V1"},
    {"reset"},
    {"readyz"}};

TEST(ControlVerbsAlone, SayThatNoServerRunsAndWhatToDo) {
    for (auto arguments : kEachVerb) {
        arguments.insert(arguments.end(), {"--url", "http://127.0.0.1:1"});
        const auto ran = run_program(arguments);
        EXPECT_EQ(ran.status, 2) << arguments[0];
        EXPECT_THAT(ran.output, HasSubstr("no server at http://127.0.0.1:1"));
        EXPECT_THAT(ran.output, HasSubstr("start wxpay-sandbox, or name it: --url\n"));
        EXPECT_EQ(ran.lines(), 1U) << ran.output;
    }
}

TEST(ControlVerbsAlone, ExplainThemselves) {
    const std::string help = run_program({"--help"}).output;
    for (const auto& arguments : kEachVerb) {
        const auto ran = run_program({arguments[0], "--help"});
        EXPECT_EQ(ran.status, 0);
        EXPECT_THAT(ran.output, HasSubstr("--control-token"));
        EXPECT_THAT(help, HasSubstr("\n  " + arguments[0] + " "));
    }
    EXPECT_THAT(run_program({"faults", "add", "--help"}).output, HasSubstr("--probability"));
}

TEST(ControlVerbsAlone, BringTheTokenAlong) {
    ServerProcess sandbox(kProgram, {"--port", "0", "--control-token", "secret-token"});
    const auto without = run_program({"orders", "--url", sandbox.url()});
    EXPECT_EQ(without.status, 2);
    EXPECT_THAT(without.output, HasSubstr("--control-token"));
    EXPECT_EQ(run_program({"orders"}, {{"WXPAY_SANDBOX_URL", sandbox.url()},
                                       {"WXPAY_SANDBOX_CONTROL_TOKEN", "secret-token"}})
                  .status,
              0);
    Process tail(kProgram,
                 {"logs", "-f", "--url", sandbox.url(), "--control-token", "secret-token"});
    sandbox.call("POST", "/pay/nothing");
    EXPECT_TRUE(eventually([&] { return tail.output().find("404") != std::string::npos; }));
    EXPECT_EQ(run_program({"logs", "-f", "--url", sandbox.url()}).status, 2);
    for (const char* const verb : {"env", "orders"}) {
        const auto wrong = run_program({verb, "--url", sandbox.url(), "--control-token", "other"});
        EXPECT_EQ(wrong.status, 2) << verb;
        EXPECT_THAT(wrong.output, HasSubstr("this token is not the right one"));
    }
}

TEST(ControlVerbsAlone, FollowOnWhenTheServerHasLetThemGo) {
    const auto row = [](int id) {
        return R"({"id":")" + std::to_string(id) + R"(","verdict":"ok"})";
    };
    std::mutex mutex;
    int streams = 0;
    // Three streams: each tells of one exchange and ends, the last one says nothing.
    http::Server server({}, [&](const http::Request& request) -> http::Answer {
        const std::lock_guard lock(mutex);
        if (request.path == "/_sandbox/v1/exchanges") {
            return http::Response{
                200, {}, R"({"exchanges":[)" + row(streams == 1 ? 5 : 8) + "," + row(4) + "]}"};
        }
        http::Streaming answer;
        answer.body = std::make_shared<http::Stream>(1024);
        if (++streams < 3)
            answer.body->write("event: exchange\ndata: " + row(5 + streams) + "\n\n");
        answer.body->end();
        return answer;
    });
    ASSERT_TRUE(server.start());
    const auto ran = run_program({"logs", "-f", "--output", "json", "--url",
                                  "http://127.0.0.1:" + std::to_string(server.port())});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_EQ(ran.output,
              row(4) + "\n" + row(5) + "\n" + row(6) + "\n" + row(8) + "\n" + row(7) + "\n");
    server.stop();  // joins who counts
    EXPECT_EQ(streams, 3);
}

TEST(ControlVerbsAlone, SendFaultsAsTheContractHasThem) {
    http::Response answer;
    answer.body =
        R"({"faults":[{"id":"7","on":"api","endpoint":"/pay/orderquery","do":{"delay":"2s"}}]})";
    Peer server(answer);
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "faults");
        arguments.insert(arguments.end(), {"--url", server.url()});
        const auto ran = run_program(arguments);
        EXPECT_EQ(ran.status, 0) << ran.output;
        return ran.output;
    };
    EXPECT_THAT(run({}), HasSubstr(R"(7   api  /pay/orderquery)"));
    EXPECT_THAT(run({"list", "--output", "json"}), StartsWith(answer.body));
    run({"add", "--on", "notify", "--out-trade-no", "A*", "--after", "1", "--every", "2", "--times",
         "3", "--probability", "0.5", "--mch-id", "1900000109", "--do",
         R"(tamper={"total_fee":1})"});
    run({"add", R"({"on":"api","times":null})", "--do", "delay=200ms..2s", "--do", "corrupt_sign"});
    run({"rm", "7"});
    run({"clear"});
    run({"clear", "--mch-id", "1900000109"});
    const auto asked = server.asked();
    ASSERT_EQ(asked.size(), 7U);
    EXPECT_EQ(asked[0].method, "GET");
    EXPECT_EQ(asked[2].method, "POST");
    EXPECT_EQ(asked[2].path, "/_sandbox/v1/faults");
    EXPECT_EQ(Json::parse(asked[2].body), (Json{{"on", "notify"},
                                                {"mch_id", "1900000109"},
                                                {"out_trade_no", "A*"},
                                                {"after", 1},
                                                {"every", 2},
                                                {"times", 3},
                                                {"probability", 0.5},
                                                {"do", {{"tamper", {{"total_fee", 1}}}}}}));
    EXPECT_EQ(Json::parse(asked[3].body),
              (Json{{"on", "api"},
                    {"times", nullptr},
                    {"do", {{"delay", "200ms..2s"}, {"corrupt_sign", true}}}}));
    EXPECT_EQ(asked[4].method, "DELETE");
    EXPECT_EQ(asked[4].path, "/_sandbox/v1/faults/7");
    EXPECT_EQ(asked[5].path, "/_sandbox/v1/faults");
    EXPECT_EQ(asked[6].query, "mch_id=1900000109");
}

}  // namespace
}  // namespace wxpay::test
