#include <algorithm>
#include <latch>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/v2/refund_notification.hpp"

#include "merchant/limits.hpp"
#include "merchant/reconcile/refunds.hpp"
#include "tests/component/merchant_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A shop with one paid order of 88 fen.
class MerchantRefund : public testing::Test {
  protected:
    MerchantRefund() { EXPECT_EQ(shop_.notify(shop_.signed_xml(Shop::paid(number()))), "SUCCESS"); }

    std::string number() const { return order_.at("out_trade_no"); }
    std::string id() const { return order_.at("id"); }
    nlohmann::json now() const { return shop_.order_of(id(), session_); }
    Shop::Answer refund(std::int64_t fee, const std::string& request_id = {}) const {
        return shop_.refund(id(), session_, fee, request_id);
    }
    /// The out_refund_no of each call of a path, in order.
    std::vector<std::string> asked(const std::string& path = "/secapi/pay/refund") const {
        std::vector<std::string> out;
        for (const auto& request : shop_.wechat.requests()) {
            if (request.path == path)
                out.emplace_back(XmlMessage::parse(request.body)->get("out_refund_no"));
        }
        return out;
    }
    /// What WeChat says when this refund has ended well.
    v2::RefundNotification news(const std::string& out_refund_no, std::int64_t fee) const {
        v2::RefundNotification n;
        n.appid = Shop::kAppId;
        n.mch_id = Shop::kMchId;
        n.nonce_str = "1ee38e38b04990449808688cf3a763b7";
        n.transaction_id = Shop::kTransactionId;
        n.out_trade_no = number();
        n.refund_id = "5030" + out_refund_no.substr(1);
        n.out_refund_no = out_refund_no;
        n.total_fee = n.settlement_total_fee = Fen{88};
        n.refund_fee = n.settlement_refund_fee = Fen{fee};
        n.refund_status = "SUCCESS";
        n.success_time = shop_.clock.now();
        n.refund_recv_accout = "支付用户零钱";
        n.refund_account = "REFUND_SOURCE_UNSETTLED_FUNDS";
        n.refund_request_source = "API";
        return n;
    }
    std::string tell(const v2::RefundNotification& n) const {
        return shop_.notify(render_refund_notification(n, Secret(Shop::kKey)),
                            "/wxpay/refund_notify");
    }
    /// Asks for a refund and gives its number.
    std::string accepted(std::int64_t fee, const std::string& request_id = {}) const {
        const auto answer = refund(fee, request_id);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.json().at("out_refund_no");
    }

    Shop shop_;
    std::string session_ = shop_.login();
    nlohmann::json order_ = shop_.order(session_);
};

Fields refusal(const char* err_code) {
    return {{"return_code", "SUCCESS"},
            {"result_code", "FAIL"},
            {"err_code", err_code},
            {"err_code_des", "no"}};
}

TEST_F(MerchantRefund, PaysBackAnOrderAndTellsTheStory) {
    const auto answer = refund(88);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.json().at("state"), "accepted");
    EXPECT_EQ(answer.json().at("fee"), 88);
    EXPECT_EQ(now().at("state"), "paid") << "the money is not back yet";

    const auto sent = XmlMessage::parse(shop_.wechat.requests().back().body);
    EXPECT_EQ(sent->get("out_trade_no"), number());
    EXPECT_EQ(sent->get("total_fee"), "88");
    EXPECT_EQ(sent->get("refund_fee"), "88");
    EXPECT_EQ(sent->get("notify_url"), "http://127.0.0.1:12190/wxpay/refund_notify");

    EXPECT_EQ(tell(news(answer.json().at("out_refund_no"), 88)), "SUCCESS");
    EXPECT_EQ(now().at("state"), "refunded");
    EXPECT_EQ(now().at("credits"), 1);
    EXPECT_EQ(now().at("refunds")[0].at("state"), "succeeded");
    EXPECT_THAT(shop_.events(id()),
                ElementsAre("created", "paid", "refund_asked", "refund_accepted", "refunded"));
    EXPECT_EQ(shop_.pay(id(), session_).json().at("error").at("code"), "order_refunded");
}

