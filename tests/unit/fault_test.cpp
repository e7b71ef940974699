#include "sandbox/faults/fault.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sandbox/faults/corrupt.hpp"
#include "sandbox/faults/demand.hpp"
#include "sandbox/faults/fault_json.hpp"
#include "sandbox/faults/fault_set.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox {
namespace {

using nlohmann::json;

const FaultTarget kCall{Fault::On::api, "/p", {}, {}};

Fault fault(const json& given) { return fault_from_json(given).value(); }

/// Which of `count` calls are struck: "..x" for the third.
std::string pattern(FaultSet& faults, int count, const FaultTarget& target = kCall) {
    std::string out;
    for (int i = 0; i < count; ++i) out += faults.draw(target) ? 'x' : '.';
    return out;
}

std::string pattern_of(json given, int count) {
    given["on"] = "api";
    given["do"] = {{"err_code", "SYSTEMERROR"}};
    FaultSet faults(1);
    EXPECT_TRUE(faults.add(fault(given)));
    return pattern(faults, count);
}

TEST(FaultGlob, StarsStandForAnythingAndQuestionMarksForOne) {
    EXPECT_TRUE(matches_glob("*", ""));
    EXPECT_TRUE(matches_glob("", ""));
    EXPECT_FALSE(matches_glob("", "a"));
    EXPECT_TRUE(matches_glob("order-*", "order-"));
    EXPECT_TRUE(matches_glob("order-*-x", "order-1-x-x"));
    EXPECT_FALSE(matches_glob("order-*-x", "order-1-y"));
    EXPECT_TRUE(matches_glob("a?c*", "abcd"));
    EXPECT_FALSE(matches_glob("a?c", "ac"));
    EXPECT_FALSE(matches_glob("Order", "order"));
    EXPECT_FALSE(matches_glob(std::string(100, '*') + "b", std::string(10'000, 'a')));
}

TEST(FaultMatching, NarrowsByPlacePathMerchantAndOrder) {
    const Fault given = fault({{"on", "api"},
                               {"endpoint", "/pay/*"},
                               {"mch_id", "1900000109"},
                               {"out_trade_no", "T?"},
                               {"do", {{"delay", "1s"}}}});
    const FaultTarget right{Fault::On::api, "/pay/orderquery", "1900000109", "T1"};
    EXPECT_TRUE(matches(given, right));
    FaultTarget other = right;
    other.on = Fault::On::notify;
    EXPECT_FALSE(matches(given, other));
    other = right;
    other.path = "/secapi/pay/refund";
    EXPECT_FALSE(matches(given, other));
    other = right;
    other.mch_id = "1900000110";
    EXPECT_FALSE(matches(given, other));
    other = right;
    other.out_trade_no = "T12";
    EXPECT_FALSE(matches(given, other));
    other.out_trade_no = "";
    EXPECT_FALSE(matches(given, other));
    const Fault any = fault({{"on", "api"}, {"out_trade_no", "*"}, {"do", {{"delay", "1s"}}}});
    EXPECT_FALSE(matches(any, other)) << "a glob wants a number";
}

TEST(FaultSet, SparesTheFirstAndStrikesEveryNthAtMostSoOften) {
    EXPECT_EQ(pattern_of({}, 3), "xxx");
    EXPECT_EQ(pattern_of({{"after", 2}}, 5), "..xxx");
    EXPECT_EQ(pattern_of({{"every", 3}}, 7), "..x..x.");
    EXPECT_EQ(pattern_of({{"times", 2}}, 4), "xx..");
    EXPECT_EQ(pattern_of({{"times", nullptr}}, 2), "xx");
    EXPECT_EQ(pattern_of({{"after", 1}, {"every", 2}, {"times", 2}}, 8), "..x.x...");
    EXPECT_EQ(pattern_of({{"probability", 0}}, 4), "....");
}

TEST(FaultSet, RollsTheSameDiceForTheSameSeed) {
    const auto rolled = [](std::uint64_t seed) {
        FaultSet faults(seed);
        EXPECT_TRUE(faults.add(
            fault({{"on", "api"}, {"probability", 0.25}, {"do", {{"drop", "before"}}}})));
        return pattern(faults, 400);
    };
    const std::string once = rolled(7);
    EXPECT_EQ(once, rolled(7));
    EXPECT_NE(once, rolled(8));
    const auto struck = std::count(once.begin(), once.end(), 'x');
    EXPECT_GT(struck, 60);
    EXPECT_LT(struck, 140);
}

TEST(FaultSet, DrawsDelaysFromTheirRange) {
    FaultSet faults(3);
    ASSERT_TRUE(faults.add(fault({{"on", "api"}, {"do", {{"delay", "200ms..205ms"}}}})));
    std::set<Millis::rep> seen;
    for (int i = 0; i < 200; ++i) seen.insert(faults.draw(kCall)->delay.count());
    EXPECT_EQ(seen, (std::set<Millis::rep>{200, 201, 202, 203, 204, 205}));
}

TEST(FaultSet, LetsTheFirstThatStrikesHaveTheCallAndCountsOnlyWhoWasAsked) {
    FaultSet faults(1);
    ASSERT_TRUE(faults.add(fault({{"on", "api"}, {"times", 1}, {"do", {{"delay", "1s"}}}})));
    ASSERT_TRUE(faults.add(fault({{"id", "mine"}, {"on", "api"}, {"do", {{"truncate", 3}}}})));
    EXPECT_EQ(faults.draw(kCall)->id, "f1");
    EXPECT_EQ(faults.draw(kCall)->id, "mine");
    EXPECT_FALSE(faults.draw({Fault::On::notify, "/p", {}, {}}));
    EXPECT_EQ(faults.find("f1")->matched, 2U);
    EXPECT_EQ(faults.find("f1")->injected, 1U);
    EXPECT_EQ(faults.find("mine")->matched, 1U);
}

TEST(FaultSet, ReplacesTheOneWithTheSameIdAndHasALimit) {
    FaultSet faults(1);
    for (std::size_t i = 0; i < kFaultsMax; ++i)
        ASSERT_TRUE(faults.add(fault({{"on", "api"}, {"do", {{"delay", "1s"}}}})));
    const auto more = faults.add(fault({{"on", "api"}, {"do", {{"delay", "1s"}}}}));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, Errc::too_large);
    EXPECT_TRUE(faults.add(fault({{"id", "f7"}, {"on", "api"}, {"do", {{"truncate", 1}}}})));
    EXPECT_EQ(faults.find("f7")->fault.effect.kind, Effect::Kind::truncate);
    EXPECT_EQ(faults.list().size(), kFaultsMax);
    EXPECT_TRUE(faults.remove("f7"));
    EXPECT_FALSE(faults.remove("f7"));
    EXPECT_EQ(faults.clear(), kFaultsMax - 1);
    EXPECT_TRUE(faults.empty());
}

/// What a FaultSet would find at its next start.
class Shelf final : public FaultKeeper {
  public:
    std::vector<KeptFault> kept_faults() override { return kept; }
    void keep(const KeptFault& fault) override {
        const auto same = find(fault.id);
        if (same == kept.end()) {
            kept.push_back(fault);
        } else {
            *same = fault;
        }
    }
    void count(const std::string& id, std::uint64_t matched, std::uint64_t injected) override {
        if (is_broken) throw std::runtime_error("no space");
        find(id)->matched = matched;
        find(id)->injected = injected;
    }
    void forget(const std::string& id) override { kept.erase(find(id)); }

    std::vector<KeptFault> kept;
    bool is_broken = false;

  private:
    std::vector<KeptFault>::iterator find(const std::string& id) {
        return std::find_if(kept.begin(), kept.end(),
                            [&id](const KeptFault& each) { return each.id == id; });
    }
};

/// "f1 2/1" for the fault f1 that matched twice and struck once, and so on.
std::string summary(const FaultSet& faults) {
    std::string out;
    for (const FaultSet::Counted& each : faults.list()) {
        out += each.fault.id + " " + std::to_string(each.matched) + "/" +
               std::to_string(each.injected) + "; ";
    }
    return out;
}

TEST(FaultSet, GoesOnWithItsCountsAfterARestart) {
    Shelf shelf;
    {
        FaultSet faults(1, &shelf);
        faults.start_with({});
        ASSERT_TRUE(faults.add(
            fault({{"on", "api"}, {"after", 1}, {"times", 2}, {"do", {{"truncate", 3}}}})));
        ASSERT_TRUE(faults.add(fault({{"id", "gone"}, {"on", "api"}, {"do", {{"delay", "1s"}}}})));
        EXPECT_TRUE(faults.remove("gone"));
        EXPECT_EQ(pattern(faults, 2), ".x");
    }
    FaultSet again(1, &shelf);
    again.start_with({});
    EXPECT_EQ(summary(again), "f1 2/1; ");
    EXPECT_EQ(pattern(again, 3), "x..");
    ASSERT_TRUE(again.add(fault({{"on", "api"}, {"do", {{"delay", "1s"}}}})));
    EXPECT_EQ(summary(again), "f1 5/2; f2 0/0; ");
    EXPECT_EQ(again.clear(), 2U);
    EXPECT_TRUE(shelf.kept.empty());
}

TEST(FaultSet, TakesTheConfigurationsFaultsOnceHoweverOftenItStarts) {
    Shelf shelf;
    const Fault first = fault({{"on", "api"}, {"times", 3}, {"do", {{"truncate", 3}}}});
    const Fault second = fault({{"id", "mine"}, {"on", "api"}, {"do", {{"delay", "1s"}}}});
    const Fault changed = fault({{"id", "mine"}, {"on", "api"}, {"do", {{"delay", "2s"}}}});
    {
        FaultSet faults(1, &shelf);
        faults.start_with({first, second});
        ASSERT_TRUE(faults.add(fault({{"on", "api"}, {"do", {{"drop", "after"}}}})));
        EXPECT_EQ(pattern(faults, 2), "xx");
    }
    {
        FaultSet faults(1, &shelf);
        faults.start_with({first, changed});
        EXPECT_EQ(summary(faults), "f1 2/2; mine 0/0; f2 0/0; ");
        EXPECT_EQ(faults.find("mine")->fault.effect.delay->from, Millis{2000});
    }
    FaultSet faults(1, &shelf);
    faults.start_with({});
    EXPECT_EQ(summary(faults), "f2 0/0; ") << "what the configuration leaves out is gone";
}

TEST(FaultSet, StrikesAlsoWhenItsCountsCannotBeKept) {
    Shelf shelf;
    FaultSet faults(1, &shelf);
    faults.start_with({fault({{"on", "api"}, {"times", 1}, {"do", {{"truncate", 3}}}})});
    shelf.is_broken = true;
    EXPECT_EQ(pattern(faults, 2), "x.");
}

TEST(FaultJson, ComesBackAsItWasRead) {
    for (
        const char* const text : {
            R"({"id":"a","on":"api","times":null,"probability":1.0,"do":{"delay":"200ms..2s"}})",
            R"({"id":"a","on":"api","endpoint":"/pay/*","mch_id":"1900000109","out_trade_no":"T*","after":1,"every":2,"times":3,"probability":0.5,"do":{"err_code":"X"}})",
            R"({"id":"a","on":"api","times":1,"probability":1.0,"do":{"delay":"1s","drop":"after"}})",
            R"({"id":"a","on":"api","times":1,"probability":1.0,"do":{"drop":"before"}})",
            R"({"id":"a","on":"api","times":1,"probability":1.0,"do":{"http_status":502}})",
            R"({"id":"a","on":"api","times":1,"probability":1.0,"do":{"truncate":0}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"corrupt_sign":true}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"http_status":502}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"drop":"before"}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"delay":"1s","drop":"after"}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"truncate":9}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"duplicate":3}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"reorder":true}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"lose":true}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"tamper":{"a":null}}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"tamper":{"a":"x"}}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"tamper":{"a":1}}})",
            R"({"id":"a","on":"notify","times":1,"probability":1.0,"do":{"forge":{"a":-1}}})",
        }) {
        const auto read = fault_from_json(json::parse(text));
        ASSERT_TRUE(read) << text << read.error().field << read.error().detail;
        EXPECT_EQ(to_json(*read).dump(), text);
    }
}

TEST(FaultJson, NamesTheMemberThatIsWrong) {
    const std::pair<const char*, const char*> cases[] = {
        {R"([])", ""},
        {R"({"do":{"delay":"2s"}})", "on"},
        {R"({"on":"wire","do":{"delay":"2s"}})", "on"},
        {R"({"on":"api"})", "do"},
        {R"({"on":"api","do":{}})", "do"},
        {R"({"on":"api","do":"delay"})", "do"},
        {R"({"on":"api","evry":2,"do":{"delay":"2s"}})", "evry"},
        {R"({"on":"api","id":"a b","do":{"delay":"2s"}})", "id"},
        {R"({"on":"api","endpoint":"pay","do":{"delay":"2s"}})", "endpoint"},
        {R"({"on":"api","endpoint":7,"do":{"delay":"2s"}})", "endpoint"},
        {R"({"on":"api","mch_id":"x","do":{"delay":"2s"}})", "mch_id"},
        {R"({"on":"api","mch_id":1900000109,"do":{"delay":"2s"}})", "mch_id"},
        {R"({"on":"api","out_trade_no":"","do":{"delay":"2s"}})", "out_trade_no"},
        {R"({"on":"api","after":-1,"do":{"delay":"2s"}})", "after"},
        {R"({"on":"api","every":0,"do":{"delay":"2s"}})", "every"},
        {R"({"on":"api","every":1.5,"do":{"delay":"2s"}})", "every"},
        {R"({"on":"api","times":0,"do":{"delay":"2s"}})", "times"},
        {R"({"on":"api","times":18446744073709551615,"do":{"delay":"2s"}})", "times"},
        {R"({"on":"api","probability":1.1,"do":{"delay":"2s"}})", "probability"},
        {R"({"on":"api","probability":"1","do":{"delay":"2s"}})", "probability"},
        {R"({"on":"api","do":{"delay":2}})", "do.delay"},
        {R"({"on":"api","do":{"delay":"2s..1s"}})", "do.delay"},
        {R"({"on":"api","do":{"delay":"1h"}})", "do.delay"},
        {R"({"on":"api","do":{"dely":"2s"}})", "do.dely"},
        {R"({"on":"api","do":{"err_code":"system error"}})", "do.err_code"},
        {R"({"on":"api","do":{"http_status":199}})", "do.http_status"},
        {R"({"on":"api","do":{"http_status":null}})", "do.http_status"},
        {R"({"on":"api","do":{"drop":"never"}})", "do.drop"},
        {R"({"on":"api","do":{"truncate":-1}})", "do.truncate"},
        {R"({"on":"api","do":{"corrupt_sign":1}})", "do.corrupt_sign"},
        {R"({"on":"api","do":{"drop":"after","truncate":1}})", "do.truncate"},
        {R"({"on":"api","do":{"duplicate":1}})", "do.duplicate"},
        {R"({"on":"api","do":{"lose":true}})", "do.lose"},
        {R"({"on":"notify","do":{"err_code":"SYSTEMERROR"}})", "do.err_code"},
        {R"({"on":"notify","do":{"truncate":-1}})", "do.truncate"},
        {R"({"on":"notify","do":{"duplicate":101}})", "do.duplicate"},
        {R"({"on":"notify","do":{"reorder":true,"delay":"1s"}})", "do.delay"},
        {R"({"on":"notify","do":{"tamper":{}}})", "do.tamper"},
        {R"({"on":"notify","do":{"tamper":{"sign":"x"}}})", "do.tamper.sign"},
        {R"({"on":"notify","do":{"forge":{"<a>":1}}})", "do.forge.<a>"},
        {R"({"on":"notify","do":{"forge":{"a":1.5}}})", "do.forge.a"},
    };
    for (const auto& [text, field] : cases) {
        const auto read = fault_from_json(json::parse(text));
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().field, field) << text;
        EXPECT_FALSE(read.error().detail.empty()) << text;
    }
}

TEST(FaultDemand, ReadsTheShortFormsAndLeavesOtherWordsAlone) {
    const auto read = [](std::string_view header) {
        const auto effect = read_demand(header);
        return effect ? to_json(*effect).dump() : "wrong " + effect.error().field;
    };
    EXPECT_EQ(read("delay=2s"), R"({"delay":"2s"})");
    EXPECT_EQ(read("delay=200ms..2s"), R"({"delay":"200ms..2s"})");
    EXPECT_EQ(read("http_status=502"), R"({"http_status":502})");
    EXPECT_EQ(read("drop=before"), R"({"drop":"before"})");
    EXPECT_EQ(read("truncate=10"), R"({"truncate":10})");
    EXPECT_EQ(read("corrupt_sign"), R"({"corrupt_sign":true})");
    EXPECT_EQ(read(" delay=1s , drop=after"), R"({"delay":"1s","drop":"after"})");
    EXPECT_EQ(read("err_code=SYSTEMERROR"), R"({"err_code":"SYSTEMERROR"})");
    EXPECT_EQ(read("SYSTEMERROR"), R"({"err_code":"SYSTEMERROR"})");
    EXPECT_EQ(read("order not exist"), R"({"err_code":"order not exist"})");
    EXPECT_EQ(read("delay=1s, SYSTEMERROR"), R"({"delay":"1s","err_code":"SYSTEMERROR"})");
    EXPECT_EQ(read("SYSTEMERROR,delay=1s"), R"({"delay":"1s","err_code":"SYSTEMERROR"})");
    EXPECT_EQ(read("delay=1s, 40001"), R"({"delay":"1s","err_code":"40001"})");
    EXPECT_EQ(read("delay=1s, SystemError"), "wrong do.SystemError");
    EXPECT_EQ(read("SYSTEMERROR, delay=1s, ORDERPAID"), "wrong do.ORDERPAID");
    EXPECT_EQ(read("delay=soon"), "wrong do.delay");
    EXPECT_EQ(read("http_status=9"), "wrong do.http_status");
    EXPECT_EQ(read("drop"), "wrong do.drop");
    EXPECT_EQ(read("delay=1s, dup=1"), "wrong do.dup");
    EXPECT_EQ(read("40001"), R"({"err_code":"40001"})");
    EXPECT_EQ(read("签名错误"), R"({"err_code":"签名错误"})");
    // What cannot be asked for is no err_code that nobody knows: it would be left undone silently.
    EXPECT_EQ(read("dealy=2s"), "wrong dealy");
    EXPECT_EQ(read("lose"), "wrong lose");
    EXPECT_EQ(read("duplicate=2"), "wrong duplicate");
}

TEST(FaultSign, ChangesEachDigitOfTheSignAndNothingElse) {
    EXPECT_EQ(with_wrong_sign("<xml><attach><![CDATA[<sign>0]]></attach>"
                              "<sign><![CDATA[09AF]]></sign></xml>"),
              "<xml><attach><![CDATA[<sign>0]]></attach><sign><![CDATA[1AB0]]></sign></xml>");
    EXPECT_EQ(with_wrong_sign("<xml><a>1</a></xml>"), "<xml><a>1</a></xml>");
    EXPECT_EQ(with_wrong_sign("no xml"), "no xml");
}

}  // namespace
}  // namespace wxpay::sandbox
