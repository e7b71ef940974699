// Orders through API V3: prepay, query, close, what is refused, and the callback.
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using test::AppHarness;
using test::V3Caller;
using Json = nlohmann::json;

constexpr const char* kJsapi = "/v3/pay/transactions/jsapi";
constexpr const char* kNotExist = R"({"code":"ORDER_NOT_EXIST","message":"订单不存在"})";

class V3Orders : public testing::Test {
  protected:
    AppHarness sandbox;
    V3Caller merchant{sandbox};

    void order(const std::string& number, const Json& changes = Json::object()) {
        const auto answer = merchant.post(kJsapi, V3Caller::order(number, changes));
        ASSERT_EQ(answer.status, 200) << answer.response.body;
    }
    void pay(const std::string& number, const Json& how = Json::object()) {
        const auto paid =
            sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay", how);
        ASSERT_EQ(paid.status, 200) << paid.body;
    }
    std::string shown(const std::string& number, const std::string& member) {
        return sandbox.control("GET", "/_sandbox/v1/orders/1900000109:" + number)
            .body.value(member, "");
    }
};

TEST_F(V3Orders, GivesAPrepayIdAndSignsTheAnswer) {
    const auto answer = merchant.post(kJsapi, V3Caller::order("T20240601000001"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.is_signed);
    EXPECT_EQ(answer.body.size(), 1U);
    EXPECT_EQ(answer.body["prepay_id"].get<std::string>().size(), 36U);
    EXPECT_EQ(answer.number(), "0");
    const auto& headers = answer.response.headers;
    EXPECT_EQ(headers.get("Content-Type"), "application/json; charset=utf-8");
    EXPECT_EQ(headers.get("Wechatpay-Signature-Type"), "WECHATPAY2-SHA256-RSA2048");
    EXPECT_EQ(headers.get("Content-Language"), "zh-CN");
}

TEST_F(V3Orders, GivesEachProductItsOwnAnswer) {
    const Json nobody{{"payer", nullptr}};
    EXPECT_TRUE(merchant.post("/v3/pay/transactions/app", V3Caller::order("APP001", nobody))
                    .body.contains("prepay_id"));
    EXPECT_EQ(merchant.post("/v3/pay/transactions/native", V3Caller::order("NATIVE1", nobody))
                  .body["code_url"]
                  .get<std::string>()
                  .find("weixin://wxpay/bizpayurl?pr="),
              0U);
    const Json h5{
        {"payer", nullptr},
        {"scene_info", {{"payer_client_ip", "14.23.150.211"}, {"h5_info", {{"type", "Wap"}}}}}};
    EXPECT_EQ(merchant.post("/v3/pay/transactions/h5", V3Caller::order("H50001", h5))
                  .body["h5_url"]
                  .get<std::string>()
                  .find("https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx"),
              0U);
}

TEST_F(V3Orders, AnswersAnUnpaidOrderAsTheSampleHasIt) {
    order("T20240310000002");
    const auto answer =
        merchant.get("/v3/pay/transactions/out-trade-no/T20240310000002?mchid=1900000109");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.is_signed);
    EXPECT_EQ(
        answer.response.body,
        R"({"amount":{"currency":"CNY","payer_currency":"CNY","payer_total":888,"total":888},)"
        R"("appid":"wx8888888888888888","mchid":"1900000109","out_trade_no":"T20240310000002",)"
        R"("payer":{},"promotion_detail":[],"trade_state":"NOTPAY",)"
        R"("trade_state_desc":"订单未支付"})");
}

