#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/v2/pay_sign.hpp"

#include "merchant/limits.hpp"
#include "tests/component/merchant_harness.hpp"

namespace wxpay::test {
namespace {

using testing::ElementsAre;

std::string error_code(const Shop::Answer& answer) {
    return answer.json().at("error").at("code").get<std::string>();
}

TEST(MerchantApi, AnswersHealthAndProducts) {
    const Shop shop;
    EXPECT_EQ(shop.call("GET", "/healthz").body, R"({"status":"ok"})");
    const auto products = shop.call("GET", "/api/products").json().at("products");
    ASSERT_FALSE(products.empty());
    EXPECT_EQ(products[0],
              (nlohmann::json{{"id", "tangshi"}, {"name", "唐诗三百首"}, {"price", 88}}));
}

TEST(MerchantApi, KnowsItsPathsAndTheirMethods) {
    const Shop shop;
    for (const char* path : {"/", "/api", "/api/orders/", "/api/orders//pay", "/api/orders/a/b",
                             "/api/orders/a/pay/x", "/wxpay", "/wxpay/notify/", "/healthz/"}) {
        EXPECT_EQ(shop.call("POST", path).status, 404) << path;
    }
    EXPECT_EQ(shop.call("GET", "/wxpay/notify").status, 405);
    EXPECT_EQ(shop.call("GET", "/api/login").status, 405);
    EXPECT_EQ(shop.call("DELETE", "/api/orders/a").status, 405);
    http::Request request;
    request.path = "/wxpay/notify";
    EXPECT_EQ(std::get<http::Response>(shop.app.handle(request)).headers.get("Allow"), "POST");
}

TEST(MerchantLogin, GivesASessionAndNothingElse) {
    const Shop shop;
    const auto answer = shop.call("POST", "/api/login", R"({"code":"oReader"})");
    EXPECT_EQ(answer.status, 200);
    ASSERT_EQ(answer.json().size(), 1U);
    EXPECT_EQ(answer.json().at("session").get<std::string>().size(), 40U);
    EXPECT_EQ(answer.body.find("oReader"), std::string::npos);
    EXPECT_NE(shop.login(), shop.login());
}

TEST(MerchantLogin, AsksWechatWithTheCode) {
    const Shop shop;
    shop.login("oReader");
    const auto requests = shop.wechat.requests();
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0].parameter("js_code"), "oReader");
    EXPECT_EQ(requests[0].parameter("appid"), Shop::kAppId);
    EXPECT_EQ(requests[0].parameter("secret"), "app-secret");
}

TEST(MerchantLogin, RefusesWhatWechatRefuses) {
    Shop shop;
    EXPECT_EQ(shop.call("POST", "/api/login", R"({"code":"wrong"})").status, 401);
    shop.wechat.login_error = Error{Errc::unreachable, "no connection"};
    EXPECT_EQ(shop.call("POST", "/api/login", R"({"code":"oReader"})").status, 502);
}

TEST(MerchantLogin, RefusesBodiesThatAreNotAnObjectWithACode) {
    const Shop shop;
    for (const char* body : {"", "{", "[]", "null", "\"oReader\"", "{}", R"({"code":1})",
                             R"({"code":""})", "{\"code\":\"\xff\"}"}) {
        EXPECT_EQ(shop.call("POST", "/api/login", body).status, 400) << body;
    }
    const std::string code(merchant::kLoginCodeBytesMax, 'o');
    EXPECT_EQ(shop.call("POST", "/api/login", R"({"code":")" + code + "\"}").status, 200);
    EXPECT_EQ(shop.call("POST", "/api/login", R"({"code":")" + code + "o\"}").status, 400);
    const std::string large(merchant::kJsonBytesMax + 1, ' ');
    EXPECT_EQ(shop.call("POST", "/api/login", large).status, 413);
}

TEST(MerchantLogin, EndsASessionWhenItsTimeIsUp) {
    Shop shop;
    const std::string session = shop.login();
    const std::string id = shop.order(session).at("id");
    shop.clock.advance(merchant::kSessionLife - Millis(1));
    EXPECT_EQ(shop.call("GET", "/api/orders/" + id, {}, session).status, 200);
    shop.clock.advance(Millis(1));
    EXPECT_EQ(shop.call("GET", "/api/orders/" + id, {}, session).status, 401);
}

