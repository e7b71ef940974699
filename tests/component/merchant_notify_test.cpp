#include <algorithm>
#include <latch>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merchant/limits.hpp"
#include "tests/component/merchant_harness.hpp"

namespace wxpay::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A shop with one order of 88 fen.
class MerchantNotify : public testing::Test {
  protected:
    std::string number() const { return order_.at("out_trade_no"); }
    std::string id() const { return order_.at("id"); }
    nlohmann::json now() const { return shop_.order_of(id(), session_); }
    std::string notify(const Fields& changes) const {
        return shop_.notify(shop_.signed_xml(Shop::paid(number(), changes)));
    }
    /// Nothing was credited, and neither was the order.
    void expect_untouched() const {
        EXPECT_EQ(now().at("state"), "unpaid");
        EXPECT_EQ(now().at("credits"), 0);
    }
    std::size_t shop_lines() { return shop_.events("").size(); }

    Shop shop_;
    std::string session_ = shop_.login();
    nlohmann::json order_ = shop_.order(session_);
};

/// Puts an order into the books that a sample message of the documentation is about.
void insert_sample_order(Shop& shop, const std::string& number, Fen total) {
    merchant::Order order;
    order.id = "sample";
    order.out_trade_no = OutTradeNo::parse(number).value();
    order.openid = OpenId::parse(Shop::kOpenId).value();
    order.total = total;
    const auto books = shop.store.begin();
    books->insert_order(order);
    books->commit();
}

TEST_F(MerchantNotify, CreditsTheDocumentedMessage) {
    insert_sample_order(shop_, "20240601120000001", Fen{888});
    EXPECT_EQ(shop_.notify(R"(<xml><appid><![CDATA[wx8888888888888888]]></appid>
<attach><![CDATA[支付测试]]></attach>
<bank_type><![CDATA[OTHERS]]></bank_type>
<cash_fee><![CDATA[888]]></cash_fee>
<fee_type><![CDATA[CNY]]></fee_type>
<is_subscribe><![CDATA[N]]></is_subscribe>
<mch_id><![CDATA[1900000109]]></mch_id>
<nonce_str><![CDATA[5K8264ILTKCH16CQ2502SI8ZNMTM67VS]]></nonce_str>
<openid><![CDATA[oUpF8uMuAJO_M2pxb1Q9zNjWeS6o]]></openid>
<out_trade_no><![CDATA[20240601120000001]]></out_trade_no>
<result_code><![CDATA[SUCCESS]]></result_code>
<return_code><![CDATA[SUCCESS]]></return_code>
<sign><![CDATA[5A277BC4F4F195958434F8155223D919]]></sign>
<time_end><![CDATA[20240601120105]]></time_end>
<total_fee>888</total_fee>
<trade_type><![CDATA[JSAPI]]></trade_type>
<transaction_id><![CDATA[4200002288202406010123456789]]></transaction_id>
</xml>)"),
              "SUCCESS");
    EXPECT_EQ(shop_.store.begin()->find_order("sample")->credits, 1);
}

constexpr const char* kHmacWithCoupon = R"(<xml><appid><![CDATA[wx8888888888888888]]></appid>
<bank_type><![CDATA[CMB_DEBIT]]></bank_type>
<cash_fee><![CDATA[1188]]></cash_fee>
<coupon_count><![CDATA[1]]></coupon_count>
<coupon_fee>12</coupon_fee>
<coupon_fee_0><![CDATA[12]]></coupon_fee_0>
<coupon_id_0><![CDATA[2000000044096177209]]></coupon_id_0>
<fee_type><![CDATA[CNY]]></fee_type>
<is_subscribe><![CDATA[N]]></is_subscribe>
<mch_id><![CDATA[1900000109]]></mch_id>
<nonce_str><![CDATA[6ec5e8d30c00467bbe80680bd1bf5dae]]></nonce_str>
<openid><![CDATA[oUpF8uMuAJO_M2pxb1Q9zNjWeS6o]]></openid>
<out_trade_no><![CDATA[20240601120500004]]></out_trade_no>
<result_code><![CDATA[SUCCESS]]></result_code>
<return_code><![CDATA[SUCCESS]]></return_code>
<sign><![CDATA[DCA15483F24DFBA5EE67D1ABE62DF577770FA8889892444EDC4CFEDCAE0CA67B]]></sign>
<time_end><![CDATA[20240601120600]]></time_end>
<total_fee>1200</total_fee>
<trade_type><![CDATA[JSAPI]]></trade_type>
<transaction_id><![CDATA[4200002288202406012345678901]]></transaction_id>
</xml>)";

