// Native payment, mode 1: a scanned product link makes the sandbox ask the merchant for an order.
#include <gtest/gtest.h>

#include "core/v2/sign.hpp"

#include "tests/support/app_harness.hpp"

namespace wxpay {
namespace {

using test::AppHarness;
using test::Fields;
using test::RecordingSender;
using Json = nlohmann::json;

constexpr const char* kBizpayUrl = "http://127.0.0.1:9190/bizpay";

class ProductScan : public ::testing::Test {
  protected:
    static Fields link(const Fields& changes = {}) {
        Fields fields{{"product_id", "12235413214070356458058"}, {"time_stamp", "1717214400"}};
        for (const auto& [name, value] : changes) fields[name] = value;
        return AppHarness::sign(fields);
    }
    static std::string url(const Fields& fields) {
        std::string out = "weixin://wxpay/bizpayurl?";
        for (const auto& [name, value] : fields) out += name + "=" + value + "&";
        out.pop_back();
        return out;
    }
    AppHarness::Controlled scan(const Fields& fields) {
        return app_.control("POST", "/_sandbox/v1/scan",
                            {{"url", url(fields)}, {"bizpay_url", kBizpayUrl}});
    }
    /// A merchant that orders what is asked for, and answers as a right one does but for `changes`.
    void merchant_answers(const Fields& changes = {}) {
        app_.sender.answer = [this, changes](const RecordingSender::Sent& sent) {
            const auto question = XmlMessage::parse(sent.request.body);
            Fields order =
                AppHarness::order("NATIVE1", {{"trade_type", "NATIVE"}, {"openid", "-"}});
            order["product_id"] = std::string(question->get("product_id"));
            Fields answer{{"return_code", "SUCCESS"},
                          {"result_code", "SUCCESS"},
                          {"prepay_id", app_.v2("/pay/unifiedorder", order)["prepay_id"]}};
            for (const auto& [name, value] : changes) answer[name] = value;
            return RecordingSender::answered(200, AppHarness::xml(AppHarness::sign(answer)));
        };
    }
    Json last_exchange() {
        const auto listed = app_.control("GET", "/_sandbox/v1/exchanges?limit=1").body["exchanges"];
        return app_.control("GET", "/_sandbox/v1/exchanges/" + listed[0]["id"].get<std::string>())
            .body;
    }

    AppHarness app_;
};

TEST_F(ProductScan, AsksTheMerchantAndGivesTheOrderThatItNames) {
    merchant_answers();
    const auto answer = scan(link());
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body["out_trade_no"], "NATIVE1");
    EXPECT_EQ(answer.body["state"], "NOTPAY");

