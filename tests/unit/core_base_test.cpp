#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/assert.hpp"
#include "core/base/clock.hpp"
#include "core/base/duration.hpp"
#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace wxpay {
namespace {

using namespace std::chrono_literals;

Result<int> half(int n) {
    if (n % 2 != 0) return Failure{Error{Errc::invalid_value, "odd"}};
    return n / 2;
}

Result<int> quarter(int n) {
    WXPAY_TRY(const int once, half(n));
    return half(once);
}

Result<void> must_be_even(int n) {
    WXPAY_CHECK(half(n));
    return {};
}

TEST(Result, HoldsAValueOrAnError) {
    const Result<int> good = half(4);
    ASSERT_TRUE(good);
    EXPECT_EQ(*good, 2);
    EXPECT_EQ(good.value(), 2);
    const Result<int> bad = half(3);
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error().code, Errc::invalid_value);
    EXPECT_EQ(bad.error().detail, "odd");
}

TEST(Result, IsPassedOnByTheMacros) {
    EXPECT_EQ(*quarter(8), 2);
    EXPECT_EQ(quarter(6).error().detail, "odd");
    EXPECT_TRUE(must_be_even(2));
    EXPECT_EQ(must_be_even(1).error().detail, "odd");
}

TEST(Result, TakesWhatConvertsToItsValue) {
    const Result<std::string> text = "text";
    EXPECT_EQ(text->size(), 4U);
    const Result<std::optional<int>> nothing = std::nullopt;
    EXPECT_TRUE(nothing);
}

TEST(Result, MovesItsValueOut) {
    Result<std::unique_ptr<int>> owner = std::make_unique<int>(7);
    const std::unique_ptr<int> taken = *std::move(owner);
    EXPECT_EQ(*taken, 7);
}

TEST(ResultDeathTest, StopsWhenTheWrongSideIsAsked) {
    EXPECT_DEATH(static_cast<void>(half(1).value()), "broken invariant");
    EXPECT_DEATH(static_cast<void>(half(2).error()), "broken invariant");
    EXPECT_DEATH(static_cast<void>(Result<void>().error()), "broken invariant");
}

TEST(AssertDeathTest, NamesTheLineAndTheExpression) {
    WXPAY_ASSERT(1 + 1 == 2);
    EXPECT_DEATH(WXPAY_ASSERT(1 + 1 == 3),
                 "core_base_test.cpp:[0-9]+: broken invariant: 1 \\+ 1 == 3");
}

TEST(Secret, ShowsItsTextOnlyWhenAsked) {
    const Secret key("192006250b4c09247ec02edce69f6a2d");
    EXPECT_EQ(key.reveal(), "192006250b4c09247ec02edce69f6a2d");
    EXPECT_FALSE(key.empty());
    EXPECT_TRUE(Secret().empty());
    static_assert(!std::is_convertible_v<Secret, std::string>);
    static_assert(!std::is_convertible_v<std::string, Secret>);
}

TEST(SeededRandom, GivesTheKnownSequence) {
    // SplitMix64 from 1234567, the reference implementation's first outputs.
    SeededRandom random(1234567);
    EXPECT_EQ(random.next(), 6457827717110365317U);
    EXPECT_EQ(random.next(), 3203168211198807973U);
    EXPECT_EQ(random.next(), 9817491932198370423U);
    EXPECT_EQ(random.next(), 4593380528125082431U);
    EXPECT_EQ(random.next(), 16408922859458223821U);
}

TEST(SeededRandom, RepeatsItselfForTheSameSeedOnly) {
    const auto text = [](std::uint64_t seed) { return SeededRandom(seed).alphanumeric(64); };
    EXPECT_EQ(text(1), text(1));
    EXPECT_NE(text(1), text(2));
    EXPECT_NE(text(0), text(1));
}

