// The V2 calls for orders, from request bytes to answer bytes.
#include <gtest/gtest.h>

#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

std::string refusal(const Fields& answer) {
    const auto text = [&](const char* name) {
        return answer.contains(name) ? answer.at(name) : std::string();
    };
    if (text("return_code") != "SUCCESS") return text("return_msg");
    if (text("result_code") != "SUCCESS") return text("err_code") + " " + text("err_code_des");
    return "";
}

class Orders : public testing::Test {
  protected:
    std::string order(const std::string& number, const Fields& changes = {}) {
        return refusal(sandbox.v2("/pay/unifiedorder", AppHarness::order(number, changes)));
    }
    Fields query(const std::string& number) {
        return sandbox.v2("/pay/orderquery", {{"out_trade_no", number}});
    }
    Fields close(const std::string& number) {
        return sandbox.v2("/pay/closeorder", {{"out_trade_no", number}});
    }
    void pay(const std::string& number) {
        EXPECT_EQ(
            sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay").status,
            200);
    }

    AppHarness sandbox;
};

TEST_F(Orders, AnswersAJsapiOrderInWeChatsBytes) {
    const http::Response response =
        sandbox.post("/pay/unifiedorder",
                     AppHarness::xml(AppHarness::sign(AppHarness::order("20240601120000001"))));
    const auto message = XmlMessage::parse(response.body).value();
    const std::string nonce(message.get("nonce_str"));
    const std::string sign(message.get("sign"));
    const std::string prepay_id(message.get("prepay_id"));
    EXPECT_EQ(nonce.size(), 16U);
    EXPECT_EQ(prepay_id.size(), 36U);
    EXPECT_TRUE(prepay_id.starts_with("wx01120000")) << prepay_id;
    EXPECT_TRUE(prepay_id.ends_with("0000")) << prepay_id;
    EXPECT_EQ(
        response.body,
        "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n<return_msg><![CDATA[OK]]></"
        "return_msg>\n"
        "<appid><![CDATA[wx8888888888888888]]></appid>\n<mch_id><![CDATA[1900000109]]></mch_id>\n"
        "<nonce_str><![CDATA[" +
            nonce + "]]></nonce_str>\n<sign><![CDATA[" + sign +
            "]]></sign>\n"
            "<result_code><![CDATA[SUCCESS]]></result_code>\n<prepay_id><![CDATA[" +
            prepay_id +
            "]]></prepay_id>\n"
            "<trade_type><![CDATA[JSAPI]]></trade_type>\n</xml>");
    EXPECT_EQ(response.headers.get("Content-Type"), "text/plain");
    EXPECT_EQ(response.headers.find("Wxpay-Sandbox-Hint"), std::nullopt);
}

TEST_F(Orders, AnswersEachTradeTypeWithWhatItsUserNeeds) {
    const Fields native = sandbox.v2(
        "/pay/unifiedorder", AppHarness::order("N1", {{"trade_type", "NATIVE"}, {"openid", "-"}}));
    EXPECT_TRUE(native.at("code_url").starts_with("weixin://wxpay/bizpayurl?pr="));
    EXPECT_EQ(native.at("code_url").size(), 35U);
    const Fields mweb = sandbox.v2(
        "/pay/unifiedorder", AppHarness::order("M1", {{"trade_type", "MWEB"}, {"openid", "-"}}));
    EXPECT_TRUE(mweb.at("mweb_url")
                    .starts_with("https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=" +
                                 mweb.at("prepay_id") + "&package="));
    const Fields app = sandbox.v2(
        "/pay/unifiedorder", AppHarness::order("A1", {{"trade_type", "APP"}, {"openid", "-"}}));
    EXPECT_FALSE(app.contains("code_url") || app.contains("mweb_url"));
    EXPECT_EQ(app.at("trade_type"), "APP");
}

TEST_F(Orders, SignsTheAnswerAsTheRequestWasSigned) {
    const Fields answer =
        sandbox.v2("/pay/unifiedorder", AppHarness::order("H1", {{"sign_type", "HMAC-SHA256"}}));
    EXPECT_EQ(answer.at("sign").size(), 64U);
    EXPECT_FALSE(answer.contains("sign_type"));
}

