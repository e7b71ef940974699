// The report on a run: its counts, its three forms, its limits, the control API's route.
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pugixml.hpp>

#include "sandbox/verdict/report.hpp"
#include "sandbox/verdict/rule.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

using Json = nlohmann::json;
using sandbox::FailOn;
using sandbox::Finding;
using sandbox::Report;
using sandbox::Severity;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A report as a broken merchant gets it, with all that is hard to write down.
Report broken() {
    Report report;
    report.counts = {.calls = 37,
                     .refused = 1,
                     .attempts = 11,
                     .orders = 9,
                     .unpaid = 1,
                     .callbacks = 9,
                     .delivered = 8,
                     .undelivered = 1};
    report.errors = 1;
    report.warnings = 1;
    report.findings = {{"flow/refund-number-reused",
                        Severity::error,
                        "1900000109",
                        "T-7",
                        "<R1> & \"R2\" of 深圳\xef\xbf\xbf",
                        {"17", "19"}},
                       {"notify/slow",
                        Severity::warning,
                        "1900000109",
                        "T-3",
                        "answered after 4.6 s, and the limit is 5 s",
                        {"c4"}}};
    report.refusals = {{"21", "POST /pay/unifiedorder", "1900000109", "T-9", "签名错误",
                        "signed with another key"}};
    return report;
}

TEST(VerdictText, SaysWhatWasFoundAndWhatToDoNext) {
    EXPECT_EQ(sandbox::report_text(broken(), false),
              "37 calls · 9 orders · 9 callbacks (11 attempts) · 1 refused · 1 error · 1 warning\n"
              "  ERROR  flow/refund-number-reused  order T-7: <R1> & \"R2\" of 深圳\xef\xbf\xbf "
              "(17, 19)\n"
              "         wxpay-sandbox explain 19\n"
              "  WARN   notify/slow                order T-3: answered after 4.6 s, and the limit "
              "is 5 s (c4)\n"
              "         wxpay-sandbox explain c4\n"
              "  refused   21  POST /pay/unifiedorder  order T-9  签名错误\n"
              "         signed with another key\n"
              "         wxpay-sandbox explain 21\n");
    EXPECT_THAT(sandbox::report_text(broken(), true), HasSubstr("\x1b[31mERROR\x1b[0m"));
    EXPECT_EQ(sandbox::report_text(Report{}, false),
              "0 calls · 0 orders · 0 callbacks (0 attempts) · 0 refused · no findings\n");
}

TEST(VerdictText, NamesNoCommandWhenThereIsNobodyToAsk) {
    EXPECT_EQ(sandbox::report_text(broken(), false, false),
              "37 calls · 9 orders · 9 callbacks (11 attempts) · 1 refused · 1 error · 1 warning\n"
              "  ERROR  flow/refund-number-reused  order T-7: <R1> & \"R2\" of 深圳\xef\xbf\xbf "
              "(17, 19)\n"
              "  WARN   notify/slow                order T-3: answered after 4.6 s, and the limit "
              "is 5 s (c4)\n"
              "  refused   21  POST /pay/unifiedorder  order T-9  签名错误\n"
              "         signed with another key\n");
}

TEST(VerdictText, SaysWhatItCouldNotSee) {
    Report report;
    report.unseen = {.orders = 2, .steps = 1, .findings = 3, .is_ledger_longer = true};
    EXPECT_THAT(sandbox::report_text(report, false),
                HasSubstr("  unseen  2 orders judged by their calls, but not by how they ended\n"
                          "  unseen  1 exchange of orders that had too many were forgotten\n"
                          "  unseen  the ledger is longer than what was looked at; the counts are "
                          "too small\n"
                          "  unseen  3 findings not listed\n"));
}

TEST(VerdictText, IsTwoScreensLong) {
    Report report = broken();
    report.findings.resize(500, report.findings.back());
    EXPECT_THAT(sandbox::report_text(report, false),
                HasSubstr("… and 460 more; the report as JSON"));
}