TEST_F(V3Orders, AnswersAPaidOrderByBothNumbers) {
    order("T20240601000002", {{"attach", "自定义数据"}});
    pay("T20240601000002");
    const auto by_number =
        merchant.get("/v3/pay/transactions/out-trade-no/T20240601000002?mchid=1900000109");
    EXPECT_EQ(by_number.body["trade_state"], "SUCCESS");
    EXPECT_EQ(by_number.body["success_time"], "2024-06-01T12:00:00+08:00");
    EXPECT_EQ(by_number.body["payer"]["openid"], AppHarness::kOpenId);
    EXPECT_EQ(by_number.body["attach"], "自定义数据");
    const std::string id = by_number.body["transaction_id"];
    const auto by_id = merchant.get("/v3/pay/transactions/id/" + id + "?mchid=1900000109");
    EXPECT_EQ(by_id.response.body, by_number.response.body);
}

TEST_F(V3Orders, TellsTheNotifyUrlOfAPayment) {
    order("T20240601000003");
    pay("T20240601000003");
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 1U);
    const auto& request = sandbox.sender.sent[0].request;
    const Json envelope = Json::parse(request.body);
    EXPECT_EQ(request.body.find(R"({"id":")"), 0U);
    EXPECT_EQ(envelope["event_type"], "TRANSACTION.SUCCESS");
    EXPECT_EQ(envelope["summary"], "支付成功");
    EXPECT_EQ(envelope["resource"]["associated_data"], "transaction");
    const Json plain = open_callback(request, sandbox);
    ASSERT_TRUE(plain.is_object());
    EXPECT_EQ(plain["out_trade_no"], "T20240601000003");
    EXPECT_EQ(plain["amount"]["payer_total"], 888);
    EXPECT_EQ(sandbox.only_notification()["state"], "delivered");
}

TEST_F(V3Orders, SignsEachAttemptAnewOverTheSameBody) {
    sandbox.sender.answer = [](const auto&) {
        return test::RecordingSender::answered(500, R"({"code":"FAIL","message":"失败"})");
    };
    order("T20240601000004");
    pay("T20240601000004");
    sandbox.advance(std::chrono::hours(25));
    ASSERT_EQ(sandbox.sender.sent.size(), 16U);
    EXPECT_EQ(sandbox.sender.sent[0].request.body, sandbox.sender.sent[15].request.body);
    EXPECT_NE(sandbox.sender.sent[0].request.headers.get("Wechatpay-Signature"),
              sandbox.sender.sent[1].request.headers.get("Wechatpay-Signature"));
    EXPECT_EQ(sandbox.only_notification()["attempts"][0]["verdict"], "refused");
    EXPECT_EQ(sandbox.only_notification()["state"], "exhausted");
}

TEST_F(V3Orders, SignsEachDuplicateByItself) {
    ASSERT_EQ(
        sandbox
            .control("POST", "/_sandbox/v1/faults", {{"on", "notify"}, {"do", {{"duplicate", 2}}}})
            .status,
        200);
    order("TWICE001");
    pay("TWICE001");
    sandbox.run_due();
    ASSERT_EQ(sandbox.sender.sent.size(), 3U);
    for (const char* const name : {"Wechatpay-Nonce", "Wechatpay-Signature", "Request-ID"}) {
        std::set<std::string> values;
        for (const auto& sent : sandbox.sender.sent) values.emplace(sent.request.headers.get(name));
        EXPECT_EQ(values.size(), 3U) << name;
    }
    for (const auto& sent : sandbox.sender.sent)
        EXPECT_TRUE(open_callback(sent.request, sandbox).is_object());
}

TEST_F(V3Orders, CloseAfterAWeekOrWhenALaterTimeExpireHasPassed) {
    order("WEEK0001");
    order("WEEK0002", {{"time_expire", "2024-06-03T12:00:00+08:00"}});
    order("LATER001", {{"time_expire", "2024-07-01T12:00:00+08:00"}});
    order("LATER002", {{"time_expire", "2024-07-01T12:00:00+08:00"}});
    sandbox.advance(std::chrono::hours(24 * 8));
    EXPECT_EQ(shown("WEEK0001", "state"), "CLOSED");
    EXPECT_EQ(shown("WEEK0002", "state"), "CLOSED");
    EXPECT_EQ(shown("LATER001", "state"), "NOTPAY");
    pay("LATER002");
    sandbox.advance(std::chrono::hours(24 * 22) - std::chrono::seconds(1));
    EXPECT_EQ(shown("LATER001", "state"), "NOTPAY");
    sandbox.advance(std::chrono::seconds(1));
    EXPECT_EQ(shown("LATER001", "state"), "CLOSED");
    EXPECT_EQ(shown("LATER002", "state"), "SUCCESS");
}

