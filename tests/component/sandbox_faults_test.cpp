// Faults on calls and on callbacks, on the manual clock.
#include <future>

#include <gtest/gtest.h>

#include "core/v2/notification.hpp"
#include "core/v2/refund_notification.hpp"

#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string kFaults = "/_sandbox/v1/faults";

class Faults : public testing::Test {
  protected:
    json add(const json& fault) {
        const auto added = sandbox.control("POST", kFaults, fault);
        EXPECT_EQ(added.status, 200) << added.body;
        return added.body;
    }
    json on_api(const json& effect, json fault = json::object()) {
        fault["on"] = "api";
        fault["do"] = effect;
        return add(fault);
    }
    json on_notify(const json& effect, json fault = json::object()) {
        fault["on"] = "notify";
        fault["do"] = effect;
        return add(fault);
    }
    static http::Request request(const std::string& path, const Fields& fields,
                                 const std::string& demanded = "") {
        http::Request out;
        out.method = "POST";
        out.path = path;
        out.body = AppHarness::xml(AppHarness::sign(fields));
        if (!demanded.empty()) out.headers.add("Wechatpay-Negative-Test", demanded);
        return out;
    }
    http::Response order(const std::string& number, const std::string& demanded = "") {
        return sandbox.call(request("/pay/unifiedorder", AppHarness::order(number), demanded));
    }
    bool exists(const std::string& number) {
        return sandbox.control("GET", "/_sandbox/v1/orders/1900000109:" + number).status == 200;
    }
    static std::string value_in(const std::string& body, const char* name) {
        const auto message = XmlMessage::parse(body);
        return message ? std::string(message->get(name)) : body;
    }
    static bool is_signed(const std::string& body) {
        const auto message = XmlMessage::parse(body).value();
        return v2::verify(message.fields(), message.get("sign"), Secret(AppHarness::kKey),
                          v2::SignType::md5);
    }
    void pay(const std::string& number) {
        order(number);
        const std::string id = "/_sandbox/v1/orders/1900000109:" + number + "/pay";
        ASSERT_EQ(sandbox.control("POST", id).status, 200);
    }
    json last_exchange() {
        return sandbox.control("GET", "/_sandbox/v1/exchanges?limit=1").body["exchanges"][0];
    }
    std::vector<std::string> sent_numbers() {
        std::vector<std::string> out;
        for (const auto& sent : sandbox.sender.sent)
            out.push_back(value_in(sent.request.body, "out_trade_no"));
        return out;
    }
    json notification(const std::string& number) {
        return sandbox.control("GET", "/_sandbox/v1/notifications?out_trade_no=" + number)
            .body["notifications"][0];
    }

    AppHarness sandbox;
};

TEST_F(Faults, AreListedCountedNarrowedAndDeleted) {
    EXPECT_EQ(on_api({{"err_code", "SYSTEMERROR"}}, {{"times", 1}})["id"], "f1");
    on_notify({{"lose", true}}, {{"id", "mine"}, {"mch_id", "1900000110"}});
    order("T1");
    order("T2");
    auto listed = sandbox.control("GET", kFaults).body["faults"];
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0]["matched"], 2);
    EXPECT_EQ(listed[0]["injected"], 1);
    EXPECT_EQ(listed[1]["matched"], 0);
    listed = sandbox.control("GET", kFaults + "?mch_id=1900000110").body["faults"];
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0]["id"], "mine");
    EXPECT_EQ(sandbox.control("GET", kFaults + "/mine").body["do"], json({{"lose", true}}));

    EXPECT_EQ(sandbox.control("DELETE", kFaults + "?mch_id=1900000110").body["deleted"], 1);
    EXPECT_EQ(sandbox.control("GET", kFaults + "/mine").status, 404);
    EXPECT_EQ(sandbox.control("DELETE", kFaults + "/f1").status, 200);
    EXPECT_EQ(sandbox.control("DELETE", kFaults + "/f1").status, 404);
    on_api({{"delay", "1s"}});
    EXPECT_EQ(sandbox.control("DELETE", kFaults).body["deleted"], 1);
    EXPECT_TRUE(sandbox.control("GET", kFaults).body["faults"].empty());
}