TEST_F(MerchantRefund, PaysBackInPartsButNeverMoreThanWasPaid) {
    const auto first = accepted(30);
    const auto second = accepted(50);
    EXPECT_EQ(refund(9).json().at("error").at("code"), "fee_too_large");
    EXPECT_EQ(refund(89).status, 409);
    EXPECT_EQ(tell(news(first, 30)), "SUCCESS");
    EXPECT_EQ(refund(9).status, 409) << "what is under way counts";
    const auto third = accepted(8);
    EXPECT_EQ(tell(news(third, 8)), "SUCCESS");
    EXPECT_EQ(now().at("state"), "paid");
    EXPECT_EQ(tell(news(second, 50)), "SUCCESS");
    EXPECT_EQ(now().at("state"), "refunded");
    EXPECT_EQ(asked().size(), 3U);
    EXPECT_EQ(refund(1).status, 409);
}

TEST_F(MerchantRefund, TakesOnlyWholePositiveFees) {
    for (const char* body :
         {"{}", R"({"fee":0})", R"({"fee":-1})", R"({"fee":1.5})", R"({"fee":"1"})",
          R"({"fee":1,"request_id":""})", R"({"fee":1,"request_id":7})", "[]", "x"}) {
        EXPECT_EQ(shop_.call("POST", "/api/orders/" + id() + "/refund", body, session_).status, 400)
            << body;
    }
    EXPECT_TRUE(asked().empty());
}

TEST_F(MerchantRefund, PaysBackOnlyOnesOwnPaidOrder) {
    EXPECT_EQ(shop_.refund(id(), "", 1).status, 401);
    EXPECT_EQ(shop_.refund(id(), shop_.login("oSomebodyElse"), 1).status, 404);
    EXPECT_EQ(shop_.refund("none", session_, 1).status, 404);
    const auto unpaid = shop_.order(session_);
    EXPECT_EQ(shop_.refund(unpaid.at("id"), session_, 1).json().at("error").at("code"),
              "order_not_paid");
    EXPECT_TRUE(asked().empty());
}

TEST_F(MerchantRefund, TakesTheSameRequestForTheSameRefund) {
    const auto first = accepted(30);
    EXPECT_EQ(accepted(30), first);
    const auto other = accepted(30, "second parcel");
    EXPECT_NE(other, first);
    EXPECT_EQ(accepted(30, "second parcel"), other);
    EXPECT_EQ(refund(20, "second parcel").json().at("error").at("code"), "request_id_taken");
    EXPECT_THAT(asked(), ElementsAre(first, other));
    EXPECT_EQ(now().at("refunds").size(), 2U);
}

TEST_F(MerchantRefund, TakesTheSameFeeForAnotherRefundOnceTheFirstIsThrough) {
    const auto first = accepted(30);
    EXPECT_EQ(tell(news(first, 30)), "SUCCESS");
    const auto second = accepted(30);
    EXPECT_NE(second, first);
    EXPECT_EQ(accepted(30), second) << "it is under way";
    auto closed = news(second, 30);
    closed.refund_status = "REFUNDCLOSE";
    closed.success_time.reset();
    EXPECT_EQ(tell(closed), "SUCCESS");
    const auto third = accepted(30);
    EXPECT_NE(third, second);
    EXPECT_NE(third, first);
    EXPECT_EQ(tell(news(third, 30)), "SUCCESS");
    EXPECT_EQ(refund(30).json().at("error").at("code"), "fee_too_large") << "60 of 88 are back";
    EXPECT_THAT(asked(), ElementsAre(first, second, third));
    EXPECT_EQ(now().at("refunds").size(), 3U);
}

TEST_F(MerchantRefund, MakesOneRefundOfAHundredRequestsAtOnce) {
    std::vector<std::string> numbers(100);
    std::latch start(100);
    {
        std::vector<std::jthread> threads;
        for (std::string& number : numbers) {
            threads.emplace_back([&] {
                start.arrive_and_wait();
                number = accepted(50);
            });
        }
    }
    EXPECT_THAT(numbers, Each(numbers.front()));
    EXPECT_THAT(asked(), Each(numbers.front()));
    EXPECT_EQ(now().at("refunds").size(), 1U);
}