TEST(SeededRandom, GivesEachDrawOnceToManyThreads) {
    SeededRandom shared(5);
    std::vector<std::vector<std::uint64_t>> drawn(4);
    {
        std::vector<std::jthread> threads;
        for (auto& mine : drawn) {
            threads.emplace_back([&] {
                for (int i = 0; i < 1000; ++i) mine.push_back(shared.next());
            });
        }
    }
    std::set<std::uint64_t> all;
    for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
    SeededRandom alone(5);
    std::set<std::uint64_t> expected;
    for (int i = 0; i < 4000; ++i) expected.insert(alone.next());
    EXPECT_EQ(all, expected);
}

TEST(Random, DrawsFromTheAlphabet) {
    SeededRandom random(3);
    for (const std::size_t length : {0U, 1U, 9U, 10U, 11U, 100U}) {
        EXPECT_EQ(random.text(length, "ab").size(), length);
    }
    EXPECT_EQ(random.digits(500).find_first_not_of("0123456789"), std::string::npos);
    EXPECT_EQ(random.hex(500).find_first_not_of("0123456789abcdef"), std::string::npos);
    const std::string all = random.alphanumeric(5000);
    EXPECT_EQ(std::set<char>(all.begin(), all.end()).size(), 62U);
}

TEST(Random, UsesEverySymbolAboutEquallyOften) {
    SeededRandom random(4);
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const std::string text = random.text(64'000, alphabet);
    for (const char symbol : alphabet) {
        EXPECT_NEAR(static_cast<double>(std::count(text.begin(), text.end(), symbol)), 1000, 200)
            << symbol;
    }
}

TEST(SecureRandom, DoesNotRepeatItself) {
    SecureRandom random;
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(random.alphanumeric(32)).second);
}

TEST(SystemClock, RunsInWholeMilliseconds) {
    const SystemClock clock;
    const Instant first = clock.now();
    EXPECT_GT(first, Instant(1'700'000'000'000ms));
    EXPECT_GE(clock.now(), first);
    const SystemStopwatch stopwatch;
    const Millis before = stopwatch.elapsed();
    EXPECT_GE(stopwatch.elapsed(), before);
}

TEST(Duration, IsANumberAndAUnit) {
    EXPECT_EQ(parse_duration("0"), 0ms);
    EXPECT_EQ(parse_duration("0s"), 0ms);
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("5s"), 5s);
    EXPECT_EQ(parse_duration("1.5s"), 1500ms);
    EXPECT_EQ(parse_duration("0.0004s"), 0ms);
    EXPECT_EQ(parse_duration("10m"), 10min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("87840h"), 87840h);
    EXPECT_EQ(parse_duration("2d"), 48h);
    EXPECT_EQ(parse_duration("0.5d"), 12h);
    EXPECT_EQ(parse_duration("3660d"), 87840h);
    EXPECT_EQ(parse_duration("3661d"), std::nullopt);
}

TEST(Duration, RefusesEverythingElse) {
    for (const char* text : {"",
                             "5",
                             "s",
                             "ms",
                             "-1s",
                             "+1s",
                             " 5s",
                             "5s ",
                             "5 s",
                             "5S",
                             "5w",
                             "5sec",
                             "1h30m",
                             "1e3s",
                             "0x10s",
                             "1,5s",
                             "1.5.5s",
                             "nans",
                             "infs",
                             "inf",
                             "nan",
                             "87841h",
                             "99999999999999999999h",
                             "1.7976931348623157e308h"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(Duration, IsWrittenInItsShortestForm) {
    EXPECT_EQ(format_duration(0ms), "0");
    EXPECT_EQ(format_duration(250ms), "250ms");
    EXPECT_EQ(format_duration(1500ms), "1500ms");
    EXPECT_EQ(format_duration(5s), "5s");
    EXPECT_EQ(format_duration(90s), "90s");
    EXPECT_EQ(format_duration(60s), "1m");
    EXPECT_EQ(format_duration(24h), "24h");
    EXPECT_EQ(format_duration(24h + 4min), "1444m");
}

}  // namespace
}  // namespace wxpay