TEST_F(Faults, SayOfAnEndpointThatIsNoCallWhatWasMeant) {
    const auto notes = [&](const std::string& endpoint) {
        return on_api({{"delay", "1s"}}, {{"endpoint", endpoint}}).value("notes", json());
    };
    EXPECT_EQ(notes("/pay/unifiedorders"),
              json({"endpoint '/pay/unifiedorders' is no call that the sandbox knows; did you mean "
                    "/pay/unifiedorder?"}));
    for (const char* const known :
         {"/pay/unifiedorder", "/pay/unified*", "/v3/pay/transactions/id/4200000000",
          "/v3/pay/transactions/jsapi", "/sandboxnew/pay/micropay", "/sns/jscode2session",
          "/papay/entrustweb"})
        EXPECT_EQ(notes(known), json()) << known;
    const json callback = on_notify({{"lose", true}}, {{"endpoint", "/notify"}});
    EXPECT_FALSE(callback.contains("notes")) << "a merchant's paths are its own";
    EXPECT_FALSE(sandbox.control("GET", kFaults).body["faults"][0].contains("notes"));
}

TEST_F(Faults, AreRefusedWithTheMemberThatIsWrong) {
    const auto wrong =
        sandbox.control("POST", kFaults, {{"on", "notify"}, {"do", {{"err_code", "X"}}}});
    EXPECT_EQ(wrong.status, 400);
    EXPECT_EQ(wrong.body["error"]["field"], "do.err_code");
    EXPECT_NE(wrong.body["error"]["message"].get<std::string>().find("duplicate"),
              std::string::npos)
        << "says what callbacks take";
    EXPECT_EQ(sandbox.control("POST", kFaults, {{"onn", "api"}}).body["error"]["field"], "onn");
}

TEST_F(Faults, AreForgottenByAReset) {
    on_api({{"drop", "before"}}, {{"mch_id", "1900000109"}});
    on_api({{"drop", "before"}}, {{"mch_id", "1900000110"}});
    sandbox.control("POST", "/_sandbox/v1/reset?mch_id=1900000109");
    EXPECT_EQ(sandbox.control("GET", kFaults).body["faults"].size(), 1U);
    sandbox.control("POST", "/_sandbox/v1/reset");
    EXPECT_TRUE(sandbox.control("GET", kFaults).body["faults"].empty());
}

TEST_F(Faults, AnErrCodeComesInTheEndpointsWordsAndNothingIsDone) {
    on_api({{"err_code", "NOTENOUGH"}}, {{"out_trade_no", "T*"}});
    const std::string body = order("T1").body;
    EXPECT_EQ(value_in(body, "err_code"), "NOTENOUGH");
    EXPECT_EQ(value_in(body, "err_code_des"), "余额不足");
    EXPECT_TRUE(is_signed(body));
    EXPECT_FALSE(exists("T1"));
    EXPECT_EQ(last_exchange()["fault"], json({{"id", "f1"}, {"do", {{"err_code", "NOTENOUGH"}}}}));
    EXPECT_EQ(value_in(order("U1").body, "result_code"), "SUCCESS");
}

TEST_F(Faults, AnErrCodeOfAnotherEndpointOrOfNoneIsAnsweredAllTheSame) {
    EXPECT_EQ(value_in(order("T1", "BIZERR_NEED_RETRY").body, "err_code"), "BIZERR_NEED_RETRY");
    EXPECT_EQ(value_in(order("T1", "err_code=NO_SUCH_THING").body, "err_code"), "NO_SUCH_THING");
    EXPECT_FALSE(exists("T1"));
}

