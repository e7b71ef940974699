#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/codec/gzip.hpp"
#include "core/v2/refund_notification.hpp"

#include "merchant/reconcile/bill_check.hpp"
#include "tests/component/merchant_harness.hpp"

namespace wxpay::test {
namespace {

using merchant::Day;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kOther = "4200002288202406010000000001";

/// A payment's or refund's line, with what the comparison reads.
struct Line {
    std::string order;
    std::string transaction_id = Shop::kTransactionId;
    std::int64_t total = 88;
    std::string refund = "0";
    std::int64_t refund_fee = 0;
    std::string refund_state = {};
    std::string mch_id = Shop::kMchId;
};

std::string bill_of(const std::vector<Line>& lines) {
    std::string text =
        "交易时间,商户号,微信订单号,商户订单号,交易状态,微信退款单号,商户退款单号,退款状态,手续费,"
        "订单金额,申请退款金额\r\n";
    std::int64_t total = 0;
    std::int64_t refunded = 0;
    for (const Line& line : lines) {
        const bool is_refund = line.refund != "0";
        const std::int64_t paid = is_refund ? 0 : line.total;
        total += paid;
        refunded += line.refund_fee;
        text += fmt::format("`2024-06-01 12:01:05,`{},`{},`{},`{},`{},`{},`{},`0.00000,`{},`{}\r\n",
                            line.mch_id, line.transaction_id, line.order,
                            is_refund ? "REFUND" : "SUCCESS",
                            is_refund ? "5030" + line.refund.substr(1) : "0", line.refund,
                            line.refund_state, to_yuan(Fen{paid}), to_yuan(Fen{line.refund_fee}));
    }
    return text + fmt::format(
                      "总交易单数,手续费总金额,订单总金额,申请退款总金额\r\n"
                      "`{},`0.00000,`{},`{}\r\n",
                      lines.size(), to_yuan(Fen{total}), to_yuan(Fen{refunded}));
}

/// A shop with one paid order, 30 fen of which are paid back.
class MerchantBill : public testing::Test {
  protected:
    MerchantBill() {
        EXPECT_EQ(shop_.notify(shop_.signed_xml(Shop::paid(order_))), "SUCCESS");
        refund_ = give_back(30, "20240601130008");
    }

    /// A refund that has come to its end; its refund_id has our number in it unless one is given.
    std::string give_back(std::int64_t fee, const char* success_time,
                          const std::string& refund_id = {}) {
        if (!refund_id.empty()) {
            shop_.wechat.refund = [usual = shop_.wechat.refund, refund_id](const Fields& call) {
                Fields answer = usual(call).value();
                answer["refund_id"] = refund_id;
                return answer;
            };
        }
        std::string number =
            shop_.refund(id_, session_, fee).json().at("out_refund_no").get<std::string>();
        v2::RefundNotification n;
        n.appid = Shop::kAppId;
        n.mch_id = Shop::kMchId;
        n.transaction_id = Shop::kTransactionId;
        n.out_trade_no = order_;
        n.refund_id = refund_id.empty() ? "5030" + number.substr(1) : refund_id;
        n.out_refund_no = number;
        n.total_fee = Fen{88};
        n.refund_fee = Fen{fee};
        n.refund_status = "SUCCESS";
        n.success_time = parse_compact_time(success_time);
        EXPECT_EQ(
            shop_.notify(render_refund_notification(n, Secret(Shop::kKey)), "/wxpay/refund_notify"),
            "SUCCESS");
        return number;
    }

    Line payment() const { return {.order = order_}; }
    Line refund() const {
        return {.order = order_, .refund = refund_, .refund_fee = 30, .refund_state = "SUCCESS"};
    }
    Result<merchant::BillCheck> check(std::string bill, const char* date = "2024-06-01") {
        shop_.wechat.bill = [bill = std::move(bill)](const Fields&) { return bill; };
        return check_day(merchant::parse_day(date).value(), shop_.gateway, shop_.store);
    }
    std::vector<std::string> differences(const std::vector<Line>& lines) {
        const auto checked = check(bill_of(lines));
        EXPECT_TRUE(checked) << checked.error().detail;
        return checked ? checked->differences : std::vector<std::string>{};
    }