TEST(VerdictJUnit, HasATestCaseForEachRule) {
    const std::string text = sandbox::report_junit(broken());
    EXPECT_EQ(text, sandbox::report_junit(broken())) << "the same again";
    pugi::xml_document document;
    ASSERT_TRUE(document.load_string(text.c_str())) << text;
    const auto suites = document.child("testsuites");
    const auto suite = suites.child("testsuite");
    for (const auto& node : {suites, suite}) {
        EXPECT_EQ(node.attribute("tests").as_uint(), sandbox::verdict_rules().size());
        EXPECT_EQ(node.attribute("failures").as_uint(), 1U);
        EXPECT_STREQ(node.attribute("errors").value(), "0");
        EXPECT_STREQ(node.attribute("name").value(), "wxpay-sandbox");
        EXPECT_STREQ(node.attribute("time").value(), "0.000");
    }
    std::size_t cases = 0;
    for (const auto& each : suite.children("testcase")) {
        const auto& rule = sandbox::verdict_rules()[cases++];
        EXPECT_EQ(each.attribute("name").value(), rule.id);
        EXPECT_STRNE(each.attribute("time").value(), "");
        EXPECT_THAT(each.attribute("classname").value(), testing::StartsWith("wxpay-sandbox."));
        const bool is_broken = rule.id == "flow/refund-number-reused";
        EXPECT_EQ(static_cast<bool>(each.child("failure")), is_broken) << rule.id;
        if (is_broken) {
            EXPECT_STREQ(each.child("failure").text().get(),
                         "order T-7: <R1> & \"R2\" of 深圳\xef\xbf\xbd (17, 19)\n");
            EXPECT_EQ(each.child("failure").attribute("message").value(), rule.meaning);
        }
        EXPECT_EQ(static_cast<bool>(each.child("system-out")), rule.id == "notify/slow");
    }
    EXPECT_EQ(cases, sandbox::verdict_rules().size());
}

TEST(VerdictJUnit, FailsByWhatItIsAskedFor) {
    EXPECT_THAT(sandbox::report_junit(broken(), FailOn::warning), HasSubstr("failures=\"2\""));
    EXPECT_THAT(sandbox::report_junit(broken(), FailOn::never), HasSubstr("failures=\"0\""));
}

TEST(VerdictReport, FailsFromASeverityOn) {
    Report report;
    EXPECT_FALSE(sandbox::fails(report, FailOn::warning));
    report.warnings = 1;
    EXPECT_TRUE(sandbox::fails(report, FailOn::warning));
    EXPECT_FALSE(sandbox::fails(report, FailOn::error));
    report.errors = 1;
    EXPECT_TRUE(sandbox::fails(report, FailOn::error));
    EXPECT_FALSE(sandbox::fails(report, FailOn::never));
    EXPECT_TRUE(sandbox::fails(0, 1, FailOn::warning));
    EXPECT_FALSE(sandbox::fails(0, 1, FailOn::error));
    for (const FailOn each : {FailOn::error, FailOn::warning, FailOn::never})
        EXPECT_EQ(sandbox::parse_fail_on(sandbox::wire_name(each)), each);
    EXPECT_EQ(sandbox::parse_fail_on("often"), std::nullopt);
}

class VerdictRoute : public testing::Test {
  protected:
    http::Response get(const std::string& query) {
        http::Request request;
        request.path = "/_sandbox/v1/report";
        request.query = query;
        return sandbox.call(request);
    }
    Json report(const std::string& query = {}) { return Json::parse(get(query).body); }
    void break_sign(const std::string& number, const Fields& changes = {}) {
        auto fields = AppHarness::sign(AppHarness::order(number, changes), std::string(32, 'x'));
        sandbox.post("/pay/unifiedorder", AppHarness::xml(fields));
    }

    AppHarness sandbox;
};

