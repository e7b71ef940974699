#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/codec/beijing_time.hpp"
#include "core/v2/bill.hpp"

#include "tests/support/vectors.hpp"

namespace wxpay::v2 {
namespace {

using testing::HasSubstr;

const std::string& sample() {
    static const std::string text = test::read_vector_file("messages/downloadbill.csv");
    return text;
}

std::string sample_with(std::string_view from, std::string_view to) {
    std::string text = sample();
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

Error error_of(const std::string& text) {
    auto bill = parse_bill(text);
    EXPECT_FALSE(bill) << text;
    return bill ? Error{Errc::unreachable, "", ""} : bill.error();
}

/// A bill of one payment whose amount and fee are written so.
Result<Bill> with_amounts(const std::string& total, const std::string& fee) {
    return parse_bill(
        "交易时间,商户订单号,交易状态,手续费,订单金额\n`2024-06-01 12:01:05,`1,`SUCCESS,`" + fee +
        ",`" + total + "\n总交易单数,手续费总金额,订单总金额\n`1,`" + fee + ",`" + total + "\n");
}

TEST(Bill, ReadsThePaymentAndTheRefundOfTheDocumentedOne) {
    const auto bill = parse_bill(sample());
    ASSERT_TRUE(bill) << bill.error().detail;
    ASSERT_EQ(bill->rows.size(), 2U);
    const BillRow& payment = bill->rows[0];
    EXPECT_EQ(payment.at, parse_compact_time("20240601120105"));
    EXPECT_EQ(payment.appid, "wx8888888888888888");
    EXPECT_EQ(payment.mch_id, "1900000109");
    EXPECT_EQ(payment.transaction_id, "4200002288202406010123456789");
    EXPECT_EQ(payment.out_trade_no, "20240601120000001");
    EXPECT_EQ(payment.openid, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    EXPECT_EQ(payment.trade_type, "JSAPI");
    EXPECT_FALSE(payment.is_refund());
    EXPECT_EQ(payment.total, Fen{888});
    EXPECT_EQ(payment.refund_id, "");
    EXPECT_EQ(payment.out_refund_no, "");
    EXPECT_EQ(payment.refund, Fen{0});
    EXPECT_EQ(payment.fee, 5000);
    EXPECT_EQ(payment.rate, "0.60%");
    const BillRow& refund = bill->rows[1];
    EXPECT_TRUE(refund.is_refund());
    EXPECT_EQ(refund.refund_id, "50302006882024060113456789012");
    EXPECT_EQ(refund.out_refund_no, "R20240601130000001");
    EXPECT_EQ(refund.refund_state, "SUCCESS");
    EXPECT_EQ(refund.total, Fen{0});
    EXPECT_EQ(refund.refund, Fen{100});
    EXPECT_EQ(refund.fee, -1000);
    EXPECT_EQ(bill->total, Fen{888});
    EXPECT_EQ(bill->refund, Fen{100});
    EXPECT_EQ(bill->fee, 4000);
}

TEST(Bill, TakesItWithoutBomAndCarriageReturns) {
    std::string text = sample().substr(3);
    std::erase(text, '\r');
    ASSERT_TRUE(parse_bill(text));
    text.pop_back();
    EXPECT_TRUE(parse_bill(text));
}

TEST(Bill, TakesCommasInsideAValue) {
    const auto bill = parse_bill(sample_with("`腾讯充值中心-QQ会员充值", "`茶,一斤"));
    ASSERT_TRUE(bill) << bill.error().detail;
    EXPECT_EQ(bill->rows[0].total, Fen{888});
}

TEST(Bill, FindsColumnsByTheirTitlesAlsoTheOlderOnes) {
    const auto bill = parse_bill(
        "新的一列,交易状态,商户订单号,交易时间,总金额,商户退款单号,退款金额,手续费\n"
        "`x,`SUCCESS,`A1,`2024-06-01 12:01:05,`8.88,`0,`0.00,`0.05000\n"
        "`x,`REFUND,`A1,`2024-06-01 13:00:03,`0.00,`R1,`1.00,`-0.01000\n"
        "总交易单数,总交易额,总退款金额,手续费总金额\n"
        "`2.0,`8.88,`1.00,`0.04\n");
    ASSERT_TRUE(bill) << bill.error().detail;
    EXPECT_EQ(bill->rows[0].out_trade_no, "A1");
    EXPECT_EQ(bill->rows[0].total, Fen{888});
    EXPECT_EQ(bill->rows[1].out_refund_no, "R1");
    EXPECT_EQ(bill->rows[1].refund, Fen{100});
}

TEST(Bill, ReadsAmountsExactly) {
    const std::pair<const char*, std::int64_t> totals[] = {
        {"0.01", 1},
        {"0.29", 29},
        {"1.1", 110},
        {"1", 100},
        {"4.35", 435},
        {"0.10000", 10},
        {"1001.15", 100115},
        {"90071992547409.93", 9007199254740993},  // no double has this one
        {"10000000.00", 1'000'000'000}};
    for (const auto& [text, count] : totals) {
        const auto bill = with_amounts(text, "0.00001");
        ASSERT_TRUE(bill) << text << ": " << bill.error().detail;
        EXPECT_EQ(bill->total.count(), count) << text;
        EXPECT_EQ(bill->fee, 1);
    }
    EXPECT_EQ(with_amounts("1.00", "-12.34567")->fee, -1234567);
}

TEST(Bill, RefusesWhatIsNoAmount) {
    for (const char* text :
         {"", "-", ".", "1.", ".5", "1.001", "1,00", "1e2", " 1", "1 ", "+1", "--1", "1.0.0", "0x1",
          "99999999999999999999", "92233720368547758.08"}) {
        EXPECT_FALSE(with_amounts(text, "0.00000")) << text;
    }
    EXPECT_FALSE(with_amounts("1.00", "0.000001"));
}

TEST(Bill, NamesTheLineThatIsWrong) {
    EXPECT_THAT(error_of(sample_with("`2024-06-01 13", "`2024-06-31 13")).detail,
                HasSubstr("line 3"));
    EXPECT_THAT(error_of(sample_with("`REFUND", "`LOST")).detail, HasSubstr("line 3"));
    EXPECT_THAT(error_of(sample_with(",`OTHERS", "")).detail, HasSubstr("line 2"));
    EXPECT_THAT(error_of(sample_with("`8.88,`0.00,`0,", "`8.88,`0.00,`0,`0,")).detail,
                HasSubstr("line 2"));
    EXPECT_THAT(error_of(sample_with("商户订单号", "订单号")).detail, HasSubstr("商户订单号"));
}

TEST(Bill, HoldsItAgainstItsOwnSummary) {
    EXPECT_EQ(error_of(sample_with("`2,`8.88", "`3,`8.88")).code, Errc::mismatch);
    EXPECT_EQ(error_of(sample_with("`0.04000", "`0.05000")).code, Errc::mismatch);
    EXPECT_EQ(error_of(sample_with("`0.60%,`8.88", "`0.60%,`8.89")).code, Errc::mismatch);
    EXPECT_EQ(error_of(sample_with("`0.60%,`0.00,`1.00", "`0.60%,`0.00,`1.01")).code,
              Errc::mismatch);
}

TEST(Bill, RefusesWhatIsNoBillOrOnlyAPieceOfOne) {
    for (const std::string& text :
         {std::string(), std::string("\n"), std::string("<xml></xml>"), std::string("\xEF\xBB\xBF"),
          std::string("`,`"), sample() + "more", sample() + sample()}) {
        EXPECT_EQ(error_of(text).code, Errc::malformed) << text;
    }
    // Only the last decimals and line end can be cut off unnoticed: with them nothing is lost.
    const std::size_t last_point = sample().rfind('.');
    for (std::size_t size = 0; size < last_point - 1; ++size) {
        EXPECT_FALSE(parse_bill(std::string_view(sample()).substr(0, size))) << size;
    }
}

}  // namespace
}  // namespace wxpay::v2