TEST_F(Orders, EchoesDeviceInfoAlsoInARefusal) {
    EXPECT_EQ(sandbox.v2("/pay/unifiedorder", AppHarness::order("D1", {{"device_info", "WEB"}}))
                  .at("device_info"),
              "WEB");
    pay("D1");
    const Fields refused =
        sandbox.v2("/pay/unifiedorder", AppHarness::order("D1", {{"device_info", "WEB"}}));
    EXPECT_EQ(refused.at("err_code"), "ORDERPAID");
    EXPECT_EQ(refused.at("device_info"), "WEB");
}

// --- The order of checks, rung by rung (v2.md 1.5). ---

TEST_F(Orders, ChecksTheEnvelopeFirst) {
    http::Request get;
    get.path = "/pay/unifiedorder";
    EXPECT_NE(sandbox.call(get).body.find("<![CDATA[请使用post方法]]>"), std::string::npos);
    EXPECT_EQ(refusal(sandbox.v2_raw("/pay/unifiedorder", "")), "post数据为空");
    EXPECT_EQ(refusal(sandbox.v2_raw("/pay/unifiedorder", "<xml><body>\xB2\xE2</body></xml>")),
              "body不是UTF8编码");
    EXPECT_EQ(refusal(sandbox.v2_raw("/pay/unifiedorder", "appid=wx8888888888888888&mch_id=1")),
              "XML格式错误");
    EXPECT_EQ(refusal(sandbox.v2_raw("/pay/unifiedorder",
                                     "<!DOCTYPE xml><xml><mch_id>1900000109</mch_id></xml>")),
              "XML格式错误");
}

TEST_F(Orders, ChecksWhoCallsBeforeTheSignature) {
    const auto with = [&](const Fields& changes) {
        Fields fields = AppHarness::sign(AppHarness::order("W1"));
        for (const auto& [name, value] : changes) fields[name] = value;
        for (const auto& [name, value] : changes) {
            if (value == "-") fields.erase(name);
        }
        return refusal(sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(fields)));
    };
    EXPECT_EQ(with({{"mch_id", "-"}, {"appid", "-"}}), "mch_id参数格式错误");
    EXPECT_EQ(with({{"mch_id", ""}}), "mch_id参数格式错误");
    EXPECT_EQ(with({{"mch_id", "19000x0109"}}), "mch_id参数格式错误");
    EXPECT_EQ(with({{"appid", "-"}}), "缺少参数");
    EXPECT_EQ(with({{"nonce_str", "-"}}), "缺少参数");
    EXPECT_EQ(with({{"sign", "-"}}), "缺少参数");
    EXPECT_EQ(with({{"mch_id", "1900009999"}, {"appid", "wx0000000000000000"}}),
              "商户号mch_id或sub_mch_id不存在");
    EXPECT_EQ(with({{"sub_mch_id", "1900000200"}, {"appid", "wx0000000000000000"}}),
              "商户号mch_id或sub_mch_id不存在");
    EXPECT_EQ(with({{"mch_id", "1900000111"}}), "受理机构必须传入sub_mch_id");
    EXPECT_EQ(with({{"appid", "wx0000000000000000"}}), "appid不存在");
    EXPECT_EQ(with({{"appid", "wx1111111111111111"}}), "商户号mch_id与appid不匹配");
    EXPECT_EQ(with({{"sign", ""}}), "签名错误");
    EXPECT_EQ(with({{"total_fee", "0"}}), "签名错误");
}

TEST_F(Orders, NamesTheLikelyCauseOfAWrongSign) {
    Fields fields = AppHarness::sign(AppHarness::order("S1"));
    std::transform(fields["sign"].begin(), fields["sign"].end(), fields["sign"].begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    EXPECT_EQ(refusal(sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(fields))), "签名错误");
    EXPECT_NE(sandbox.hint.find("lower case"), std::string::npos) << sandbox.hint;

    Fields hmac = AppHarness::sign(AppHarness::order("S1", {{"sign_type", "HMAC-SHA256"}}));
    hmac.erase("sign_type");
    std::vector<FieldView> views;
    for (const auto& [name, value] : hmac) views.push_back({name, value});
    hmac["sign"] = v2::sign(views, Secret(AppHarness::kKey), v2::SignType::hmac_sha256);
    EXPECT_EQ(refusal(sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(hmac))), "签名错误");
    EXPECT_NE(sandbox.hint.find("sign_type=HMAC-SHA256 was not sent"), std::string::npos)
        << sandbox.hint;

    Fields other = AppHarness::sign(AppHarness::order("S1"), "ffffffffffffffffffffffffffffffff");
    EXPECT_EQ(refusal(sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(other))), "签名错误");
    EXPECT_NE(sandbox.hint.find("API key of 1900000109"), std::string::npos) << sandbox.hint;
    EXPECT_EQ(refusal(query("S1")), "ORDERNOTEXIST order not exist")
        << "a refused call must store nothing";
}