    ASSERT_EQ(app_.sender.sent.size(), 1U);
    EXPECT_EQ(app_.sender.sent[0].url, kBizpayUrl);
    EXPECT_EQ(app_.sender.sent[0].timeout, std::chrono::seconds(5));
    const auto question = XmlMessage::parse(app_.sender.sent[0].request.body);
    ASSERT_TRUE(question);
    std::string names;
    for (const FieldView& field : question->fields()) names += std::string(field.name) + ' ';
    EXPECT_EQ(names, "appid is_subscribe mch_id nonce_str openid product_id sign ");
    EXPECT_EQ(question->get("product_id"), "12235413214070356458058");
    EXPECT_EQ(question->get("openid"), AppHarness::kOpenId);
    EXPECT_EQ(question->get("is_subscribe"), "N");
    EXPECT_TRUE(v2::verify(question->fields(), question->get("sign"), Secret(AppHarness::kKey),
                           v2::SignType::md5));
    const Json exchange = last_exchange();
    EXPECT_EQ(exchange["kind"], "callback");
    EXPECT_EQ(exchange["verdict"], "ok");
    EXPECT_EQ(exchange["out_trade_no"], "NATIVE1");
}

TEST_F(ProductScan, TheOrderIsThenPaidLikeAnyOther) {
    merchant_answers();
    const auto order = scan(link());
    app_.sender.answer = [](const auto&) { return RecordingSender::success(); };
    const std::string id = order.body["prepay_id"];
    EXPECT_EQ(app_.control("POST", "/_sandbox/v1/orders/" + id + "/pay").body["state"], "SUCCESS");
}

TEST_F(ProductScan, ReadsTheLinkOfThePublicDocumentation) {
    // source  [A] pay.weixin.qq.com/wiki/doc/api/native.php?chapter=6_4, as in v2.md 7.4
    const auto answer = app_.control(
        "POST", "/_sandbox/v1/scan",
        {{"url",
          "weixin://wxpay/bizpayurl?sign=857DF307A57DA0CBCBA57F00100FE1B7&appid=wx8888888888888888&"
          "mch_id=1900000109&product_id=12235413214070356458058&time_stamp=1717214400&nonce_str="
          "f6808210402125e30663234f94c87a8c"},
         {"bizpay_url", kBizpayUrl}});
    EXPECT_EQ(answer.body["error"]["code"], "bizpay_failed") << answer.body;
    EXPECT_EQ(app_.sender.sent.size(), 1U) << "the signature is right, so the merchant was asked";
}

TEST_F(ProductScan, AWrongLinkAsksNobodyAndNamesTheCause) {
    const auto refused = [this](const Fields& fields) {
        const auto answer = scan(fields);
        EXPECT_EQ(answer.status, 400);
        EXPECT_EQ(answer.body["error"]["message"], "原生支付URL参数错误");
        return answer.body["error"]["hint"].get<std::string>();
    };
    Fields tampered = link();
    tampered["product_id"] = "1";
    EXPECT_NE(refused(tampered).find("sign is wrong"), std::string::npos);
    Fields bare = link();
    bare.erase("time_stamp");
    EXPECT_EQ(refused(bare), "'time_stamp' is missing");
    EXPECT_EQ(refused(link({{"mch_id", "1999999999"}})), "mch_id: there is no such merchant");
    EXPECT_EQ(refused(link({{"appid", "wx1111111111111111"}})),
              "appid is not bound to this mch_id");
    EXPECT_EQ(refused(link({{"product_id", std::string(33, 'p')}})),
              "product_id has 1 to 32 printable ASCII characters");
    Fields lower = link();
    for (char& c : lower["sign"]) c = static_cast<char>(std::tolower(c));
    EXPECT_NE(refused(lower).find("lower"), std::string::npos);
    EXPECT_EQ(
        app_.control("POST", "/_sandbox/v1/scan",
                     {{"url", "weixin://wxpay/bizpayurl?pr=7PNWOWq"}, {"bizpay_url", kBizpayUrl}})
            .body["error"]["hint"],
        "this is the code_url of an order: its user pays by /orders/{id}/pay");
    EXPECT_TRUE(app_.sender.sent.empty());
}

TEST_F(ProductScan, TheAddressAndTheUserAreChecked) {
    const auto field = [this](const Json& body) {
        const auto answer = app_.control("POST", "/_sandbox/v1/scan", body);
        EXPECT_EQ(answer.status, 400);
        return answer.body["error"]["field"];
    };
    EXPECT_EQ(field({{"url", url(link())}}), "bizpay_url");
    EXPECT_EQ(field({{"url", url(link())}, {"bizpay_url", "ftp://a/b"}}), "bizpay_url");
    EXPECT_EQ(field({{"url", url(link())}, {"bizpay_url", kBizpayUrl}, {"openid", "nobody"}}),
              "openid");
    EXPECT_EQ(field({{"url", 7}}), "url");
}

TEST_F(ProductScan, WhatTheMerchantRefusesIsSaidInItsWords) {
    merchant_answers(
        {{"result_code", "FAIL"}, {"err_code_des", "此商品已下架"}, {"prepay_id", ""}});
    const auto answer = scan(link());
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.body["error"]["code"], "bizpay_refused");
    EXPECT_EQ(answer.body["error"]["message"], "此商品已下架");
    EXPECT_EQ(last_exchange()["verdict"], "refused");