TEST(MerchantLogin, IsNeededForEverythingAboutOrders) {
    const Shop shop;
    const std::string id = shop.order(shop.login()).at("id");
    for (const char* session : {"", "wrong"}) {
        EXPECT_EQ(shop.call("POST", "/api/orders", "{}", session).status, 401);
        EXPECT_EQ(shop.call("GET", "/api/orders/" + id, {}, session).status, 401);
        EXPECT_EQ(shop.call("POST", "/api/orders/" + id + "/pay", {}, session).status, 401);
    }
    http::Request basic;
    basic.path = "/api/orders/" + id;
    basic.headers.add("Authorization", "Basic " + shop.login());
    EXPECT_EQ(std::get<http::Response>(shop.app.handle(basic)).status, 401);
}

TEST(MerchantOrders, AreMadeAtTheShopsPrice) {
    const Shop shop;
    const auto order = shop.order(shop.login());
    EXPECT_EQ(order.at("total_fee"), 88);
    EXPECT_EQ(order.at("state"), "unpaid");
    EXPECT_TRUE(order.at("out_trade_no").get<std::string>().starts_with("20240601120000"));
    EXPECT_EQ(order.size(), 4U);
}

TEST(MerchantOrders, IgnoreAPriceThatTheClientSends) {
    const Shop shop;
    const auto answer = shop.call(
        "POST", "/api/orders",
        R"({"product_id":"tangshi","quantity":3,"price":1,"total_fee":1,"total":1})", shop.login());
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.json().at("total_fee"), 3 * 88);
}

TEST(MerchantOrders, TakeOneToNinetyNineOfAKnownProduct) {
    const Shop shop;
    const std::string session = shop.login();
    const auto order = [&](const std::string& quantity) {
        return shop.call("POST", "/api/orders",
                         R"({"product_id":"lunyu","quantity":)" + quantity + "}", session);
    };
    EXPECT_EQ(order("99").json().at("total_fee"), 99 * 1280);
    for (const char* quantity : {"0", "100", "-1", "1.0", "1.5", "\"1\"", "null", "1e1", "true",
                                 "18446744073709551615", "18446744073709551616"}) {
        const auto answer = order(quantity);
        EXPECT_EQ(answer.status, 400) << quantity;
        EXPECT_EQ(answer.json().at("error").at("field"), "quantity") << quantity;
    }
    EXPECT_EQ(
        shop.call("POST", "/api/orders", R"({"product_id":"x","quantity":1})", session).status,
        404);
    EXPECT_EQ(shop.call("POST", "/api/orders", R"({"quantity":1})", session).status, 400);
}

TEST(MerchantOrders, AreOnlyTheirOwners) {
    const Shop shop;
    const std::string owner = shop.login();
    const std::string other = shop.login("oSomebodyElse");
    const std::string id = shop.order(owner).at("id");
    EXPECT_EQ(shop.call("GET", "/api/orders/" + id, {}, owner).status, 200);
    const auto answer = shop.call("GET", "/api/orders/" + id, {}, other);
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.body, shop.call("GET", "/api/orders/none", {}, other).body);
    EXPECT_EQ(shop.pay(id, other).status, 404);
}

TEST(MerchantPay, GivesTheSixSignedFields) {
    const Shop shop;
    const std::string session = shop.login();
    const auto fields = shop.pay(shop.order(session).at("id"), session).json();
    ASSERT_EQ(fields.size(), 6U);
    EXPECT_EQ(fields.at("appId"), Shop::kAppId);
    EXPECT_EQ(fields.at("timeStamp"), "1717214400");
    EXPECT_EQ(fields.at("package"), "prepay_id=wx01120000123456a1b2c3d4e5f607180000");
    EXPECT_EQ(fields.at("signType"), "MD5");
    const std::string nonce = fields.at("nonceStr");
    const std::string text = "appId=wx8888888888888888&nonceStr=" + nonce +
                             "&package=prepay_id=wx01120000123456a1b2c3d4e5f607180000"
                             "&signType=MD5&timeStamp=1717214400&key=";
    const std::vector<FieldView> by_name{
        {"appId", Shop::kAppId},
        {"timeStamp", "1717214400"},
        {"nonceStr", nonce},
        {"package", "prepay_id=wx01120000123456a1b2c3d4e5f607180000"},
        {"signType", "MD5"}};
    EXPECT_EQ(v2::string_to_sign(by_name), text);
    EXPECT_EQ(fields.at("paySign"), v2::sign(by_name, shop.account.api_key, v2::SignType::md5));
}

TEST(MerchantPay, SignsThePhonesFieldsAsItSignsOrders) {
    const Shop shop(v2::SignType::hmac_sha256);
    const std::string session = shop.login();
    const auto fields = shop.pay(shop.order(session).at("id"), session).json();
    EXPECT_EQ(fields.at("signType"), "HMAC-SHA256");
    EXPECT_EQ(fields.at("paySign").get<std::string>().size(), 64U);
}