TEST_F(Faults, AStatusIsAGatewaysPageAndNothingIsDone) {
    on_api({{"http_status", 502}}, {{"endpoint", "/pay/unifiedorder"}});
    const http::Response response = order("T1");
    EXPECT_EQ(response.status, 502);
    EXPECT_NE(response.body.find("502 Bad Gateway"), std::string::npos);
    EXPECT_FALSE(exists("T1"));
    EXPECT_EQ(last_exchange()["out_trade_no"], "T1");
    EXPECT_EQ(last_exchange()["hint"], "fault f1: http_status");
}

TEST_F(Faults, AStatusBelowV3IsJsonWhereItsTableHasACodeForIt) {
    const auto ask = [&](const std::string& status) {
        http::Request query;
        query.path = "/v3/certificates";
        query.headers.add("Wechatpay-Negative-Test", "http_status=" + status);
        return sandbox.call(query);
    };
    const auto expect = [&](int status, const char* code, const char* message) {
        const http::Response response = ask(std::to_string(status));
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(response.headers.get("Content-Type"), "application/json; charset=utf-8");
        EXPECT_FALSE(response.headers.get("Request-ID").empty());
        EXPECT_FALSE(response.headers.find("Wechatpay-Signature"));
        EXPECT_EQ(json::parse(response.body), json({{"code", code}, {"message", message}}));
    };
    expect(429, "FREQUENCY_LIMITED", "频率超限");
    expect(500, "SYSTEM_ERROR", "系统繁忙，请稍后重试");
    expect(502, "SERVICE_UNAVAILABLE", "服务不可用");
    expect(503, "SERVICE_UNAVAILABLE", "服务不可用");
    EXPECT_NE(ask("504").body.find("<h1>504 Gateway Time-out</h1>"), std::string::npos);
    EXPECT_EQ(last_exchange()["hint"], "fault header: http_status");
}

TEST_F(Faults, ADropCutsTheConnectionBeforeOrAfterTheWork) {
    on_api({{"drop", "before"}}, {{"out_trade_no", "B"}});
    on_api({{"drop", "after"}}, {{"out_trade_no", "A"}});
    EXPECT_TRUE(order("B").cut);
    EXPECT_FALSE(exists("B"));
    EXPECT_TRUE(order("A").cut);
    EXPECT_TRUE(exists("A"));
}

TEST_F(Faults, ATruncatedAnswerKeepsItsBodyForTheEdgeToCut) {
    on_api({{"truncate", 10}});
    const http::Response response = order("T1");
    EXPECT_EQ(response.cut_at, 10U);
    EXPECT_EQ(value_in(response.body, "result_code"), "SUCCESS");
}

TEST_F(Faults, ACorruptedSignHasTheRightShape) {
    order("T1");
    on_api({{"corrupt_sign", true}}, {{"endpoint", "/pay/orderquery"}, {"times", 1}});
    const auto query = request("/pay/orderquery", {{"out_trade_no", "T1"}});
    const std::string wrong = sandbox.call(query).body;
    EXPECT_FALSE(is_signed(wrong));
    EXPECT_EQ(value_in(wrong, "sign").size(), 32U);
    EXPECT_TRUE(is_signed(sandbox.call(query).body));
}

TEST_F(Faults, ADelayIsRealTimeAndHoldsNoWorker) {
    on_api({{"delay", "2s"}});
    http::Answer answer = sandbox.app.handle(request("/pay/unifiedorder", AppHarness::order("T1")));
    ASSERT_TRUE(std::holds_alternative<http::Later>(answer));
    EXPECT_TRUE(exists("T1")) << "the work is done at once";
    std::promise<http::Response> promise;
    auto future = promise.get_future();
    std::get<http::Later>(answer)(
        [&promise](http::Response response) { promise.set_value(std::move(response)); });
    EXPECT_EQ(future.wait_for(0s), std::future_status::timeout);
    sandbox.stopwatch.advance(2s);
    sandbox.control("GET", "/_sandbox/v1/wait?order=1900000109:T1&until=paid&timeout=0");
    EXPECT_EQ(value_in(future.get().body, "result_code"), "SUCCESS");
}

