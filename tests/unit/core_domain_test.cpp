#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "core/domain/fen.hpp"
#include "core/domain/ids.hpp"
#include "core/domain/trade.hpp"

namespace wxpay {
namespace {

TEST(Fen, IsNeverAFloatingPointNumber) {
    static_assert(!std::is_constructible_v<Fen, double>);
    static_assert(!std::is_constructible_v<Fen, float>);
    static_assert(!std::is_convertible_v<int, Fen>);
    static_assert(!std::is_convertible_v<Fen, std::int64_t>);
    EXPECT_EQ(Fen{}.count(), 0);
    EXPECT_LT(Fen{1}, Fen{2});
    EXPECT_EQ(Fen{888}, Fen{888});
}

TEST(Fen, AddsAndSubtractsWithinItsRange) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ(*checked_add(Fen{888}, Fen{12}), Fen{900});
    EXPECT_EQ(*checked_sub(Fen{888}, Fen{900}), Fen{-12});
    EXPECT_EQ(*checked_add(Fen{kMost}, Fen{0}), Fen{kMost});
    EXPECT_EQ(checked_add(Fen{kMost}, Fen{1}).error().code, Errc::invalid_value);
    EXPECT_EQ(checked_add(Fen{kLeast}, Fen{-1}).error().code, Errc::invalid_value);
    EXPECT_EQ(checked_sub(Fen{kLeast}, Fen{1}).error().code, Errc::invalid_value);
    EXPECT_EQ(checked_sub(Fen{0}, Fen{kLeast}).error().code, Errc::invalid_value);
}

TEST(TotalFee, IsAWholeNumberOfFen) {
    EXPECT_EQ(*parse_total_fee("1"), Fen{1});
    EXPECT_EQ(*parse_total_fee("888"), Fen{888});
    EXPECT_EQ(*parse_total_fee("1000000000"), kOrderTotalMax);
}

TEST(TotalFee, RefusesEverythingElse) {
    for (const std::string text : {"",
                                   "0",
                                   "00",
                                   "-1",
                                   "-0",
                                   "+1",
                                   "1000000001",
                                   "2000000000",
                                   "8.88",
                                   "1.0",
                                   "1.",
                                   ".5",
                                   "1e3",
                                   "1E3",
                                   "0x10",
                                   "١",
                                   "１",
                                   " 1",
                                   "1 ",
                                   "1\n",
                                   "1,000",
                                   "1_000",
                                   "abc",
                                   "1a",
                                   "NaN",
                                   "inf",
                                   "9223372036854775807",
                                   "9223372036854775808",
                                   "18446744073709551617",
                                   "99999999999999999999999999"}) {
        const auto fee = parse_total_fee(text);
        ASSERT_FALSE(fee) << text;
        EXPECT_EQ(fee.error().code, Errc::invalid_value);
    }
    EXPECT_FALSE(parse_total_fee(std::string_view("1\0", 2)));
}

// Digits only is all that the documentation says; no report tells of a refusal.
TEST(TotalFee, TakesLeadingZeros) {
    EXPECT_EQ(*parse_total_fee("0888"), Fen{888});
    EXPECT_EQ(*parse_total_fee(std::string(100, '0') + "1"), Fen{1});
}

TEST(Yuan, HasTwoDecimals) {
    EXPECT_EQ(to_yuan(Fen{0}), "0.00");
    EXPECT_EQ(to_yuan(Fen{1}), "0.01");
    EXPECT_EQ(to_yuan(Fen{888}), "8.88");
    EXPECT_EQ(to_yuan(Fen{1200}), "12.00");
    EXPECT_EQ(to_yuan(Fen{-1}), "-0.01");
    EXPECT_EQ(to_yuan(Fen{-1234}), "-12.34");
    EXPECT_EQ(to_yuan(kOrderTotalMax), "10000000.00");
    EXPECT_EQ(to_yuan(Fen{std::numeric_limits<std::int64_t>::min()}), "-92233720368547758.08");
}

template <class Id>
void expect_rule(const std::vector<std::string>& good, const std::vector<std::string>& bad) {
    for (const std::string& text : good) {
        const auto id = Id::parse(text);
        ASSERT_TRUE(id) << text;
        EXPECT_EQ(id->str(), text);
    }
    for (const std::string& text : bad) {
        const auto id = Id::parse(text);
        ASSERT_FALSE(id) << text;
        EXPECT_EQ(id.error().code, Errc::invalid_value);
        EXPECT_FALSE(id.error().field.empty());
    }
    EXPECT_TRUE(Id().empty());
}

TEST(Ids, AppIdIsWxAndSixteenMore) {
    expect_rule<AppId>({"wx8888888888888888", "wxd930ea5d5a258f4f", "wxzzzzzzzzzzzzzzzz"},
                       {"", "wx", "wx888888888888888", "wx88888888888888888", "WX8888888888888888",
                        "wxD930EA5D5A258F4F", "xx8888888888888888", "wx888888888888888 ",
                        "wx88888888888888-8", "wx88888888888888\xE6\x94"});
}

TEST(Ids, MchIdIsEightToTenDigits) {
    expect_rule<MchId>({"10000100", "190000010", "1900000109"},
                       {"", "1900000", "19000001090", "190000010a", "1900000109 ", "-190000010",
                        "１９０００００１"});
}

TEST(Ids, OpenIdBeginsWithO) {
    expect_rule<OpenId>({"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "onqOjjmM1tad-3ROpncN-yUfa6uI", "oX",
                         "o" + std::string(127, 'a')},
                        {"", "o", "OUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "xUpF8",
                         "o" + std::string(128, 'a'), "o a", "o<", "o支"});
}

TEST(Ids, OutTradeNoIsUpToThirtyTwoOfItsSet) {
    expect_rule<OutTradeNo>({"1", "20240601120000001", "aZ09_-|*@", std::string(32, 'x')},
                            {"", std::string(33, 'x'), "a b", "a.b", "a/b", "a&b", "订单", "a\n",
                             "a#", "a+b", "a%", std::string("a\0", 2)});
}

TEST(Ids, OutTradeNoTellsCasesApart) {
    EXPECT_NE(*OutTradeNo::parse("a"), *OutTradeNo::parse("A"));
}

TEST(Ids, PrepayIdBeginsWithWx) {
    expect_rule<PrepayId>(
        {"wx130101176257317953a5acb7c0254d0000", "wx201410272009395522657a690389285100", "wx1",
         "wx" + std::string(62, 'a')},
        {"", "wx", "wx" + std::string(63, 'a'), "ab130101176257317953a5acb7c0254d0000", "wx1_",
         "wx 1", "prepay_id=wx1"});
}

TEST(Ids, TransactionIdIsTwentyEightDigits) {
    expect_rule<TransactionId>(
        {"4200002288202406010123456789", std::string(32, '1')},
        {"", std::string(27, '1'), std::string(33, '1'), "420000228820240601012345678a"});
}

TEST(Trade, HasTheWireWords) {
    for (const auto& [type, word] :
         std::vector<std::pair<TradeType, std::string>>{{TradeType::jsapi, "JSAPI"},
                                                        {TradeType::native, "NATIVE"},
                                                        {TradeType::app, "APP"},
                                                        {TradeType::mweb, "MWEB"},
                                                        {TradeType::micropay, "MICROPAY"}}) {
        EXPECT_EQ(wire_name(type), word);
        EXPECT_EQ(parse_trade_type(word), type);
    }
    for (const auto& [state, word] :
         std::vector<std::pair<TradeState, std::string>>{{TradeState::not_paid, "NOTPAY"},
                                                         {TradeState::user_paying, "USERPAYING"},
                                                         {TradeState::pay_error, "PAYERROR"},
                                                         {TradeState::success, "SUCCESS"},
                                                         {TradeState::refund, "REFUND"},
                                                         {TradeState::closed, "CLOSED"},
                                                         {TradeState::revoked, "REVOKED"}}) {
        EXPECT_EQ(wire_name(state), word);
        EXPECT_EQ(parse_trade_state(word), state);
    }
    for (const char* word : {"", "jsapi", "JSAPI ", "success", "ACCEPT", "H5"}) {
        EXPECT_EQ(parse_trade_type(word), std::nullopt) << word;
        EXPECT_EQ(parse_trade_state(word), std::nullopt) << word;
    }
}

}  // namespace
}  // namespace wxpay