TEST(MerchantPay, OrdersAtWechatWhatTheShopSold) {
    Shop shop;
    Fields sent;
    shop.wechat.unified_order = [&, answer = shop.wechat.unified_order](const Fields& call) {
        sent = call;
        return answer(call);
    };
    const std::string session = shop.login();
    const auto order = shop.order(session);
    shop.pay(order.at("id"), session);
    EXPECT_EQ(sent.at("out_trade_no"), order.at("out_trade_no"));
    EXPECT_EQ(sent.at("total_fee"), "88");
    EXPECT_EQ(sent.at("openid"), Shop::kOpenId);
    EXPECT_EQ(sent.at("trade_type"), "JSAPI");
    EXPECT_EQ(sent.at("body"), "唐诗三百首");
    EXPECT_EQ(sent.at("spbill_create_ip"), "127.0.0.1");
    EXPECT_EQ(sent.at("notify_url"), "http://127.0.0.1:12190/wxpay/notify");
    EXPECT_EQ(sent.at("time_start"), "20240601120000");
}

TEST(MerchantPay, RepeatsTheSameRequestSoThatWechatTakesItAgain) {
    Shop shop;
    std::vector<Fields> sent;
    shop.wechat.unified_order = [&, answer = shop.wechat.unified_order](const Fields& call) {
        sent.push_back(call);
        return answer(call);
    };
    const std::string session = shop.login();
    const std::string id = shop.order(session).at("id");
    shop.pay(id, session);
    shop.clock.advance(std::chrono::minutes(5));
    shop.settings.notify_url = "http://moved.example/wxpay/notify";
    EXPECT_EQ(shop.pay(id, session).status, 200);
    ASSERT_EQ(sent.size(), 2U);
    for (Fields& fields : sent) {
        fields.erase("nonce_str");
        fields.erase("sign");
    }
    EXPECT_EQ(sent[0], sent[1]);
    EXPECT_THAT(shop.events(id), ElementsAre("created", "prepay", "prepay"));
}

TEST(MerchantPay, SaysWhatWechatSaid) {
    Shop shop;
    const std::string session = shop.login();
    const std::string id = shop.order(session).at("id");
    const auto refuse = [&](const char* err_code) {
        shop.wechat.unified_order = [err_code](const Fields&) {
            return Fields{{"return_code", "SUCCESS"},
                          {"result_code", "FAIL"},
                          {"err_code", err_code},
                          {"err_code_des", "words"}};
        };
        return shop.pay(id, session);
    };
    EXPECT_EQ(refuse("ORDERPAID").status, 409);
    EXPECT_EQ(error_code(refuse("ORDERPAID")), "order_paid");
    EXPECT_EQ(error_code(refuse("ORDERCLOSED")), "order_closed");
    EXPECT_EQ(refuse("SYSTEMERROR").status, 502);
    shop.wechat.unified_order = [](const Fields&) -> Result<Fields> {
        return Failure{Error{Errc::timed_out, "no answer"}};
    };
    EXPECT_EQ(shop.pay(id, session).status, 504);
    const auto log = shop.order_of(id, session).at("log");
    EXPECT_EQ(log.back().at("event"), "prepay_failed");
    EXPECT_EQ(log.back().at("detail"), "no answer");
    // A word of WeChat's that an order is paid is not yet money in the books.
    EXPECT_EQ(shop.order_of(id, session).at("state"), "unpaid");
}

TEST(MerchantPay, RefusesAPaidOrder) {
    const Shop shop;
    const std::string session = shop.login();
    const auto order = shop.order(session);
    EXPECT_EQ(shop.notify(shop.signed_xml(Shop::paid(order.at("out_trade_no")))), "SUCCESS");
    const std::size_t before = shop.wechat.requests().size();
    const auto answer = shop.pay(order.at("id"), session);
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(error_code(answer), "order_paid");
    EXPECT_EQ(shop.wechat.requests().size(), before);
}

TEST(MerchantPay, SeesACallbackThatOvertookTheAnswer) {
    Shop shop;
    shop.wechat.unified_order = [&, answer = shop.wechat.unified_order](const Fields& call) {
        EXPECT_EQ(shop.notify(shop.signed_xml(Shop::paid(call.at("out_trade_no")))), "SUCCESS");
        return answer(call);
    };
    const std::string session = shop.login();
    const std::string id = shop.order(session).at("id");
    EXPECT_EQ(error_code(shop.pay(id, session)), "order_paid");
    EXPECT_EQ(shop.order_of(id, session).at("credits"), 1);
    EXPECT_EQ(shop.order_of(id, session).at("state"), "paid");
}

}  // namespace
}  // namespace wxpay::test