TEST_F(Faults, AHeaderAsksForAnyOfThem) {
    EXPECT_EQ(order("T1", "http_status=503").status, 503);
    EXPECT_TRUE(order("T1", "drop=before").cut);
    EXPECT_FALSE(exists("T1"));
    EXPECT_EQ(order("T1", "truncate=5").cut_at, 5U);
    EXPECT_FALSE(is_signed(order("T2", "corrupt_sign").body));
    EXPECT_EQ(last_exchange()["fault"], json({{"id", "header"}, {"do", {{"corrupt_sign", true}}}}));
    http::Request login;
    login.path = "/sns/jscode2session";
    login.headers.add("Wechatpay-Negative-Test", "http_status=500");
    EXPECT_EQ(sandbox.call(login).status, 500) << "also where no XML is spoken";
}

TEST_F(Faults, AHeaderThatCannotBeReadIsRefusedAndStrictOnesAreNotRead) {
    const std::string body = order("T1", "delay=soon").body;
    EXPECT_EQ(value_in(body, "return_code"), "FAIL");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/exchanges?limit=1").body["exchanges"][0]["hint"],
              "Wechatpay-Negative-Test, do.delay: a delay is a duration of at most 10m, or two: "
              "2s, 200ms..2s");
    EXPECT_FALSE(exists("T1"));
    EXPECT_EQ(value_in(order("T1", "lose").body, "return_code"), "FAIL");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/exchanges?limit=1").body["exchanges"][0]["hint"],
              "Wechatpay-Negative-Test, lose: nothing that can be asked for here; known: delay, "
              "err_code, http_status, drop, truncate, corrupt_sign, or an err_code such as "
              "SYSTEMERROR");
    EXPECT_FALSE(exists("T1"));
    sandbox.settings.strict = true;
    EXPECT_EQ(value_in(order("T1", "http_status=503").body, "result_code"), "SUCCESS");
}

TEST_F(Faults, ChangeNoIdThatTheSeedGives) {
    AppHarness other;
    on_api({{"err_code", "SYSTEMERROR"}}, {{"probability", 0.5}, {"out_trade_no", "none"}});
    on_api({{"delay", "1ms..1ms"}}, {{"probability", 0}});
    const auto wanted = request("/pay/unifiedorder", AppHarness::order("T1"));
    EXPECT_EQ(sandbox.call(wanted).body, other.call(wanted).body);
}

TEST_F(Faults, ADelayedCallbackComesLaterBySandboxTime) {
    on_notify({{"delay", "90s"}}, {{"times", 1}});
    pay("T1");
    sandbox.advance(89s);
    EXPECT_TRUE(sandbox.sender.sent.empty());
    EXPECT_TRUE(notification("T1")["attempts"].empty());
    sandbox.advance(1s);
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    EXPECT_EQ(notification("T1")["state"], "delivered");
    EXPECT_EQ(notification("T1")["attempts"][0]["reason"], "fault f1: delay");
    EXPECT_EQ(sandbox.control("GET", kFaults + "/f1").body["matched"], 1) << "asked once";
}

TEST_F(Faults, AnEndlessDelayStillLetsEachAttemptGo) {
    on_notify({{"delay", "10s"}});
    sandbox.sender.answer = [](const auto&) { return RecordingSender::unreachable(); };
    pay("T1");
    sandbox.advance(10s);
    EXPECT_EQ(sandbox.sender.sent.size(), 1U);
    sandbox.advance(25s);
    EXPECT_EQ(sandbox.sender.sent.size(), 2U) << "15 s of the schedule and 10 s of the fault";
}