TEST_F(V3Orders, HaveBothSpellingsOfAPaidOneOnDemand) {
    const auto demanded = [&](const char* code) {
        http::Request request =
            merchant.request("POST", kJsapi, V3Caller::order("SPELT001").dump());
        request.headers.add("Wechatpay-Negative-Test", code);
        const auto answer = merchant.send(request);
        return std::to_string(answer.status) + answer.response.body;
    };
    EXPECT_EQ(demanded("ORDERPAID"), R"(400{"code":"ORDERPAID","message":"该订单已支付"})");
    EXPECT_EQ(demanded("ORDER_PAID"), R"(400{"code":"ORDER_PAID","message":"该订单已支付"})");
    EXPECT_EQ(demanded("USER_PAYING"),
              R"(202{"code":"USER_PAYING","message":"需要用户输入支付密码"})");
}

TEST_F(V3Orders, ClosesAnUnpaidOrderWithoutABody) {
    order("T20240601000005");
    const Json body{{"mchid", "1900000109"}};
    const std::string close = "/v3/pay/transactions/out-trade-no/T20240601000005/close";
    const auto closed = merchant.post(close, body);
    EXPECT_EQ(closed.status, 204);
    EXPECT_EQ(closed.response.body, "");
    EXPECT_TRUE(closed.is_signed);
    EXPECT_EQ(merchant.post(close, body).status, 204);
    const auto again = merchant.post(kJsapi, V3Caller::order("T20240601000005"));
    EXPECT_EQ(again.status, 400);
    EXPECT_EQ(again.response.body, R"({"code":"ORDER_CLOSED","message":"订单已关闭"})");
}

TEST_F(V3Orders, BurnsANumberThatIsClosedBeforeItWasOrdered) {
    const Json body{{"mchid", "1900000109"}};
    EXPECT_EQ(merchant.post("/v3/pay/transactions/out-trade-no/T20240601000006/close", body).status,
              204);
    const auto again = merchant.post(kJsapi, V3Caller::order("T20240601000006"));
    EXPECT_EQ(again.response.body,
              R"({"code":"INVALID_REQUEST","message":"请求重入时，参数与首次请求时不一致"})");
    EXPECT_EQ(again.number(), "268498688");
}

TEST_F(V3Orders, RepeatsAnOrderThatIsTheSame) {
    const auto first = merchant.post(kJsapi, V3Caller::order("T20240601000007"));
    const auto second = merchant.post(kJsapi, V3Caller::order("T20240601000007"));
    EXPECT_EQ(first.body, second.body);
    const auto other =
        merchant.post(kJsapi, V3Caller::order("T20240601000007", {{"attach", "other"}}));
    EXPECT_EQ(other.response.body,
              R"({"code":"INVALID_REQUEST","message":"请求重入时，参数与首次请求时不一致"})");
    EXPECT_NE(sandbox.hint.find("attach"), std::string::npos) << sandbox.hint;
    const auto product = merchant.post("/v3/pay/transactions/native",
                                       V3Caller::order("T20240601000007", {{"payer", nullptr}}));
    EXPECT_EQ(product.status, 403);
    EXPECT_EQ(product.response.body, R"({"code":"OUT_TRADE_NO_USED","message":"商户订单号重复"})");
    pay("T20240601000007");
    const auto paid = merchant.post(kJsapi, V3Caller::order("T20240601000007"));
    EXPECT_EQ(paid.response.body, R"({"code":"ORDERPAID","message":"该订单已支付"})");
}