TEST_F(MerchantRefund, NeverPaysBackTooMuchWhenManyAskAtOnce) {
    std::vector<int> statuses(40);
    std::latch start(40);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < statuses.size(); ++i) {
            threads.emplace_back([&, i] {
                start.arrive_and_wait();
                statuses[i] = refund(20, "request " + std::to_string(i)).status;
            });
        }
    }
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 200), 4);
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 409), 36);
    EXPECT_EQ(asked().size(), 4U);
}

TEST_F(MerchantRefund, KeepsItsNumberWhenTheOutcomeIsUnknown) {
    const auto works = shop_.wechat.refund;
    const std::vector<FakeWechat::Answer> unknown{
        [](const Fields&) {
            return Failure{Error{Errc::timed_out, "no answer"}};
        },
        [](const Fields&) {
            return Failure{Error{Errc::unreachable, "closed"}};
        },
        [](const Fields&) { return refusal("SYSTEMERROR"); },
        [](const Fields&) { return refusal("BIZERR_NEED_RETRY"); },
        [](const Fields&) {  // not even signed with our key's word: nothing in it is believed
            return Fields{{"return_code", "FAIL"}, {"return_msg", "NOTENOUGH"}};
        }};
    for (const auto& answer : unknown) {
        shop_.wechat.refund = answer;
        EXPECT_EQ(refund(50).status, 504);
        EXPECT_EQ(now().at("refunds")[0].at("state"), "asked");
        EXPECT_EQ(refund(39, "another").status, 409) << "it may have been paid back";
    }
    shop_.wechat.refund = works;
    const auto number = accepted(50);
    EXPECT_THAT(asked(), Each(number));
    EXPECT_EQ(asked().size(), unknown.size() + 1);
}

TEST_F(MerchantRefund, TriesARefusedRefundAgainUnderItsNumber) {
    const auto works = shop_.wechat.refund;
    shop_.wechat.refund = [](const Fields&) { return refusal("NOTENOUGH"); };
    EXPECT_EQ(refund(50).json().at("error").at("code"), "refund_refused");
    EXPECT_EQ(now().at("refunds")[0].at("state"), "refused");
    shop_.wechat.refund = works;
    const auto other = accepted(60);  // nothing of it was spent
    EXPECT_EQ(refund(50).status, 409);
    EXPECT_EQ(asked().size(), 2U);
    EXPECT_EQ(tell(news(other, 60)), "SUCCESS");
    EXPECT_THAT(shop_.events(id()), Contains("refund_failed"));
}

TEST_F(MerchantRefund, BelievesNoAnswerAboutSomethingElse) {
    const auto works = shop_.wechat.refund;
    for (const auto& [name, value] : Fields{{"out_refund_no", "another"},
                                            {"out_trade_no", "another"},
                                            {"refund_fee", "49"},
                                            {"total_fee", "89"},
                                            {"transaction_id", "4200002288202406019999999999"}}) {
        shop_.wechat.refund = [&, name = name, value = value](const Fields& call) {
            auto fields = works(call);
            (*fields)[name] = value;
            return fields;
        };
        EXPECT_EQ(refund(50).status, 502) << name;
        EXPECT_EQ(now().at("refunds")[0].at("state"), "asked");
    }
}

TEST_F(MerchantRefund, TakesTheCallbackThatOvertakesTheAnswer) {
    const auto works = shop_.wechat.refund;
    shop_.wechat.refund = [&](const Fields& call) {
        EXPECT_EQ(tell(news(call.at("out_refund_no"), 88)), "SUCCESS");
        return works(call);
    };
    EXPECT_EQ(refund(88).json().at("state"), "succeeded");
    EXPECT_EQ(now().at("state"), "refunded");
}