TEST_F(Orders, ChecksUnknownThenMissingThenMalformed) {
    EXPECT_EQ(order("U1", {{"open_id", "o"}, {"openid", "-"}, {"body", "-"}}),
              "不识别的参数open_id");
    EXPECT_NE(sandbox.hint.find("'openid'"), std::string::npos) << sandbox.hint;
    EXPECT_EQ(order("U1", {{"auth_code", "134579720130501234"}}), "不识别的参数auth_code");
    EXPECT_EQ(order("U1", {{"body", "-"}, {"total_fee", "0"}}), "缺少参数");
    EXPECT_EQ(order("U1", {{"openid", "-"}, {"total_fee", "0"}}), "JSAPI支付必须传openid");
    EXPECT_EQ(order("U1", {{"openid", ""}}), "JSAPI支付必须传openid");
    EXPECT_EQ(order("U1", {{"body", ""}, {"total_fee", "0"}}), "body参数格式错误");
    EXPECT_EQ(order("U1"), "");
}

struct Case {
    const char* field;
    const char* value;
    const char* answer;
};

TEST_F(Orders, HoldsEachFieldToItsRule) {
    const std::string x33(33, 'x');
    const std::string x128(128, 'x');
    const std::string x257 = "http://127.0.0.1/" + std::string(240, 'x');
    const std::string body127 = [] {
        std::string out;
        for (int i = 0; i < 127; ++i) out += "测";
        return out;
    }();
    const std::string body128 = body127 + "测";
    const Case cases[] = {
        {"total_fee", "0", "invalid total_fee"},
        {"total_fee", "-1", "invalid total_fee"},
        {"total_fee", "8.88", "invalid total_fee"},
        {"total_fee", "", "invalid total_fee"},
        {"total_fee", " 888", "invalid total_fee"},
        {"total_fee", "+888", "invalid total_fee"},
        {"total_fee", "1e3", "invalid total_fee"},
        {"total_fee", "1000000001", "invalid total_fee"},
        {"total_fee", "1000000000", ""},
        {"total_fee", "99999999999999999999", "invalid total_fee"},
        {"out_trade_no", "", "out_trade_no参数格式错误"},
        {"out_trade_no", x33.c_str(), "out_trade_no参数格式错误"},
        {"out_trade_no", "有中文", "out_trade_no参数格式错误"},
        {"out_trade_no", "a b", "out_trade_no参数格式错误"},
        {"out_trade_no", "a_-|*@9", ""},
        {"body", body127.c_str(), ""},
        {"body", body128.c_str(), "body参数格式错误"},
        {"attach", x128.c_str(), "attach参数格式错误"},
        {"attach", "", ""},
        {"trade_type", "", "trade_type参数格式错误"},
        {"trade_type", "jsapi", "trade_type参数格式错误"},
        {"trade_type", "MICROPAY", "trade_type参数格式错误"},
        {"spbill_create_ip", "", "spbill_create_ip参数格式错误"},
        {"spbill_create_ip", "999.1.1.1", "spbill_create_ip参数格式错误"},
        {"spbill_create_ip", "2001:db8::1", ""},
        {"notify_url", "", "notify_url参数格式错误"},
        {"notify_url", "merchant.example.com/x", "notify_url参数格式错误"},
        {"notify_url", x257.c_str(), "notify_url参数格式错误"},
        {"notify_url", "http://127.0.0.1/n?x=1", ""},
        {"fee_type", "USD", "fee_type参数格式错误"},
        {"fee_type", "CNY", ""},
        {"limit_pay", "no_debit", "limit_pay参数格式错误"},
        {"limit_pay", "no_credit", ""},
        {"time_start", "2024-06-01", "time_start参数格式错误"},
        {"time_expire", "20240601", "time_expire参数格式错误"},
        {"time_expire", "20241301120000", "time_expire参数格式错误"},
        {"scene_info", "{", "scene_info参数格式错误"},
        {"scene_info", "{\"store_info\":{\"id\":\"1\"}}", ""},
        {"receipt", "y", "receipt参数格式错误"},
        {"profit_sharing", "1", "profit_sharing参数格式错误"},
        {"goods_tag", x33.c_str(), "goods_tag参数格式错误"},
        {"product_id", x33.c_str(), "product_id参数格式错误"},
        {"device_info", x128.c_str(), ""},
        {"version", "2.0", "version参数格式错误"},
        {"nonce_str", "", "nonce_str参数格式错误"},
        {"nonce_str", x33.c_str(), "nonce_str参数格式错误"},
        {"sign_type", "SHA1", "签名错误"},
    };
    int number = 0;
    for (const Case& each : cases) {
        const std::string name = "R" + std::to_string(++number);
        EXPECT_EQ(order(name, {{each.field, each.value}}), each.answer)
            << each.field << " = " << each.value;
    }
}