TEST_F(MerchantNotify, CountsAnOrderWithCouponsAsPaidInFull) {
    Shop hmac(v2::SignType::hmac_sha256);
    insert_sample_order(hmac, "20240601120500004", Fen{1200});
    EXPECT_EQ(hmac.notify(kHmacWithCoupon), "SUCCESS");
    EXPECT_EQ(hmac.store.begin()->find_order("sample")->state, merchant::OrderState::paid);
}

TEST_F(MerchantNotify, RefusesHmacWhereOrdersAreSignedByMd5) {
    insert_sample_order(shop_, "20240601120500004", Fen{1200});
    EXPECT_EQ(shop_.notify(kHmacWithCoupon), "FAIL");
    EXPECT_EQ(shop_.store.begin()->find_order("sample")->credits, 0);
}

TEST_F(MerchantNotify, RefusesMd5WhereOrdersAreSignedByHmac) {
    const Shop hmac(v2::SignType::hmac_sha256);
    const std::string session = hmac.login();
    const auto order = hmac.order(session);
    for (const char* sign_type : {"-", "MD5", "HMAC-SHA256"}) {
        const auto fields = Shop::paid(order.at("out_trade_no"), {{"sign_type", sign_type}});
        EXPECT_EQ(hmac.notify(FakeWechat::sign(fields, Secret(Shop::kKey), v2::SignType::md5)),
                  "FAIL")
            << sign_type;
    }
    EXPECT_EQ(hmac.order_of(order.at("id"), session).at("credits"), 0);
}

TEST_F(MerchantNotify, CreditsAndTellsTheStory) {
    EXPECT_EQ(notify({}), "SUCCESS");
    EXPECT_EQ(now().at("state"), "paid");
    EXPECT_EQ(now().at("credits"), 1);
    EXPECT_THAT(shop_.events(id()), ElementsAre("created", "paid"));
    const auto line = now().at("log").back();
    EXPECT_EQ(line.at("at"), "2024-06-01T12:00:00+08:00");
    EXPECT_THAT(line.at("detail").get<std::string>(), HasSubstr(Shop::kTransactionId));
}

TEST_F(MerchantNotify, AnswersDuplicatesWithSuccessAndCreditsOnce) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(notify({}), "SUCCESS");
    EXPECT_EQ(now().at("credits"), 1);
    EXPECT_THAT(shop_.events(id()), ElementsAre("created", "paid", "duplicate", "duplicate"));
}

TEST_F(MerchantNotify, CreditsOnceWhenFiftyComeTogether) {
    const std::string body = shop_.signed_xml(Shop::paid(number()));
    std::vector<std::string> answers(50);
    std::latch start(50);
    {
        std::vector<std::jthread> threads;
        for (std::string& answer : answers) {
            threads.emplace_back([&] {
                start.arrive_and_wait();
                answer = shop_.notify(body);
            });
        }
    }
    EXPECT_THAT(answers, Each("SUCCESS"));
    EXPECT_EQ(now().at("credits"), 1);
    const auto events = shop_.events(id());
    EXPECT_EQ(std::count(events.begin(), events.end(), "paid"), 1);
    EXPECT_EQ(std::count(events.begin(), events.end(), "duplicate"), 49);
}

TEST_F(MerchantNotify, BelievesNothingWithoutTheRightSign) {
    const Fields fields = Shop::paid(number());
    const std::string good = shop_.signed_xml(fields);
    const std::size_t at = good.find("<sign>");
    const std::size_t end = good.find("</sign>\n") + 8;
    const std::string element = good.substr(at, end - at);
    const auto with_sign = [&](const std::string& sign) {
        return good.substr(0, at) + sign + good.substr(end);
    };
    std::string lower = element;
    for (char& c : lower)
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    const std::vector<std::string> bodies{
        with_sign(""),
        with_sign("<sign></sign>"),
        with_sign("<sign><![CDATA[]]></sign>"),
        with_sign("<sign>5A277BC4F4F195958434F8155223D919</sign>"),
        with_sign(lower.replace(0, 15, "<sign><![CDATA[")),
        FakeWechat::sign(fields, Secret("00000000000000000000000000000000"), v2::SignType::md5),
        FakeWechat::sign(fields, Secret(""), v2::SignType::md5),
    };
    for (const std::string& body : bodies) EXPECT_EQ(shop_.notify(body), "FAIL") << body;
    expect_untouched();
    // Who sent them is unknown, so that they are not the order's story but the shop's.
    EXPECT_THAT(shop_.events(id()), ElementsAre("created"));
    EXPECT_EQ(shop_lines(), bodies.size());
    EXPECT_EQ(shop_.notify(good), "SUCCESS");
}