TEST_F(MerchantRefund, RecordsOnceWhenFiftyCallbacksComeTogether) {
    const auto number = accepted(88);
    const std::string body = render_refund_notification(news(number, 88), Secret(Shop::kKey));
    std::vector<std::string> answers(50);
    std::latch start(50);
    {
        std::vector<std::jthread> threads;
        for (std::string& answer : answers) {
            threads.emplace_back([&] {
                start.arrive_and_wait();
                answer = shop_.notify(body, "/wxpay/refund_notify");
            });
        }
    }
    EXPECT_THAT(answers, Each("SUCCESS"));
    const auto events = shop_.events(id());
    EXPECT_EQ(std::count(events.begin(), events.end(), "refunded"), 1);
    EXPECT_EQ(std::count(events.begin(), events.end(), "duplicate"), 49);
    EXPECT_EQ(now().at("state"), "refunded");
}

TEST_F(MerchantRefund, RefusesWhatContradictsTheBooks) {
    const auto number = accepted(50);
    using N = v2::RefundNotification;
    const std::vector<void (*)(N&)> lies{
        [](N& n) { n.refund_fee = Fen{49}; },
        [](N& n) { n.refund_fee = Fen{51}; },
        [](N& n) { n.total_fee = Fen{89}; },
        [](N& n) { n.out_trade_no = "another"; },
        [](N& n) { n.transaction_id = "4200002288202406019999999999"; },
        [](N& n) { n.refund_id = "50300000000000000000000000000"; },
        [](N& n) { n.refund_id = std::string(33, '5'); },
        [](N& n) { n.out_refund_no = "never-asked"; },
        [](N& n) { n.appid = "wx1111111111111111"; },
        [](N& n) { n.mch_id = "1900000110"; },
    };
    for (std::size_t i = 0; i < lies.size(); ++i) {
        auto n = news(number, 50);
        lies[i](n);
        EXPECT_EQ(tell(n), "FAIL") << i;
    }
    EXPECT_EQ(now().at("refunds")[0].at("state"), "accepted");
    EXPECT_THAT(shop_.events(id()), Contains("alarm").Times(7));
    EXPECT_EQ(shop_.events("").size(), 3U);
    EXPECT_EQ(tell(news(number, 50)), "SUCCESS");
}

TEST_F(MerchantRefund, RefusesForgedNotifications) {
    const auto number = accepted(88);
    const std::string good = render_refund_notification(news(number, 88), Secret(Shop::kKey));
    const auto at = good.find("<req_info><![CDATA[") + 19;
    std::string damaged = good;
    damaged[at] = damaged[at] == 'A' ? 'B' : 'A';
    const std::vector<std::string> bodies{
        render_refund_notification(news(number, 88), Secret("00000000000000000000000000000000")),
        damaged,
        good.substr(0, at) + "]]></req_info></xml>",
        std::string(good).erase(at, 4),
        shop_.signed_xml({{"return_code", "SUCCESS"},
                          {"appid", Shop::kAppId},
                          {"mch_id", Shop::kMchId},
                          {"out_refund_no", number},
                          {"refund_status", "SUCCESS"},
                          {"refund_fee", "88"}}),
        "<!DOCTYPE xml>" + good,
        std::string(2 * 1024 * 1024, '<'),
        "",
    };
    for (const std::string& body : bodies)
        EXPECT_EQ(shop_.notify(body, "/wxpay/refund_notify"), "FAIL") << body.substr(0, 200);
    EXPECT_EQ(now().at("state"), "paid");
    // Who sent them is unknown, so that they are not the order's story but the shop's.
    EXPECT_EQ(shop_.events("").size(), bodies.size());
    const auto answer = shop_.call("POST", "/wxpay/refund_notify", bodies[0]);
    EXPECT_THAT(answer.body, HasSubstr("req_info is wrong"));
    EXPECT_THAT(answer.body, Not(HasSubstr(Shop::kKey)));
    EXPECT_EQ(shop_.notify(good, "/wxpay/refund_notify"), "SUCCESS");
}