TEST_F(Orders, WantsTimeExpireAMinuteAhead) {
    EXPECT_EQ(order("T1", {{"time_expire", "20240601120100"}}),
              "time_expire时间过短，刷卡至少1分钟，其他5分钟");
    EXPECT_EQ(order("T1", {{"time_expire", "20240601110000"}}),
              "time_expire时间过短，刷卡至少1分钟，其他5分钟");
    EXPECT_EQ(order("T1", {{"time_start", "20240601130000"}, {"time_expire", "20240601123000"}}),
              "PARAM_ERROR 参数错误");
    EXPECT_EQ(order("T1", {{"time_expire", "20240601120101"}}), "");
}

TEST_F(Orders, RefusesAUserWhoCannotBeTheApps) {
    EXPECT_EQ(order("O1", {{"openid", "not-an-openid"}}), "PARAM_ERROR 无效的openid");
    http::Request login;
    login.path = "/sns/jscode2session";
    login.query =
        "appid=wx1111111111111111&secret=0b1c2d3e4f5061728394a5b6c7d8e9f0&grant_type=authorization_"
        "code&js_code=c1";
    const auto session = nlohmann::json::parse(sandbox.call(login).body);
    EXPECT_EQ(order("O1", {{"openid", session["openid"].get<std::string>()}}),
              "appid and openid not match");
}

TEST_F(Orders, RefusesAUserWhoCannotBeTheSubMerchantsApps) {
    const std::string openid = "oSubOpenidSample000000000002";
    auto issued = sandbox.store->begin();
    issued->add_openid(AppId::parse(AppHarness::kAppId).value(), openid);
    issued->commit();
    issued.reset();
    const auto order_with = [&](const std::string& sub_appid) {
        const Fields fields = AppHarness::order("SP2", {{"mch_id", "1900000111"},
                                                        {"sub_mch_id", "1900000200"},
                                                        {"sub_appid", sub_appid},
                                                        {"openid", "-"},
                                                        {"sub_openid", openid}});
        return refusal(sandbox.v2_raw(
            "/pay/unifiedorder",
            AppHarness::xml(AppHarness::sign(fields, "3e8b6a1d5c9f4072b1e0d3c2a5f48697"))));
    };
    EXPECT_EQ(order_with("wx1111111111111111"), "appid and openid not match");
    EXPECT_NE(sandbox.hint.find("sub_openid"), std::string::npos) << sandbox.hint;
    EXPECT_EQ(order_with(AppHarness::kAppId), "");
}

TEST_F(Orders, RefusesAProductThatIsNotEnabled) {
    Fields fields = AppHarness::order("P1", {{"mch_id", "1900000110"}});
    fields = AppHarness::sign(std::move(fields), "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c");
    EXPECT_EQ(refusal(sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(fields))),
              "商户号该产品权限未开通，请前往商户平台>产品中心检查后重试");
}

// --- The same out_trade_no again (v2.md 4.1). ---

TEST_F(Orders, GivesTheSamePrepayIdToTheSameCallForTwoHours) {
    const Fields first = sandbox.v2(
        "/pay/unifiedorder", AppHarness::order("E1", {{"trade_type", "NATIVE"}, {"openid", "-"}}));
    sandbox.advance(2h - 1s);
    Fields repeat = AppHarness::order("E1", {{"trade_type", "NATIVE"}, {"openid", "-"}});
    repeat["nonce_str"] = "another-nonce";
    repeat["spbill_create_ip"] = "10.0.0.1";
    const Fields second = sandbox.v2("/pay/unifiedorder", repeat);
    EXPECT_EQ(second.at("prepay_id"), first.at("prepay_id"));
    EXPECT_EQ(second.at("code_url"), first.at("code_url"));
    sandbox.advance(1s);
    const Fields third = sandbox.v2("/pay/unifiedorder", repeat);
    EXPECT_NE(third.at("prepay_id"), first.at("prepay_id"));
    EXPECT_NE(third.at("code_url"), first.at("code_url"));
}