TEST_F(V3Orders, ServesAProviderForItsMerchant) {
    V3Caller provider(sandbox, "1900000111");
    const Json body{{"sp_appid", AppHarness::kAppId},
                    {"sp_mchid", "1900000111"},
                    {"sub_mchid", "1900000200"},
                    {"description", "demo"},
                    {"out_trade_no", "P20240310000001"},
                    {"notify_url", "http://127.0.0.1:9190/notify"},
                    {"amount", {{"total", 100}, {"currency", "CNY"}}},
                    {"payer", {{"sp_openid", AppHarness::kOpenId}}}};
    EXPECT_EQ(provider.post("/v3/pay/partner/transactions/jsapi", body).status, 200);
    const std::string query =
        "/v3/pay/partner/transactions/out-trade-no/P20240310000001?sp_mchid=1900000111&sub_mchid=";
    EXPECT_EQ(provider.get(query + "1900000200").body["sub_mchid"], "1900000200");
    EXPECT_EQ(provider.get(query + "1900000109").code(), "NO_AUTH");
    Json other = body;
    other["sub_mchid"] = "1900000111";
    EXPECT_EQ(provider.post("/v3/pay/partner/transactions/jsapi", other).number(), "268443705");
}

TEST_F(V3Orders, KeepsWhatIsAnothersAndSaysSoBySupportsNumber) {
    sandbox::Merchant acts_for_two = *sandbox.directory.find_merchant("1900000111");
    acts_for_two.sub_mch_ids.emplace_back("1900000201");
    sandbox.directory.add(acts_for_two);
    V3Caller provider(sandbox, "1900000111");
    const Json body{{"sp_appid", AppHarness::kAppId},
                    {"sp_mchid", "1900000111"},
                    {"sub_mchid", "1900000200"},
                    {"description", "demo"},
                    {"out_trade_no", "SEEN0001"},
                    {"notify_url", "http://127.0.0.1:9190/notify"},
                    {"amount", {{"total", 100}, {"currency", "CNY"}}},
                    {"payer", {{"sp_openid", AppHarness::kOpenId}}}};
    ASSERT_EQ(provider.post("/v3/pay/partner/transactions/jsapi", body).status, 200);
    const auto expect = [](const test::V3Answer& answer, const char* text, const char* number) {
        EXPECT_EQ(answer.status, 404);
        EXPECT_EQ(answer.response.body, text);
        EXPECT_EQ(answer.number(), number);
    };
    const std::string path = "/v3/pay/partner/transactions/out-trade-no/SEEN0001";
    const Json other{{"sp_mchid", "1900000111"}, {"sub_mchid", "1900000201"}};
    expect(provider.get(path + "?sp_mchid=1900000111&sub_mchid=1900000201"), kNotExist,
           "268447845");
    expect(provider.post(path + "/close", other), kNotExist, "268447845");
    const auto paid = sandbox.control("POST", "/_sandbox/v1/orders/1900000111:SEEN0001/pay");
    const std::string id = paid.body["transaction_id"];
    expect(merchant.get("/v3/pay/transactions/id/" + id + "?mchid=1900000109"), kNotExist,
           "268447843");
    Json refund{{"transaction_id", id},
                {"out_refund_no", "R1"},
                {"amount", {{"refund", 1}, {"total", 100}, {"currency", "CNY"}}}};
    const char* const no_order = R"({"code":"RESOURCE_NOT_EXISTS","message":"原订单不存在"})";
    expect(merchant.post("/v3/refund/domestic/refunds", refund), no_order, "268447843");
    refund["sub_mchid"] = "1900000201";
    expect(provider.post("/v3/refund/domestic/refunds", refund), no_order, "268447845");
}