TEST_F(MerchantRefund, RaisesAnAlarmWhenTheMoneyDidNotArrive) {
    const auto abnormal = accepted(40);
    auto n = news(abnormal, 40);
    n.refund_status = "CHANGE";
    n.success_time.reset();
    EXPECT_EQ(tell(n), "SUCCESS");
    EXPECT_EQ(refund(49, "x").status, 409) << "a person may still give it back";
    EXPECT_EQ(tell(news(abnormal, 40)), "SUCCESS");
    const auto closed = accepted(48);
    n = news(closed, 48);
    n.refund_status = "REFUNDCLOSE";
    n.success_time.reset();
    EXPECT_EQ(tell(n), "SUCCESS");
    EXPECT_EQ(tell(news(closed, 48)), "FAIL") << "what is closed cannot succeed";
    accepted(48, "again");
    EXPECT_EQ(now().at("refunds")[0].at("state"), "succeeded");
    EXPECT_EQ(now().at("refunds")[1].at("state"), "closed");
    EXPECT_THAT(shop_.events(id()), Contains("alarm").Times(3));
}

TEST_F(MerchantRefund, AsksHowARefundStandsWhoseCallbackGotLost) {
    const auto number = accepted(88);
    const auto answer = [&](const char* status, const char* fee) {
        shop_.wechat.refund_query = [=, this](const Fields& call) {
            return Fields{{"return_code", "SUCCESS"},
                          {"result_code", "SUCCESS"},
                          {"appid", Shop::kAppId},
                          {"mch_id", Shop::kMchId},
                          {"out_trade_no", this->number()},
                          {"transaction_id", Shop::kTransactionId},
                          {"total_fee", "88"},
                          {"refund_count", "1"},
                          {"out_refund_no_0", call.at("out_refund_no")},
                          {"refund_id_0", "5030" + number.substr(1)},
                          {"refund_fee_0", fee},
                          {"refund_status_0", status},
                          {"refund_success_time_0", "2024-06-01 13:00:08"}};
        };
    };
    const auto round = [&] { merchant::reconcile_refunds(shop_.context); };
    answer("SUCCESS", "88");
    round();
    EXPECT_EQ(now().at("state"), "paid") << "the callback is waited for first";
    shop_.clock.advance(1min);
    answer("PROCESSING", "88");
    round();
    answer("SUCCESS", "87");
    round();
    EXPECT_EQ(now().at("refunds")[0].at("state"), "accepted");
    EXPECT_EQ(refund(88).json().at("state"), "accepted");
    answer("SUCCESS", "88");
    EXPECT_EQ(refund(88).json().at("state"), "succeeded") << "the user asks again";
    EXPECT_EQ(now().at("state"), "refunded");
    const auto queries = asked("/pay/refundquery").size();
    round();
    EXPECT_EQ(asked("/pay/refundquery").size(), queries) << "what has ended is not asked about";
}

TEST_F(MerchantRefund, FindsOutAboutARefundWhoseAnswerGotLost) {
    shop_.wechat.refund = [](const Fields&) { return Failure{Error{Errc::timed_out, "lost"}}; };
    EXPECT_EQ(refund(88).status, 504);
    const std::string number = asked().back();
    shop_.clock.advance(1min);
    merchant::reconcile_refunds(shop_.context);  // WeChat does not know it
    EXPECT_EQ(now().at("refunds")[0].at("state"), "asked");
    EXPECT_EQ(tell(news(number, 88)), "SUCCESS");
    EXPECT_EQ(now().at("state"), "refunded");
}

TEST(MerchantRefundBooks, SurviveARestartAndKeepTheNumber) {
    const ScratchDirectory data;
    std::string session;
    std::string id;
    std::string number;
    {
        Shop shop(v2::SignType::md5, data.path());
        session = shop.login();
        const auto order = shop.order(session);
        id = order.at("id");
        shop.notify(shop.signed_xml(Shop::paid(order.at("out_trade_no"))));
        shop.wechat.refund = [&](const Fields& call) {
            number = call.at("out_refund_no");
            return Failure{Error{Errc::timed_out, "lost"}};
        };
        EXPECT_EQ(shop.refund(id, session, 88).status, 504);
    }
    const Shop shop(v2::SignType::md5, data.path(), 2);
    EXPECT_EQ(shop.refund(id, session, 88).json().at("out_refund_no"), number);
}

}  // namespace
}  // namespace wxpay::test