TEST_F(Orders, GivesTheSameMwebUrlToTheSameCallForFiveMinutes) {
    const auto ask = [&] {
        return sandbox.v2("/pay/unifiedorder",
                          AppHarness::order("E1", {{"trade_type", "MWEB"}, {"openid", "-"}}));
    };
    const Fields first = ask();
    sandbox.advance(5min - 1s);
    EXPECT_EQ(ask().at("mweb_url"), first.at("mweb_url"));
    sandbox.advance(1s);
    const Fields fresh = ask();
    EXPECT_NE(fresh.at("mweb_url"), first.at("mweb_url"));
    EXPECT_NE(fresh.at("mweb_url").find("prepay_id=" + fresh.at("prepay_id")), std::string::npos);
}

TEST_F(Orders, RefusesTheSameNumberWithOtherParameters) {
    EXPECT_EQ(order("E2", {{"time_start", "20240601120000"}}), "");
    EXPECT_EQ(order("E2", {{"time_start", "20240601120001"}, {"body", "另一个"}}),
              "INVALID_REQUEST 201 商户订单号重复");
    EXPECT_NE(sandbox.hint.find("body, time_start"), std::string::npos) << sandbox.hint;
    EXPECT_EQ(order("E2", {{"time_start", "20240601120000"}, {"total_fee", "889"}}),
              "INVALID_REQUEST 201 商户订单号重复");
    EXPECT_EQ(order("E2", {{"time_start", "20240601120000"}, {"openid", "oAnother"}}),
              "INVALID_REQUEST 201 商户订单号重复");
}

TEST_F(Orders, AnswersAFailingMwebCallWithAnEmptyPrepayId) {
    EXPECT_EQ(order("E3", {{"trade_type", "MWEB"}, {"openid", "-"}}), "");
    const Fields answer = sandbox.v2(
        "/pay/unifiedorder",
        AppHarness::order("E3", {{"trade_type", "MWEB"}, {"openid", "-"}, {"body", "x"}}));
    EXPECT_EQ(refusal(answer), "INVALID_REQUEST 201 商户订单号重复");
    EXPECT_NE(answer.at("mweb_url").find("prepay_id=&package="), std::string::npos);
}

TEST_F(Orders, KnowsPaidClosedAndExpiredOrders) {
    EXPECT_EQ(order("E4"), "");
    pay("E4");
    EXPECT_EQ(order("E4"), "ORDERPAID 该订单已支付");
    EXPECT_EQ(order("E4", {{"body", "x"}}), "ORDERPAID 该订单已支付");
    EXPECT_EQ(order("E5"), "");
    EXPECT_EQ(refusal(close("E5")), "");
    EXPECT_EQ(order("E5"), "ORDERCLOSED 订单已关闭");
    EXPECT_EQ(order("E6", {{"time_expire", "20240601121000"}}), "");
    sandbox.advance(10min);
    EXPECT_EQ(order("E6", {{"time_expire", "20240601121000"}}), "ORDERCLOSED 订单已关闭");
}

// --- orderquery and closeorder. ---

TEST_F(Orders, QueriesAnUnpaidOrder) {
    EXPECT_EQ(order("Q1"), "");
    const http::Response response = sandbox.post(
        "/pay/orderquery", AppHarness::xml(AppHarness::sign({{"out_trade_no", "Q1"}})));
    const auto message = XmlMessage::parse(response.body).value();
    std::vector<std::string_view> names;
    for (const FieldView& field : message.fields()) names.push_back(field.name);
    EXPECT_EQ(names, (std::vector<std::string_view>{"return_code", "return_msg", "appid", "mch_id",
                                                    "device_info", "nonce_str", "sign",
                                                    "result_code", "total_fee", "out_trade_no",
                                                    "trade_state", "trade_state_desc"}));
    EXPECT_NE(response.body.find("<device_info><![CDATA[]]></device_info>\n"), std::string::npos);
    EXPECT_NE(response.body.find("<total_fee>888</total_fee>\n"), std::string::npos);
    EXPECT_EQ(message.get("trade_state_desc"), "订单未支付");
}