TEST_F(Faults, ACorruptedCallbackHasAWrongSign) {
    on_notify({{"corrupt_sign", true}}, {{"times", 1}});
    sandbox.sender.answer = [](const auto&) { return RecordingSender::answered(500, ""); };
    pay("T1");
    sandbox.advance(15s);
    ASSERT_EQ(sandbox.sender.sent.size(), 2U);
    EXPECT_FALSE(is_signed(sandbox.sender.sent[0].request.body));
    EXPECT_EQ(value_in(sandbox.sender.sent[0].request.body, "sign").size(), 32U);
    EXPECT_TRUE(is_signed(sandbox.sender.sent[1].request.body))
        << "the bytes kept are the true ones";
}

TEST_F(Faults, ATamperedCallbackIsSignedAnew) {
    on_notify({{"tamper", {{"total_fee", 1}, {"attach", "new"}, {"openid", nullptr}}}});
    pay("T1");
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    const std::string body = sandbox.sender.sent[0].request.body;
    EXPECT_TRUE(is_signed(body));
    EXPECT_NE(body.find("<total_fee>1</total_fee>"), std::string::npos) << body;
    EXPECT_EQ(value_in(body, "attach"), "new");
    EXPECT_FALSE(XmlMessage::parse(body)->find("openid"));
    EXPECT_LT(body.find("<attach>"), body.find("<sign>")) << "in byte order, as WeChat's are";
}

TEST_F(Faults, AForgedCallbackKeepsTheSignThatWasRight) {
    on_notify({{"forge", {{"total_fee", 1}}}}, {{"times", 1}});
    sandbox.sender.answer = [](const auto&) { return RecordingSender::answered(500, ""); };
    pay("T1");
    sandbox.advance(15s);
    ASSERT_EQ(sandbox.sender.sent.size(), 2U);
    const std::string forged = sandbox.sender.sent[0].request.body;
    EXPECT_FALSE(is_signed(forged));
    EXPECT_EQ(value_in(forged, "total_fee"), "1");
    EXPECT_EQ(value_in(forged, "sign"), value_in(sandbox.sender.sent[1].request.body, "sign"));
}

TEST_F(Faults, ARefundsCallbackIsTamperedInsideItsCipherText) {
    pay("T1");
    sandbox.run_due();
    on_notify({{"tamper", {{"refund_fee", 7}}}}, {{"times", 1}});
    on_notify({{"forge", {{"refund_fee", 7}}}}, {{"times", 1}});
    on_notify({{"corrupt_sign", true}}, {{"times", 1}});
    sandbox.sender.answer = [](const auto&) { return RecordingSender::answered(500, ""); };
    ASSERT_EQ(sandbox
                  .v2("/secapi/pay/refund", {{"out_trade_no", "T1"},
                                             {"out_refund_no", "R1"},
                                             {"total_fee", "888"},
                                             {"refund_fee", "888"},
                                             {"notify_url", "http://127.0.0.1:9190/refund"}})
                  .at("result_code"),
              "SUCCESS");
    sandbox.advance(60s);
    ASSERT_EQ(sandbox.sender.sent.size(), 5U);
    const auto read = [&](std::size_t n) {
        return v2::parse_refund_notification(sandbox.sender.sent[n].request.body,
                                             Secret(AppHarness::kKey));
    };
    EXPECT_EQ(read(1).value().refund_fee, Fen{7});
    for (const std::size_t n : {2U, 3U}) {
        ASSERT_FALSE(read(n));
        EXPECT_EQ(read(n).error().code, Errc::signature_mismatch);
    }
    EXPECT_EQ(read(4).value().refund_fee, Fen{888});
}

TEST_F(Faults, ADuplicatedCallbackGoesOutSoOftenMore) {
    on_notify({{"duplicate", 2}});
    pay("T1");
    sandbox.run_due();
    EXPECT_EQ(sandbox.sender.sent.size(), 3U);
    const json shown = notification("T1");
    EXPECT_EQ(shown["state"], "delivered");
    ASSERT_EQ(shown["attempts"].size(), 3U);
    EXPECT_EQ(shown["attempts"][2]["n"], 3);
    EXPECT_EQ(shown["attempts"][2]["reason"], "fault f1: duplicate");
}