TEST_F(VerdictRoute, AnswersInThreeForms) {
    break_sign("T1");
    const Json json = report();
    EXPECT_EQ(json["errors"], 1);
    EXPECT_EQ(json["counts"]["refused"], 1);
    EXPECT_EQ(json["findings"][0]["rule"], "sign/refused");
    EXPECT_EQ(json["findings"][0]["out_trade_no"], "T1");
    EXPECT_EQ(json["findings"][0]["exchanges"], Json({"1"}));
    EXPECT_EQ(json["refusals"][0]["error"], "签名错误");
    const auto junit = get("format=junit");
    EXPECT_EQ(junit.headers.get("Content-Type"), "application/xml; charset=utf-8");
    EXPECT_EQ(junit.headers.get("Wxpay-Sandbox-Errors"), "1");
    EXPECT_EQ(junit.headers.get("Wxpay-Sandbox-Warnings"), "0");
    EXPECT_THAT(junit.body, HasSubstr("<failure"));
    EXPECT_THAT(get("format=junit&fail_on=never").body, Not(HasSubstr("<failure")));
    const auto text = get("format=text");
    EXPECT_EQ(text.headers.get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_THAT(text.body, HasSubstr("ERROR  sign/refused"));
    EXPECT_THAT(get("format=text&color=true").body, HasSubstr("\x1b["));
}

TEST_F(VerdictRoute, RefusesWhatItDoesNotKnow) {
    for (const char* const query :
         {"format=html", "fail_on=often", "mch_id=abc", "color=red", "order=T1"}) {
        EXPECT_EQ(get(query).status, 400) << query;
    }
}

TEST_F(VerdictRoute, IsOneMerchantsAndResetForgets) {
    break_sign("T1");
    break_sign("T2", {{"mch_id", "1900000110"}, {"appid", "wx8888888888888889"}});
    EXPECT_EQ(report()["counts"]["calls"], 2);
    EXPECT_EQ(report("mch_id=1900000109")["counts"]["calls"], 1);
    EXPECT_EQ(report("mch_id=1900000109")["findings"].size(), 1U);
    EXPECT_EQ(report("mch_id=1900000109")["mch_id"], "1900000109");
    sandbox.control("POST", "/_sandbox/v1/reset?mch_id=1900000109");
    EXPECT_EQ(report("mch_id=1900000109")["counts"]["calls"], 0);
    EXPECT_EQ(report()["counts"]["calls"], 1);
    sandbox.control("POST", "/_sandbox/v1/reset");
    EXPECT_EQ(report()["counts"]["calls"], 0);
    EXPECT_EQ(sandbox.traces.size(), 0U);
}

TEST_F(VerdictRoute, HasNoSecretAndNoControlCharacter) {
    sandbox.post("/pay/\x1b[31m" + std::string(AppHarness::kKey), "<xml/>");
    const std::string body = get("format=text").body;
    EXPECT_THAT(body, HasSubstr("call/unknown-path"));
    EXPECT_THAT(body, Not(HasSubstr("\x1b")));
    EXPECT_THAT(body, Not(HasSubstr(AppHarness::kKey)));
}

TEST_F(VerdictRoute, RefusedAlikeIsOneFinding) {
    for (int i = 0; i < 5; ++i) sandbox.post("/pay/unifiedordre", "<xml/>");
    const Json json = report();
    ASSERT_EQ(json["findings"].size(), 1U);
    EXPECT_EQ(json["findings"][0]["exchanges"].size(), 5U);
}

/// The traces alone: what they hold does not grow with what they have seen.
class VerdictMemory : public testing::Test {
  protected:
    sandbox::Exchange refused(const std::string& number) {
        sandbox::Exchange out;
        out.id = ++id_;
        out.request.method = "POST";
        out.request.path = "/pay/unifiedorder";
        out.endpoint = out.request.path;
        out.mch_id = AppHarness::kMchId;
        out.out_trade_no = number;
        out.verdict = "refused";
        out.error = "签名错误";
        return out;
    }

    std::int64_t id_ = 0;
    AppHarness sandbox;
};

TEST_F(VerdictMemory, AGoodNewOrderIsNotRemembered) {
    sandbox.v2("/pay/unifiedorder", AppHarness::order("T1"));
    EXPECT_EQ(sandbox.traces.size(), 0U);
    EXPECT_EQ(sandbox::make_report(sandbox.context).counts.orders, 1U);
}

TEST_F(VerdictMemory, HasRoomForSoManyOrders) {
    const std::size_t more = 1'500;
    for (std::size_t i = 0; i < sandbox::kTracesMax + more; ++i)
        sandbox.traces.see(refused("T" + std::to_string(i)));
    EXPECT_EQ(sandbox.traces.size(), sandbox::kTracesMax);
    const Report report = sandbox::make_report(sandbox.context);
    EXPECT_EQ(report.errors, sandbox::kTracesMax + more) << "who had to go was judged first";
    EXPECT_EQ(report.findings.size(), sandbox::kFindingsMax);
    EXPECT_EQ(report.unseen.findings, sandbox::kTracesMax + more - sandbox::kFindingsMax);
    EXPECT_EQ(report.unseen.orders, more);
    EXPECT_EQ(report.refusals.size(), sandbox::kRefusalsMax);
    EXPECT_EQ(report.refusals.back().exchange, std::to_string(id_));
}

TEST_F(VerdictMemory, HasRoomForSoManyStepsOfAnOrder) {
    for (std::size_t i = 0; i < sandbox::kTraceStepsMax + 10; ++i) sandbox.traces.see(refused("T"));
    const Report report = sandbox::make_report(sandbox.context);
    EXPECT_EQ(report.unseen.steps, 10U);
    EXPECT_EQ(report.errors, 1U);
}

TEST_F(VerdictMemory, CallsOfNoOrderAreAllJudged) {
    for (std::size_t i = 0; i < sandbox::kTraceStepsMax + 10; ++i) sandbox.traces.see(refused(""));
    const Report report = sandbox::make_report(sandbox.context);
    EXPECT_EQ(report.unseen.steps, 0U);
    std::size_t exchanges = 0;
    for (const Finding& finding : report.findings) exchanges += finding.exchanges.size();
    EXPECT_EQ(exchanges, sandbox::kTraceStepsMax + 10);
}

TEST_F(VerdictMemory, PollingIsOneStep) {
    sandbox.v2("/pay/unifiedorder", AppHarness::order("T1"));
    for (int i = 0; i < 100; ++i) sandbox.v2("/pay/orderquery", {{"out_trade_no", "T1"}});
    const auto seen = sandbox.traces.snapshot({});
    ASSERT_EQ(seen.traces.size(), 1U);
    EXPECT_EQ(seen.traces[0].steps.size(), 1U);
}

TEST_F(VerdictMemory, AttemptsThatFailAlikeAreKeptOnce) {
    sandbox.sender.answer = [](const auto&) { return RecordingSender::unreachable(); };
    for (const char* const number : {"T1", "T2"}) {
        sandbox.v2("/pay/unifiedorder", AppHarness::order(number));
        sandbox.control("POST", std::string("/_sandbox/v1/orders/1900000109:") + number + "/pay");
    }
    sandbox.advance(1h);
    std::size_t steps = 0;
    std::set<const void*> kept;
    for (const auto& trace : sandbox.traces.snapshot({}).traces) {
        for (const auto& step : trace.steps) {
            kept.insert(step.details.get());
            ++steps;
        }
    }
    EXPECT_GT(steps, 8U);
    EXPECT_EQ(kept.size(), 1U);
}

TEST_F(VerdictMemory, WhatAPhoneRefusesIsNoCall) {
    sandbox.traces.see({.mch_id = AppHarness::kMchId,
                        .out_trade_no = "T1",
                        .at = sandbox.clock.now(),
                        .slip = sandbox::verdict::Slip::signature,
                        .error = "支付验证签名失败",
                        .hint = "signed with another key"});
    const Report report = sandbox::make_report(sandbox.context);
    EXPECT_EQ(report.counts.calls, 0U);
    EXPECT_EQ(report.counts.refused, 0U);
    EXPECT_TRUE(report.refusals.empty());
    ASSERT_EQ(report.findings.size(), 2U);
    EXPECT_EQ(report.findings[0].rule, "pay/sign-refused");
    EXPECT_EQ(report.findings[0].out_trade_no, "T1");
    EXPECT_EQ(report.findings[0].text,
              "wx.requestPayment: 支付验证签名失败; signed with another key");
    EXPECT_THAT(report.findings[0].exchanges, testing::IsEmpty()) << "it was none of WeChat's";
}

TEST_F(VerdictMemory, MadeUpMerchantsHaveABound) {
    for (std::size_t i = 0; i < 2 * sandbox::kTraceMerchantsMax; ++i) {
        auto exchange = refused("T");
        exchange.mch_id = "M" + std::to_string(i) + std::string(1000, 'x');
        sandbox.traces.see(exchange);
    }
    const Report report = sandbox::make_report(sandbox.context);
    EXPECT_EQ(report.counts.calls, 2 * sandbox::kTraceMerchantsMax);
    for (const Finding& finding : report.findings) EXPECT_LE(finding.mch_id.size(), 64U);
}

}  // namespace
}  // namespace wxpay::test