TEST_F(V3Orders, RefuseAUserOfAnotherAppThanSubAppid) {
    const std::string openid = "oSubOpenidSample000000000002";
    auto issued = sandbox.store->begin();
    issued->add_openid(AppId::parse(AppHarness::kAppId).value(), openid);
    issued->commit();
    issued.reset();
    V3Caller provider(sandbox, "1900000111");
    const auto order_with = [&](const char* sub_appid) {
        const Json body{{"sp_appid", AppHarness::kAppId},
                        {"sp_mchid", "1900000111"},
                        {"sub_appid", sub_appid},
                        {"sub_mchid", "1900000200"},
                        {"description", "demo"},
                        {"out_trade_no", "SUBUSER1"},
                        {"notify_url", "http://127.0.0.1:9190/notify"},
                        {"amount", {{"total", 100}, {"currency", "CNY"}}},
                        {"payer", {{"sub_openid", openid}}}};
        return provider.post("/v3/pay/partner/transactions/jsapi", body);
    };
    const auto refused = order_with("wx1111111111111111");
    EXPECT_EQ(refused.status, 500);
    EXPECT_EQ(refused.code(), "OPENID_MISMATCH");
    EXPECT_EQ(order_with(AppHarness::kAppId).status, 200);
}

TEST_F(V3Orders, TakeTheUsersAddressInBothFamiliesOnly) {
    const auto from = [&](const std::string& address) {
        return merchant.post(
            kJsapi, V3Caller::order("ADDRESS1", {{"scene_info", {{"payer_client_ip", address}}}}));
    };
    const auto refused = from("14.23.150.211:8080");
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(
        refused.response.body,
        R"({"code":"PARAM_ERROR","detail":{"location":"body","value":"14.23.150.211:8080"},)"
        R"("message":"输入源“/body/scene_info/payer_client_ip”映射到值字段“用户终端IP”字符串规则校验失败，字符串必须是合法的IPv4或IPv6地址"})");
    EXPECT_EQ(from("localhost").code(), "PARAM_ERROR");
    EXPECT_EQ(from("2001:db8::1").status, 200);
}

TEST_F(V3Orders, NoteWhatIsTakenAndHasNoEffect) {
    const auto notes_on = [&](const char* number, const Json& changes) {
        order(number, changes);
        const auto last = sandbox.exchanges.list(1, [](const auto&) { return true; });
        return last.at(0)->notes;
    };
    using Notes = std::vector<std::string>;
    EXPECT_EQ(notes_on("LIMITS01", {{"limit_pay", {"no_debit", "no_credit", "no_such", 1}}}),
              (Notes{"limit_pay no_debit has no effect here",
                     "limit_pay no_such is not documented; WeChat may refuse it",
                     "limit_pay 1 is not documented; WeChat may refuse it"}));
    EXPECT_EQ(notes_on("ZONES001", {{"time_expire", "2024-06-01T14:00:00+09:00"}}),
              (Notes{"/body/time_expire has a zone other than Z and +08:00, which WeChat may "
                     "refuse"}));
    EXPECT_EQ(notes_on("ZONES002", {{"time_expire", "2024-06-01T05:00:00Z"}}), Notes{});
}