TEST_F(Faults, ADuplicateThatIsRefusedDisturbsNoSchedule) {
    on_notify({{"duplicate", 1}}, {{"times", 1}});
    sandbox.sender.answer = [](const auto&) { return RecordingSender::answered(500, ""); };
    pay("T1");
    sandbox.advance(15s);
    EXPECT_EQ(sandbox.sender.sent.size(), 3U) << "one retry, not two";
}

TEST_F(Faults, AReorderedCallbackLetsTheMerchantsNextOnePass) {
    on_notify({{"reorder", true}});
    pay("T1");
    pay("T2");
    sandbox.run_due();
    EXPECT_EQ(sent_numbers(), (std::vector<std::string>{"T2", "T1"}));
    pay("T3");
    sandbox.run_due();
    EXPECT_EQ(sent_numbers().size(), 2U);
    EXPECT_EQ(notification("T1")["attempts"][0]["reason"], "fault f1: reorder");
    sandbox.advance(15s);
    EXPECT_EQ(sent_numbers(), (std::vector<std::string>{"T2", "T1", "T3"}))
        << "when none comes, it goes after a while";
}

TEST_F(Faults, ALostCallbackIsAnAttemptThatNobodyAnswered) {
    on_notify({{"lose", true}}, {{"times", 1}, {"endpoint", "/wxpay/notify"}});
    pay("T1");
    sandbox.run_due();
    EXPECT_TRUE(sandbox.sender.sent.empty());
    json shown = notification("T1");
    EXPECT_EQ(shown["state"], "pending");
    EXPECT_EQ(shown["attempts"][0]["verdict"], "timeout");
    EXPECT_EQ(shown["attempts"][0]["reason"],
              "fault f1: lose. nothing was sent, and so nobody answered");
    EXPECT_EQ(last_exchange()["fault"]["id"], "f1");
    sandbox.advance(15s);
    EXPECT_EQ(sandbox.sender.sent.size(), 1U);
    EXPECT_EQ(notification("T1")["state"], "delivered");
}

TEST_F(Faults, ACallbackThatIsCutOffReachesTheMerchantInPartOrNotAtAll) {
    on_notify({{"drop", "before"}}, {{"times", 1}});
    on_notify({{"truncate", 7}}, {{"times", 1}});
    pay("T1");
    sandbox.advance(30s);
    ASSERT_EQ(sandbox.sender.sent.size(), 3U);
    EXPECT_TRUE(sandbox.sender.sent[0].was_cut);
    EXPECT_EQ(sandbox.sender.sent[0].request.body, "");
    EXPECT_TRUE(sandbox.sender.sent[1].was_cut);
    EXPECT_EQ(sandbox.sender.sent[1].request.body.size(), 7U);
    EXPECT_FALSE(sandbox.sender.sent[2].was_cut);
    const json shown = notification("T1");
    EXPECT_EQ(shown["state"], "delivered");
    EXPECT_EQ(shown["attempts"][0]["verdict"], "unreachable");
    EXPECT_EQ(shown["attempts"][0]["reason"],
              "fault f1: drop. the connection was cut off on purpose");
    EXPECT_EQ(shown["attempts"][1]["reason"],
              "fault f2: truncate. the connection was cut off on purpose");
}

TEST_F(Faults, ADroppedAnswerMakesTheMerchantHearTheNewsTwice) {
    on_notify({{"drop", "after"}}, {{"times", 1}});
    pay("T1");
    sandbox.advance(15s);
    EXPECT_EQ(sent_numbers(), (std::vector<std::string>{"T1", "T1"}));
    EXPECT_EQ(sandbox.sender.sent[0].request.body, sandbox.sender.sent[1].request.body);
    const json shown = notification("T1");
    EXPECT_EQ(shown["attempts"][0]["verdict"], "unreachable");
    EXPECT_FALSE(shown["attempts"][0].contains("response_body")) << "WeChat never saw it";
    EXPECT_EQ(shown["attempts"][1]["verdict"], "ok");
    EXPECT_EQ(shown["state"], "delivered");
}