    app_.sender.answer = [](const auto&) {
        return RecordingSender::answered(
            200, "<xml><return_code>FAIL</return_code><return_msg>签名失败</return_msg></xml>");
    };
    const auto unsigned_answer = scan(link());
    EXPECT_EQ(unsigned_answer.status, 409);
    EXPECT_NE(unsigned_answer.body["error"]["message"].get<std::string>().find("签名失败"),
              std::string::npos);
}

TEST_F(ProductScan, AnAnswerThatLeadsToNoOrderIsUseless) {
    const auto message = [this] {
        const auto answer = scan(link());
        EXPECT_EQ(answer.status, 502);
        EXPECT_EQ(last_exchange()["verdict"].get<std::string>().empty(), false);
        return answer.body["error"]["message"].get<std::string>();
    };
    app_.sender.answer = [](const auto&) { return RecordingSender::unreachable(); };
    EXPECT_EQ(message(), "connection refused");
    app_.sender.answer = [](const auto&) { return RecordingSender::timed_out(); };
    EXPECT_EQ(message(), "no answer within 5 s");
    app_.sender.answer = [](const auto&) { return RecordingSender::success(); };
    EXPECT_EQ(message(), "the answer has no sign");
    app_.sender.answer = [](const auto&) {
        return RecordingSender::answered(
            200, AppHarness::xml(
                     AppHarness::sign({{"return_code", "SUCCESS"}, {"result_code", "SUCCESS"}},
                                      "ffffffffffffffffffffffffffffffff")));
    };
    EXPECT_NE(message().find("the answer's sign is wrong"), std::string::npos);
    merchant_answers({{"mch_id", "1900000110"}});
    EXPECT_EQ(message(), "the answer names another appid or mch_id than the question");
    merchant_answers({{"prepay_id", "wx01120400555666e5f60718293a4b5c9999"}});
    EXPECT_EQ(message(), "the prepay_id is of no NATIVE order of this merchant and app");
}

TEST_F(ProductScan, AnAnswerMayBeSignedWithHmac) {
    merchant_answers({{"sign_type", "HMAC-SHA256"}});
    EXPECT_EQ(scan(link()).status, 200);
}

TEST_F(ProductScan, AnOrderThatIsClosedCannotBePaid) {
    merchant_answers();
    const std::string id = scan(link()).body["prepay_id"];
    app_.v2("/pay/closeorder", {{"out_trade_no", "NATIVE1"}});
    app_.sender.answer = [&id](const auto&) {
        return RecordingSender::answered(
            200, AppHarness::xml(AppHarness::sign(
                     {{"return_code", "SUCCESS"}, {"result_code", "SUCCESS"}, {"prepay_id", id}})));
    };
    EXPECT_EQ(scan(link()).status, 409);
}

TEST_F(ProductScan, TakesTheShortFormToo) {
    merchant_answers();
    const Fields shortened = {{"long_url", url(link())}};
    const std::string short_url = app_.v2("/tools/shorturl", shortened)["short_url"];
    EXPECT_EQ(app_.v2("/tools/shorturl", shortened)["short_url"], short_url);
    const auto answer =
        app_.control("POST", "/_sandbox/v1/scan", {{"url", short_url}, {"bizpay_url", kBizpayUrl}});
    EXPECT_EQ(answer.body["out_trade_no"], "NATIVE1") << answer.body;
    EXPECT_EQ(app_.control("POST", "/_sandbox/v1/scan",
                           {{"url", "weixin://wxpay/s/nobodys"}, {"bizpay_url", kBizpayUrl}})
                  .status,
              400);
}

TEST_F(ProductScan, ValuesAreSignedAsTheyAreWritten) {
    for (const char* const product : {"a+b", "a%2Bb"}) {
        scan(link({{"product_id", product}}));
        EXPECT_EQ(XmlMessage::parse(app_.sender.sent.back().request.body)->get("product_id"),
                  product);
    }
}

TEST_F(ProductScan, SaysWhatItWantedInsteadOfAnError) {
    app_.sender.answer = [](const auto&) { return RecordingSender::answered(404, ""); };
    const std::string message = scan(link()).body["error"]["message"];
    EXPECT_NE(message.find("prepay_id"), std::string::npos) << message;
}

}  // namespace
}  // namespace wxpay