TEST_F(V3Orders, CostTenMillionYuanAtMost) {
    const auto costs = [&](std::uint64_t total) {
        return merchant.post(kJsapi, V3Caller::order("DEAR0001", {{"amount", {{"total", total}}}}));
    };
    EXPECT_EQ(
        costs(1'000'000'001).response.body,
        R"({"code":"PARAM_ERROR","detail":{"location":"body","value":1000000001},"message":)"
        R"("输入源“/body/amount/total”映射到数值字段“总金额”规则校验失败，值高于最大值 1000000000"})");
    EXPECT_EQ(costs(1'000'000'001).number(), "268435464");
    EXPECT_EQ(costs(9'223'372'036'854'775'807U).number(), "268435464");
    EXPECT_EQ(costs(9'223'372'036'854'775'808U).number(), "268435461");  // no int64 at all
    EXPECT_EQ(costs(1'000'000'000).status, 200);
    pay("DEAR0001");
    EXPECT_EQ(
        merchant
            .post("/v3/refund/domestic/refunds",
                  {{"out_trade_no", "DEAR0001"},
                   {"out_refund_no", "R1"},
                   {"amount",
                    {{"refund", 1'000'000'000}, {"total", 1'000'000'000}, {"currency", "CNY"}}}})
            .status,
        200);
}

TEST_F(V3Orders, CannotBePaidNorOrderedAgainPastTimeExpire) {
    const Json expires{{"time_expire", "2024-06-01T12:02:00+08:00"}};
    order("EXPIRED1", expires);
    sandbox.advance(std::chrono::minutes(3));
    const auto again = merchant.post(kJsapi, V3Caller::order("EXPIRED1", expires));
    EXPECT_EQ(again.status, 400);
    EXPECT_EQ(again.response.body,
              R"({"code":"ORDER_CLOSED","message":"该订单已失效，请重新下单"})");
    EXPECT_EQ(again.number(), "268447914");
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/orders/1900000109:EXPIRED1/pay").status, 409);
    EXPECT_EQ(shown("EXPIRED1", "state"), "NOTPAY");
}

TEST_F(V3Orders, MoveATimeExpireIntoWhatIsAllowed) {
    const auto expires = [&](const std::string& number, const char* wanted) {
        order(number, {{"time_expire", wanted}});
        return shown(number, "expires_at").substr(0, 19);
    };
    EXPECT_EQ(expires("SOON0001", "2024-06-01T12:00:59+08:00"), "2024-06-01T12:01:00");
    EXPECT_EQ(expires("SOON0002", "2024-06-01T12:01:00+08:00"), "2024-06-01T12:01:00");
    EXPECT_EQ(expires("SOON0003", "2023-06-01T12:00:00+08:00"), "2024-06-01T12:01:00");
    EXPECT_EQ(expires("LATE0001", "2024-08-30T12:00:00+08:00"), "2024-08-30T12:00:00");
    EXPECT_EQ(expires("LATE0002", "2024-08-30T12:00:01+08:00"), "2024-08-30T12:00:00");
}

TEST_F(V3Orders, GiveSomethingFreshToPayWithOnceTheOldHasOutlivedItself) {
    const auto prepay_id = [&] {
        return merchant.post(kJsapi, V3Caller::order("FRESH001")).body["prepay_id"];
    };
    const Json first = prepay_id();
    sandbox.advance(std::chrono::seconds(7199));
    EXPECT_EQ(prepay_id(), first);
    sandbox.advance(std::chrono::seconds(1));
    const Json second = prepay_id();
    EXPECT_TRUE(second.is_string());
    EXPECT_NE(second, first);
    EXPECT_EQ(prepay_id(), second);

    const Json h5{
        {"payer", nullptr},
        {"scene_info", {{"payer_client_ip", "14.23.150.211"}, {"h5_info", {{"type", "Wap"}}}}}};
    const auto h5_url = [&] {
        return merchant.post("/v3/pay/transactions/h5", V3Caller::order("FRESH002", h5))
            .body["h5_url"];
    };
    const Json link = h5_url();
    sandbox.advance(std::chrono::seconds(299));
    EXPECT_EQ(h5_url(), link);
    sandbox.advance(std::chrono::seconds(1));
    EXPECT_TRUE(h5_url().is_string());
    EXPECT_NE(h5_url(), link);
}

TEST_F(V3Orders, AnswerAPathThatIsNoneInJsonWithoutASignature) {
    const auto expect = [](const test::V3Answer& answer, int status, const char* body) {
        EXPECT_EQ(answer.status, status);
        EXPECT_EQ(answer.response.body, body);
        EXPECT_FALSE(answer.is_signed);
        EXPECT_EQ(answer.number(), "268435456");
    };
    const char* const not_found = R"({"code":"NOT_FOUND","message":"请求的资源不存在"})";
    expect(merchant.get("/v3/pay/transaction/jsapi"), 404, not_found);
    expect(merchant.get(kJsapi), 405, not_found);
    expect(merchant.post("/v3/payscore/serviceorder", Json::object()), 404,
           R"({"code":"NOT_FOUND","message":"sandbox: not simulated"})");
}

TEST_F(V3Orders, AreJsonOfCharactersOfThreeBytesAtMost) {
    const auto send = [&](const std::string& body) {
        return merchant.send(merchant.request("POST", kJsapi, body));
    };
    for (const char* const body : {"<xml/>", R"({"appid":)", "[]", "12"}) {
        const auto answer = send(body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_EQ(answer.response.body,
                  R"({"code":"INVALID_REQUEST","message":"请求的消息体不是合法的JSON"})");
        EXPECT_EQ(answer.number(), "268435461");
        EXPECT_TRUE(answer.is_signed);
    }
    const auto emoji = merchant.post(kJsapi, V3Caller::order("EMOJI001", {{"attach", "好😀"}}));
    EXPECT_EQ(
        emoji.response.body,
        R"({"code":"PARAM_ERROR","detail":{"location":"body","value":"好😀"},"message":)"
        R"("输入源“/body/attach”映射到值字段“附加数据”字符串规则校验失败，含有不支持的4字节字符"})");
    order("EMOJI001", {{"attach", "好"}});
}

TEST_F(V3Orders, RefusesInTheWordsOfTheLiveService) {
    const auto refuse = [&](const Json& changes) {
        return merchant.post(kJsapi, V3Caller::order("T20240601000008", changes)).response.body;
    };
    EXPECT_EQ(
        refuse({{"amount", {{"total", 0.01}}}}),
        R"({"code":"PARAM_ERROR","detail":{"location":"body","value":0.01},"message":)"
        R"("无法将 JSON 输入源“/body/amount/total”映射到目标字段“总金额”中，此字段需要一个合法的 64 位有符号整数"})");
    EXPECT_EQ(
        refuse({{"time_expire", "20220421191948"}}),
        R"({"code":"PARAM_ERROR","detail":{"location":"body","value":"20220421191948"},"message":)"
        R"("输入源“/body/time_expire”映射到值字段“交易结束时间”字符串规则校验失败，字符串必须是符合 RFC3339 日期时间格式"})");
    EXPECT_EQ(
        refuse({{"description", nullptr}}),
        R"({"code":"PARAM_ERROR","detail":{"location":"body","value":""},"message":)"
        R"("输入源“/body/description”映射到字段“商品描述”必填性规则校验失败，此字段为必填项"})");
    EXPECT_EQ(
        refuse({{"goods_tag", std::string(36, 'x')}}),
        R"({"code":"PARAM_ERROR","detail":{"location":"body","value":36},"message":)"
        R"("输入源“/body/goods_tag”映射到值字段“订单优惠标记”字符串规则校验失败，字节数 36，大于最大值 32"})");
    EXPECT_EQ(
        refuse({{"wrong", 1}}),
        R"({"code":"PARAM_ERROR","detail":{"location":null,"value":["/body/wrong"]},"message":)"
        R"("请求中含有未在API文档中定义的参数"})");
    EXPECT_EQ(
        refuse({{"mchid", "1900000110"}}),
        R"({"code":"PARAM_ERROR","message":"http header中的mchid与post payload中的mchid不匹配"})");
    EXPECT_EQ(refuse({{"appid", "wx1111111111111111"}}),
              R"({"code":"APPID_MCHID_NOT_MATCH","message":"appid和mch_id不匹配，请检查后再试"})");
}

}  // namespace
}  // namespace wxpay