TEST_F(Orders, QueriesAPaidOrderByEitherNumber) {
    EXPECT_EQ(order("Q2", {{"attach", "支付测试"}}), "");
    sandbox.advance(65s);
    pay("Q2");
    const http::Response response = sandbox.post(
        "/pay/orderquery", AppHarness::xml(AppHarness::sign({{"out_trade_no", "Q2"}})));
    const auto message = XmlMessage::parse(response.body).value();
    std::vector<std::string_view> names;
    for (const FieldView& field : message.fields()) names.push_back(field.name);
    EXPECT_EQ(names, (std::vector<std::string_view>{
                         "return_code",  "return_msg",     "appid",        "mch_id",
                         "nonce_str",    "sign",           "result_code",  "openid",
                         "is_subscribe", "trade_type",     "bank_type",    "total_fee",
                         "fee_type",     "transaction_id", "out_trade_no", "attach",
                         "time_end",     "trade_state",    "cash_fee",     "trade_state_desc",
                         "cash_fee_type"}));
    EXPECT_EQ(message.get("time_end"), "20240601120105");
    EXPECT_EQ(message.get("trade_state_desc"), "支付成功");
    const std::string transaction_id(message.get("transaction_id"));
    EXPECT_EQ(transaction_id.size(), 28U);
    EXPECT_TRUE(transaction_id.starts_with("4200"));
    EXPECT_EQ(transaction_id.substr(10, 8), "20240601");
    EXPECT_EQ(
        sandbox.v2("/pay/orderquery", {{"transaction_id", transaction_id}}).at("out_trade_no"),
        "Q2");
    EXPECT_EQ(
        sandbox
            .v2("/pay/orderquery", {{"transaction_id", transaction_id}, {"out_trade_no", "other"}})
            .at("out_trade_no"),
        "Q2");
}

TEST_F(Orders, QueriesAClosedOrder) {
    EXPECT_EQ(order("Q3"), "");
    EXPECT_EQ(refusal(close("Q3")), "");
    const Fields answer = query("Q3");
    EXPECT_EQ(answer.at("trade_state"), "CLOSED");
    EXPECT_EQ(answer.at("attach"), "");
    EXPECT_FALSE(answer.contains("total_fee") || answer.contains("device_info"));
}

TEST_F(Orders, FindsOnlyTheCallersOrders) {
    EXPECT_EQ(refusal(query("nobody-knows-it")), "ORDERNOTEXIST order not exist");
    EXPECT_EQ(order("Q4"), "");
    Fields other{{"out_trade_no", "Q4"}, {"mch_id", "1900000110"}};
    other = AppHarness::sign(std::move(other), "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c");
    EXPECT_EQ(refusal(sandbox.v2_raw("/pay/orderquery", AppHarness::xml(other))),
              "ORDERNOTEXIST order not exist");
    EXPECT_EQ(refusal(sandbox.v2("/pay/orderquery", {})), "缺少参数");
    EXPECT_EQ(refusal(sandbox.v2("/pay/orderquery", {{"out_trade_no", ""}})), "缺少参数");
}

TEST_F(Orders, ClosesOnceAndAgain) {
    EXPECT_EQ(order("C1"), "");
    EXPECT_EQ(refusal(close("C1")), "");
    EXPECT_EQ(refusal(close("C1")), "");
    EXPECT_EQ(order("C2"), "");
    pay("C2");
    EXPECT_EQ(refusal(close("C2")), "ORDERPAID order paid");
}

TEST_F(Orders, BurnsANumberThatIsClosedBeforeItWasOrdered) {
    EXPECT_EQ(refusal(close("C3")), "");
    EXPECT_EQ(refusal(query("C3")), "ORDERNOTEXIST order not exist");
    EXPECT_EQ(order("C3"), "ORDERCLOSED 订单已关闭");
}

TEST(StrictOrders, RefuseWhatTheDocumentationForbids) {
    sandbox::Settings settings;
    settings.strict = true;
    AppHarness sandbox(settings);
    EXPECT_EQ(refusal(sandbox.v2("/pay/closeorder", {{"out_trade_no", "X1"}})),
              "ORDERNOTEXIST order not exist");
    EXPECT_EQ(sandbox.hint, "");
    EXPECT_EQ(refusal(sandbox.v2("/pay/orderquery", {{"out_trade_no", "X1"}, {"op_user_id", "1"}})),
              "不识别的参数op_user_id");
    EXPECT_EQ(
        refusal(sandbox.v2("/pay/unifiedorder", AppHarness::order("X1", {{"openid", "oShort"}}))),
        "PARAM_ERROR 无效的openid");
    const auto expiring = [&](const char* at) {
        return refusal(
            sandbox.v2("/pay/unifiedorder", AppHarness::order("X2", {{"time_expire", at}})));
    };
    EXPECT_EQ(expiring("20240601120459"), "time_expire时间过短，刷卡至少1分钟，其他5分钟");
    EXPECT_EQ(expiring("20240601120500"), "");
}