TEST_F(MerchantNotify, BelievesNoFieldThatWasChangedOnTheWay) {
    std::string body = shop_.signed_xml(Shop::paid(number(), {{"total_fee", "1"}}));
    body.replace(body.find("<![CDATA[1]]></total_fee>"), 25, "<![CDATA[88]]></total_fee>");
    EXPECT_EQ(shop_.notify(body), "FAIL");
    expect_untouched();
}

TEST_F(MerchantNotify, TakesNoFailureForAPayment) {
    EXPECT_EQ(notify({{"result_code", "FAIL"}, {"err_code", "SYSTEMERROR"}}), "FAIL");
    EXPECT_EQ(notify({{"result_code", "-"}}), "FAIL");
    EXPECT_EQ(notify({{"return_code", "FAIL"}}), "FAIL");
    EXPECT_EQ(notify({{"return_code", "-"}}), "FAIL");
    EXPECT_EQ(notify({{"result_code", "success"}}), "FAIL");
    expect_untouched();
}

TEST_F(MerchantNotify, RefusesAnothersPaymentThoughTheSignIsRight) {
    EXPECT_EQ(notify({{"appid", "wx1111111111111111"}}), "FAIL");
    EXPECT_EQ(notify({{"mch_id", "1900000110"}}), "FAIL");
    expect_untouched();
    EXPECT_EQ(shop_lines(), 2U);
}

TEST_F(MerchantNotify, RefusesAnotherAmountThoughTheSignIsRight) {
    for (const char* total : {"87", "89", "1", "8800"}) {
        EXPECT_EQ(notify({{"total_fee", total}}), "FAIL") << total;
    }
    for (const char* total : {"", "-88", "88.0", "088x", " 88", "0", "99999999999999999999"}) {
        EXPECT_EQ(notify({{"total_fee", total}}), "FAIL") << total;
    }
    EXPECT_EQ(notify({{"fee_type", "USD"}}), "FAIL");
    expect_untouched();
    EXPECT_THAT(shop_.events(id()), Contains("alarm").Times(5));
}

TEST_F(MerchantNotify, MakesNoOrderFromACallback) {
    EXPECT_EQ(shop_.notify(shop_.signed_xml(Shop::paid("never-ordered"))), "FAIL");
    EXPECT_FALSE(shop_.store.begin()->find_order_by_number("never-ordered"));
    EXPECT_THAT(shop_.events(""), ElementsAre("alarm"));
}

TEST_F(MerchantNotify, ComparesOrderNumbersByCase) {
    insert_sample_order(shop_, "Abc-1", Fen{88});
    EXPECT_EQ(shop_.notify(shop_.signed_xml(Shop::paid("aBC-1"))), "FAIL");
    EXPECT_EQ(shop_.store.begin()->find_order("sample")->credits, 0);
}

TEST_F(MerchantNotify, RefusesASecondTransactionOfAPaidOrder) {
    EXPECT_EQ(notify({}), "SUCCESS");
    EXPECT_EQ(notify({{"transaction_id", "4200002288202406019999999999"}}), "FAIL");
    EXPECT_EQ(now().at("credits"), 1);
    EXPECT_THAT(shop_.events(id()), ElementsAre("created", "paid", "alarm"));
}

TEST_F(MerchantNotify, RefusesOneTransactionForTwoOrders) {
    const auto second = shop_.order(session_);
    EXPECT_EQ(notify({}), "SUCCESS");
    EXPECT_EQ(shop_.notify(shop_.signed_xml(Shop::paid(second.at("out_trade_no")))), "FAIL");
    EXPECT_EQ(shop_.order_of(second.at("id"), session_).at("credits"), 0);
    EXPECT_THAT(shop_.events(second.at("id")), ElementsAre("created", "alarm"));
}

TEST_F(MerchantNotify, CreditsAndWarnsWhenAnotherUserPaid) {
    EXPECT_EQ(notify({{"openid", "oAFriend"}}), "SUCCESS");
    EXPECT_EQ(now().at("credits"), 1);
    EXPECT_THAT(shop_.events(id()), ElementsAre("created", "paid", "warning"));
}

TEST_F(MerchantNotify, CreditsAClosedOrderAndSaysThatARefundIsDue) {
    {
        const auto books = shop_.store.begin();
        ASSERT_TRUE(books->close_order(id()));
        books->commit();
    }
    EXPECT_EQ(notify({}), "SUCCESS");
    EXPECT_EQ(notify({}), "SUCCESS");
    EXPECT_EQ(now().at("state"), "paid");
    EXPECT_EQ(now().at("credits"), 1);
    EXPECT_THAT(shop_.events(id()), ElementsAre("created", "paid", "refund_due", "duplicate"));
}