TEST_F(Faults, AGatewaysStatusHidesTheMerchantsSuccess) {
    on_notify({{"http_status", 502}}, {{"times", 1}});
    pay("T1");
    sandbox.advance(15s);
    EXPECT_EQ(sandbox.sender.sent.size(), 2U);
    const json shown = notification("T1");
    EXPECT_EQ(shown["attempts"][0]["http_status"], 502);
    EXPECT_EQ(shown["attempts"][0]["verdict"], "bad_answer");
    EXPECT_EQ(shown["attempts"][1]["verdict"], "ok");
}

TEST_F(Faults, WordsThatNobodyUnderstandsAreRefusedAndStrikeNothing) {
    for (const char* const word : {"SystemError", "order not exist", "MICROPAY_TIMEOUT"}) {
        const std::string body = order("T1", word).body;
        EXPECT_EQ(value_in(body, "return_code"), "FAIL") << word;
        EXPECT_EQ(value_in(body, "return_msg"), "sandbox: Wechatpay-Negative-Test not understood");
        EXPECT_FALSE(last_exchange().contains("fault")) << word;
    }
    EXPECT_FALSE(exists("T1"));
    EXPECT_EQ(value_in(order("T1", "err_code=SYSTEMERROR").body, "err_code"), "SYSTEMERROR");
}

TEST_F(Faults, TheCallsOfTheOpenApiHaveErrcodesOfTheirOwn) {
    const auto get = [&](const std::string& path, const std::string& word) {
        http::Request asked;
        asked.path = path;
        asked.query =
            "appid=wx8888888888888888&secret=5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d&grant_type=" +
            std::string(path == "/cgi-bin/token" ? "client_credential"
                                                 : "authorization_code&js_code=abc");
        if (!word.empty()) asked.headers.add("Wechatpay-Negative-Test", word);
        return json::parse(sandbox.call(asked).body);
    };
    for (const char* const path : {"/sns/jscode2session", "/cgi-bin/token"}) {
        EXPECT_EQ(get(path, "40013")["errcode"], 40013) << path;
        EXPECT_EQ(get(path, "-1")["errmsg"], "system error") << path;
        EXPECT_EQ(get(path, "SYSTEMERROR")["errcode"], -1) << path;
        EXPECT_EQ(get(path, "48001")["errmsg"], "sandbox: asked for") << path;
        EXPECT_EQ(last_exchange()["fault"]["id"], "header");
        EXPECT_EQ(get(path, "NOAUTH")["errmsg"], "sandbox: Wechatpay-Negative-Test not understood");
        EXPECT_FALSE(last_exchange().contains("fault"));
    }
    EXPECT_EQ(get("/sns/jscode2session", "45011")["errmsg"],
              "api minute-quota reach limit  mustslower  retry next minute");
    on_api({{"err_code", "40163"}}, {{"endpoint", "/sns/*"}, {"times", 1}});
    EXPECT_EQ(get("/sns/jscode2session", "")["errcode"], 40163);
    EXPECT_TRUE(get("/sns/jscode2session", "").contains("openid")) << "the code was not used up";
    sandbox.settings.strict = true;
    EXPECT_TRUE(get("/cgi-bin/token", "40001").contains("access_token"));
}

TEST_F(Faults, AResendIsPutOffByNoFault) {
    pay("T1");
    sandbox.run_due();
    on_notify({{"delay", "1m"}});
    const std::string id = notification("T1")["id"];
    sandbox.control("POST", "/_sandbox/v1/notifications/" + id + "/resend");
    EXPECT_EQ(sandbox.sender.sent.size(), 2U);
}

}  // namespace
}  // namespace wxpay::test