TEST_F(Orders, ServesAProvidersSubMerchant) {
    const std::string key = "3e8b6a1d5c9f4072b1e0d3c2a5f48697";
    Fields fields = AppHarness::order("SP1", {{"mch_id", "1900000111"},
                                              {"sub_mch_id", "1900000200"},
                                              {"sub_appid", "wx1111111111111111"},
                                              {"openid", "-"},
                                              {"sub_openid", "oSubOpenidSample000000000001"}});
    const Fields answer = sandbox.v2_raw("/pay/unifiedorder",
                                         AppHarness::xml(AppHarness::sign(std::move(fields), key)));
    EXPECT_EQ(refusal(answer), "");
    EXPECT_EQ(answer.at("sub_appid"), "wx1111111111111111");
    EXPECT_EQ(answer.at("sub_mch_id"), "1900000200");
}

TEST_F(Orders, KeepsAnOrderFromAnotherSubMerchantsClose) {
    const std::string key = "3e8b6a1d5c9f4072b1e0d3c2a5f48697";
    sandbox::Merchant acts_for_two = *sandbox.directory.find_merchant("1900000111");
    acts_for_two.sub_mch_ids.emplace_back("1900000201");
    sandbox.directory.add(acts_for_two);
    const auto call = [&](const char* path, Fields fields, const char* sub_mch_id) {
        fields["mch_id"] = "1900000111";
        fields["sub_mch_id"] = sub_mch_id;
        return refusal(
            sandbox.v2_raw(path, AppHarness::xml(AppHarness::sign(std::move(fields), key))));
    };
    EXPECT_EQ(call("/pay/unifiedorder", AppHarness::order("SP2"), "1900000200"), "");
    EXPECT_EQ(call("/pay/closeorder", {{"out_trade_no", "SP2"}}, "1900000201"),
              "ORDERNOTEXIST order not exist");
    EXPECT_EQ(call("/pay/closeorder", {{"out_trade_no", "SP2"}}, "1900000200"), "");
}

TEST_F(Orders, AnswersAnUnknownPathWith404AndTheNearestKnownOne) {
    const std::pair<const char*, const char*> cases[] = {
        {"/pay/unifiedorde", "did you mean /pay/unifiedorder?"},
        {"/unifiedorder", "did you mean /pay/unifiedorder?"},
        {"/pay/unifiedorder/", "did you mean /pay/unifiedorder?"},
        {"/sandboxnew/pay/unifiedordr", "did you mean /sandboxnew/pay/unifiedorder?"},
        {"/xdc/apiv2sandbox/pay/microPay", "did you mean /xdc/apiv2sandbox/pay/micropay?"},
        {"/pay/transactions/jsapi", "did you mean /v3/pay/transactions/jsapi?"},
        {"/v3/pay/transactions/out_trade_no/T1",
         "did you mean /v3/pay/transactions/out-trade-no/{out_trade_no}?"},
        {"/v3/refunds/domestic/refunds/R1",
         "did you mean /v3/refund/domestic/refunds/{out_refund_no}?"},
        {"/v3/refund/domestic", "did you mean /v3/refund/domestic/refunds?"},
        {"/sns/jscode2session", "this path takes GET"},
        {"/sns/jscode2sesion", "did you mean /sns/jscode2session?"},
        {"/pay", "WeChat has no such path, as far as the sandbox knows"},
        {"/shop/orders/17", "WeChat has no such path, as far as the sandbox knows"},
        {"/", "WeChat has no such path, as far as the sandbox knows"},
    };
    for (const auto& [path, hint] : cases) {
        EXPECT_EQ(sandbox.post(path, "<xml/>").status, 404) << path;
        EXPECT_EQ(sandbox.hint, hint) << path;
    }
    EXPECT_EQ(sandbox.post("/" + std::string(10'000, '/'), "").status, 404);
}

}  // namespace
}  // namespace wxpay::test