TEST_F(MerchantNotify, RefusesMessagesThatTwoParsersMightReadDifferently) {
    const std::string good = shop_.signed_xml(Shop::paid(number()));
    const std::string inside = good.substr(5);
    const std::vector<std::string> bodies{
        R"(<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml>)" +
            inside,
        "<!DOCTYPE xml><xml>" + inside,
        "<xml><attach>&x;</attach>" + inside,
        "<xml><total_fee>88</total_fee>" + inside,
        "<xml><out_trade_no>" + number() + "</out_trade_no>" + inside,
        "<xml><sign>0</sign>" + inside,
        "<xml><a><total_fee>1</total_fee></a>" + inside,
        good + good,
        good + "text behind it",
        good.substr(0, good.size() - 6),
    };
    for (const std::string& body : bodies) EXPECT_EQ(shop_.notify(body), "FAIL") << body;
    expect_untouched();
}

TEST_F(MerchantNotify, SurvivesWhatIsNoMessageAtAll) {
    const std::string nul(1, '\0');
    for (const std::string& body :
         {std::string(), std::string("success"), std::string(R"({"return_code":"SUCCESS"})"),
          std::string("<html></html>"), std::string("<xml/>"), std::string("\xff\xfe<x"),
          "<xml><a>" + nul + "</a></xml>", std::string(2 * 1024 * 1024, '<'),
          "<xml><a>" + std::string(2 * 1024 * 1024, 'a') + "</a></xml>"}) {
        EXPECT_EQ(shop_.notify(body), "FAIL") << body.substr(0, 40);
    }
    expect_untouched();
    EXPECT_EQ(shop_lines(), 9U);
}

TEST_F(MerchantNotify, TakesMessagesUpToItsLimit) {
    const auto of_size = [&](std::size_t size) {
        std::string body = shop_.signed_xml(Shop::paid(number()));
        const std::size_t at = body.size() - 6;  // before </xml>
        return body.insert(at, size - body.size(), ' ');
    };
    EXPECT_EQ(shop_.notify(of_size(merchant::kNotifyBytesMax + 1)), "FAIL");
    EXPECT_EQ(shop_.notify(of_size(merchant::kNotifyBytesMax)), "SUCCESS");
}

TEST_F(MerchantNotify, BetraysNothingInItsAnswers) {
    const auto answer =
        shop_.call("POST", "/wxpay/notify",
                   FakeWechat::sign(Shop::paid(number()), Secret("wrong"), v2::SignType::md5));
    const std::string right = shop_.signed_xml(Shop::paid(number()));
    const auto sign = XmlMessage::parse(right);
    EXPECT_THAT(answer.body, Not(HasSubstr(Shop::kKey)));
    EXPECT_THAT(answer.body, Not(HasSubstr(std::string(sign->get("sign")))));
    for (const std::string& line : shop_.reports) {
        EXPECT_THAT(line, Not(HasSubstr(Shop::kKey)));
        EXPECT_THAT(line, Not(HasSubstr(std::string(sign->get("sign")))));
    }
}

TEST_F(MerchantNotify, AsksForAnotherTryWhenTheBooksCannotBeWritten) {
    class FullDisk final : public merchant::Store {
      public:
        std::unique_ptr<merchant::Transaction> begin() override {
            throw std::runtime_error("SQLite: database or disk is full");
        }
    } full_disk;
    const merchant::Context context{shop_.settings, full_disk,    shop_.gateway,
                                    shop_.clock,    shop_.random, shop_.context.report};
    http::Request request;
    request.method = "POST";
    request.path = "/wxpay/notify";
    request.body = shop_.signed_xml(Shop::paid(number()));
    const auto answer = std::get<http::Response>(merchant::App(context).handle(request));
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr("FAIL"));
    EXPECT_THAT(answer.body, Not(HasSubstr("SQLite")));
    EXPECT_EQ(notify({}), "SUCCESS");
}

TEST_F(MerchantNotify, LetsNobodyWriteLinesIntoTheLog) {
    shop_.notify(
        "<xml><return_code>FAIL</return_code><return_msg>x\n12:00 info paid</return_msg></xml>");
    for (const std::string& line : shop_.reports) EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_FALSE(shop_.reports.empty());
}

}  // namespace
}  // namespace wxpay::test