    Shop shop_;
    std::string session_ = shop_.login();
    nlohmann::json made_ = shop_.order(session_);
    std::string id_ = made_.at("id");
    std::string order_ = made_.at("out_trade_no");
    std::string refund_;
};

TEST_F(MerchantBill, AgreesWithTheBooks) {
    const auto checked = check(gzip(bill_of({payment(), refund()})));
    ASSERT_TRUE(checked) << checked.error().detail;
    EXPECT_THAT(checked->differences, IsEmpty());
    EXPECT_EQ(checked->summary(merchant::parse_day("20240601").value()),
              "20240601: 1 payments and 1 refunds in the bill, 0 differences");
    const auto request = XmlMessage::parse(shop_.wechat.requests().back().body);
    EXPECT_EQ(request->get("bill_date"), "20240601");
}

TEST_F(MerchantBill, FindsASingleFen) {
    Line more = payment();
    more.total = 89;
    EXPECT_THAT(
        differences({more, refund()}),
        ElementsAre("order " + order_ + ": amount differs by 1 fen: 89 at WeChat, 88 here"));
    Line less = refund();
    less.refund_fee = 29;
    EXPECT_THAT(differences({payment(), less}),
                ElementsAre("refund " + refund_ + " of order " + order_ +
                            ": amount differs by 1 fen: 29 at WeChat, 30 here"));
}

TEST_F(MerchantBill, FindsWhatIsMissingHere) {
    EXPECT_THAT(
        differences({payment(), refund(), {.order = "unknown", .transaction_id = kOther}}),
        ElementsAre(std::string("order unknown: missing here: WeChat has 88 fen, transaction_id ") +
                    kOther));
    Line strange = refund();
    strange.refund = "Rstrange";
    EXPECT_THAT(differences({payment(), refund(), strange}),
                ElementsAre("refund Rstrange of order " + order_ +
                            ": missing here: WeChat has 30 fen, refund_id 5030strange"));
}

TEST_F(MerchantBill, FindsWhatIsMissingThere) {
    EXPECT_THAT(differences({refund()}),
                ElementsAre("order " + order_ + ": missing there: 88 fen here, transaction_id " +
                            Shop::kTransactionId));
    EXPECT_THAT(differences({payment()}),
                ElementsAre("refund " + refund_ + ": missing there: 30 fen here, refund_id 5030" +
                            refund_.substr(1)));
}

TEST_F(MerchantBill, FindsStatesThatDiffer) {
    const std::string unpaid = shop_.order(session_).at("out_trade_no");
    EXPECT_THAT(differences({payment(), refund(), {.order = unpaid, .transaction_id = kOther}}),
                ElementsAre("order " + unpaid + ": state differs: paid at WeChat by " + kOther +
                            ", unpaid here"));
    Line failed = refund();
    failed.refund_state = "FAIL";
    EXPECT_THAT(differences({payment(), failed}),
                ElementsAre("refund " + refund_ + " of order " + order_ +
                            ": state differs: FAIL at WeChat, succeeded here"));
    failed.refund_state = "PROCESSING";
    EXPECT_THAT(differences({payment(), failed}), IsEmpty()) << "it has ended since";
}

TEST_F(MerchantBill, FindsOtherNumbersAndRepetitions) {
    Line other = payment();
    other.transaction_id = kOther;
    other.mch_id = "1900000110";
    EXPECT_THAT(differences({other, refund(), refund()}),
                ElementsAre(HasSubstr("mch_id 1900000110"), HasSubstr("transaction_id differs"),
                            HasSubstr("stands in the bill twice")));
}

TEST_F(MerchantBill, LooksAtTheDayInBeijing) {
    // What was paid on another day is in that day's bill, and in no way missing in this one.
    EXPECT_THAT(check(bill_of({}), "2024-06-02")->differences, IsEmpty());
    EXPECT_THAT(check(bill_of({}), "2024-05-31")->differences, IsEmpty());
    // A line of the bill is found in the books whatever day it has there.
    EXPECT_THAT(check(bill_of({payment(), refund()}), "2024-06-02")->differences, IsEmpty());
}

TEST_F(MerchantBill, GoesByWechatsClockAndNotByOurs) {
    // Ours stands in 2024.
    const std::string missing = give_back(20, "20270301130008", "50300507002027030112345678901");
    give_back(10, "20270301000005", "50300507002027022812345678902");
    EXPECT_THAT(check(bill_of({}), "2027-03-01")->differences,
                ElementsAre(HasSubstr("refund " + missing + ": missing there: 20 fen here")));
}

TEST_F(MerchantBill, TakesNoBillForAnEmptyOne) {
    const std::string none =
        "<xml><return_code><![CDATA[FAIL]]></return_code>\n<return_msg><![CDATA[No Bill "
        "Exist]]></return_msg>\n<error_code><![CDATA[20002]]></error_code>\n</xml>";
    const auto quiet = check(none, "2024-06-02");
    ASSERT_TRUE(quiet);
    EXPECT_THAT(quiet->differences, IsEmpty());
    EXPECT_THAT(quiet->summary(merchant::parse_day("20240602").value()),
                HasSubstr("WeChat has no bill"));
    EXPECT_EQ(check(none)->differences.size(), 2U);
}

TEST_F(MerchantBill, SaysWhyItCannotCompare) {
    EXPECT_EQ(check("<xml><return_code>FAIL</return_code><return_msg>invalid bill_date"
                    "</return_msg><error_code>20001</error_code></xml>")
                  .error()
                  .field,
              "invalid bill_date");
    EXPECT_EQ(check("").error().code, Errc::malformed);
    EXPECT_EQ(check(bill_of({payment(), refund()}).substr(0, 400)).error().code, Errc::malformed);
}

TEST_F(MerchantBill, KeepsEachDifferenceInItsLine) {
    Line evil = payment();
    evil.order = "x\x1b[2J\x07y";
    for (const std::string& line : differences({evil}))
        EXPECT_EQ(line.find_first_of("\n\x1b\x07"), std::string::npos);
}

TEST(MerchantDay, IsReadInBothSpellings) {
    for (const char* text : {"2024-06-01", "20240601"}) {
        const auto day = merchant::parse_day(text);
        ASSERT_TRUE(day) << text;
        EXPECT_EQ(day->compact, "20240601");
        EXPECT_EQ(day->begin, parse_rfc3339("2024-06-01T00:00:00+08:00"));
        EXPECT_EQ(day->end, parse_rfc3339("2024-06-02T00:00:00+08:00"));
    }
    for (const char* text : {"", "2024-6-1", "2024-06-31", "2024/06/01", "yesterday", "202406011",
                             "2024-06-0100", "--20240601"}) {
        EXPECT_EQ(merchant::parse_day(text).has_value(), false) << text;
    }
}

}  // namespace
}  // namespace wxpay::test
