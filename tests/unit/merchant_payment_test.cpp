#include <gtest/gtest.h>

#include "merchant/shop/payment.hpp"

namespace wxpay::merchant {
namespace {

Order unpaid_order() {
    Order order;
    order.id = "order-1";
    order.out_trade_no = OutTradeNo::parse("20240601120000001").value();
    order.openid = OpenId::parse("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").value();
    order.total = Fen{888};
    return order;
}

Order paid_order() {
    Order order = unpaid_order();
    order.state = OrderState::paid;
    order.credits = 1;
    order.transaction_id = "4200002288202406010123456789";
    return order;
}

PaymentReport report() {
    PaymentReport report;
    report.appid = "wx8888888888888888";
    report.mch_id = "1900000109";
    report.out_trade_no = "20240601120000001";
    report.transaction_id = "4200002288202406010123456789";
    report.openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";
    report.fee_type = "CNY";
    report.total = Fen{888};
    return report;
}

TEST(MerchantPayment, CreditsAnUnpaidOrder) {
    EXPECT_EQ(decide(unpaid_order(), report()).ruling, Ruling::credit);
}

TEST(MerchantPayment, TakesTheSameTransactionAgainForADuplicate) {
    EXPECT_EQ(decide(paid_order(), report()).ruling, Ruling::already_credited);
}

TEST(MerchantPayment, RaisesAnAlarmForASecondTransactionOfAPaidOrder) {
    auto other = report();
    other.transaction_id = "4200002288202406019999999999";
    const Decision decision = decide(paid_order(), other);
    EXPECT_EQ(decision.ruling, Ruling::refuse);
    EXPECT_TRUE(decision.alarm);
}

TEST(MerchantPayment, CreditsAClosedOrderButSaysThatItIsLate) {
    Order closed = unpaid_order();
    closed.state = OrderState::closed;
    EXPECT_EQ(decide(closed, report()).ruling, Ruling::credit_late);
}

TEST(MerchantPayment, RefusesAnAmountThatDiffersByOneFen) {
    for (const std::int64_t total : {887, 889, 88, 8880}) {
        auto wrong = report();
        wrong.total = Fen{total};
        const Decision decision = decide(unpaid_order(), wrong);
        EXPECT_EQ(decision.ruling, Ruling::refuse) << total;
        EXPECT_TRUE(decision.alarm) << total;
    }
}

TEST(MerchantPayment, ComparesTheAmountAlsoWhenTheOrderIsPaid) {
    auto wrong = report();
    wrong.total = Fen{1};
    EXPECT_EQ(decide(paid_order(), wrong).ruling, Ruling::refuse);
}

TEST(MerchantPayment, RefusesAnotherCurrency) {
    for (const char* currency : {"USD", "cny", ""}) {
        auto wrong = report();
        wrong.fee_type = currency;
        EXPECT_EQ(decide(unpaid_order(), wrong).ruling, Ruling::refuse) << currency;
    }
}

TEST(MerchantPayment, RefusesAReportAboutAnotherOrder) {
    auto other = report();
    other.out_trade_no = "20240601120000002";
    EXPECT_EQ(decide(unpaid_order(), other).ruling, Ruling::refuse);
}

TEST(MerchantPayment, RefusesATransactionIdThatIsNone) {
    for (const std::string& id : {std::string(), std::string(33, '4')}) {
        auto wrong = report();
        wrong.transaction_id = id;
        EXPECT_EQ(decide(unpaid_order(), wrong).ruling, Ruling::refuse) << id;
    }
}

TEST(MerchantPayment, IsAddressedByAppidAndMchId) {
    const Identity us{"wx8888888888888888", "1900000109"};
    EXPECT_TRUE(check_addressee(us.appid, us.mch_id, us));
    EXPECT_EQ(check_addressee("wx1111111111111111", us.mch_id, us).error().field, "appid");
    EXPECT_EQ(check_addressee(us.appid, "1900000110", us).error().field, "mch_id");
}

}  // namespace
}  // namespace wxpay::merchant
