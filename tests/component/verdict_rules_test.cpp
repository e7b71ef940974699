// The rules of the verdict, each by real calls that break it and by near misses that do not; and
// that clean flows give no finding.
#include <algorithm>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/verdict/report.hpp"
#include "sandbox/verdict/rule.hpp"
#include "tests/support/v3_caller.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

using Json = nlohmann::json;
using sandbox::Finding;
using sandbox::Report;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kGoodV3Answer = R"({"code":"SUCCESS","message":"成功"})";
constexpr const char* kV3Refunds = "/v3/refund/domestic/refunds";

/// A sandbox and a merchant that does things right, unless a test has it otherwise.
struct Shop {
    AppHarness sandbox;
    V3Caller v3{sandbox};

    Report report() { return sandbox::make_report(sandbox.context); }

    void order(const std::string& number, const Fields& changes = {}) {
        sandbox.v2("/pay/unifiedorder", AppHarness::order(number, changes));
    }
    void order_v3(const std::string& number, const Json& changes = Json::object()) {
        v3.post("/v3/pay/transactions/jsapi", V3Caller::order(number, changes));
    }
    void pay(const std::string& number) {
        const auto paid =
            sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay");
        EXPECT_EQ(paid.status, 200) << paid.body;
    }
    void paid(const std::string& number, bool is_v3 = false) {
        is_v3 ? order_v3(number) : order(number);
        pay(number);
        sandbox.run_due();
    }
    Fields query(const std::string& number) {
        return sandbox.v2("/pay/orderquery", {{"out_trade_no", number}});
    }
    V3Answer query_v3(const std::string& number) {
        return v3.get("/v3/pay/transactions/out-trade-no/" + number + "?mchid=1900000109");
    }
    void refund(const std::string& number, const std::string& refund_number,
                const Fields& changes = {}) {
        Fields fields{{"out_trade_no", number},
                      {"out_refund_no", refund_number},
                      {"total_fee", "888"},
                      {"refund_fee", "8"}};
        for (const auto& [name, value] : changes) {
            if (value == "-") {
                fields.erase(name);
            } else {
                fields[name] = value;
            }
        }
        sandbox.post("/secapi/pay/refund", AppHarness::xml(AppHarness::sign(fields)));
    }
    V3Answer refund_v3(const std::string& number, const std::string& refund_number, int fee = 8) {
        return v3.post(kV3Refunds,
                       {{"out_trade_no", number},
                        {"out_refund_no", refund_number},
                        {"amount", {{"refund", fee}, {"total", 888}, {"currency", "CNY"}}}});
    }
    void micropay(const std::string& number, const std::string& code) {
        sandbox.post("/pay/micropay",
                     AppHarness::xml(AppHarness::sign({{"out_trade_no", number},
                                                       {"body", "coffee"},
                                                       {"total_fee", "1"},
                                                       {"spbill_create_ip", "127.0.0.1"},
                                                       {"auth_code", code}})));
    }
    void fault(const Json& json) {
        const auto added = sandbox.control("POST", "/_sandbox/v1/faults", json);
        ASSERT_EQ(added.status / 100, 2) << added.body;
    }
    void fault_once(const std::string& on, const Json& what) {
        fault({{"on", on}, {"times", 1}, {"do", what}});
    }
    void answers(http::Outcome outcome) {
        sandbox.sender.answer = [outcome](const auto&) { return outcome; };
    }
    void answers_once(const http::Outcome& outcome) {
        sandbox.sender.answer = [outcome, used = false](const auto&) mutable {
            return std::exchange(used, true) ? RecordingSender::success() : outcome;
        };
    }
};

http::Outcome after(http::Outcome outcome, Millis latency) {
    outcome.latency = latency;
    return outcome;
}

std::set<std::string> rules_in(const Report& report) {
    std::set<std::string> out;
    for (const Finding& finding : report.findings) out.insert(finding.rule);
    return out;
}

/// What breaks a rule, or nearly does.
struct Story {
    const char* name;
    const char* rule;  ///< the only one that fires; empty: none does
    void (*happens)(Shop& shop);

    friend void PrintTo(const Story& story, std::ostream* out) { *out << story.name; }
};

void http_status_of(Shop& shop, const char* path) {
    shop.fault({{"on", "api"}, {"endpoint", path}, {"times", 1}, {"do", {{"http_status", 502}}}});
}

const Story kStories[] = {
    // sign/refused
    {"V2SignWithAnotherKey", "sign/refused",
     [](Shop& shop) {
         const auto order = AppHarness::order("T-00001");
         shop.sandbox.post("/pay/unifiedorder",
                           AppHarness::xml(AppHarness::sign(order, std::string(32, 'x'))));
     }},
    {"V3BodyChangedAfterSigning", "sign/refused",
     [](Shop& shop) {
         auto request = shop.v3.request("POST", "/v3/pay/transactions/jsapi",
                                        V3Caller::order("T-00001").dump());
         request.body += " ";
         shop.v3.send(request);
     }},
    {"SignErrorOnDemandIsOurs", "",
     [](Shop& shop) {
         shop.fault_once("api", {{"err_code", "SIGNERROR"}});
         shop.order("T-00001");
     }},
    // sign/answer-not-verified
    {"V2AnswerSignedByNobodyAndPaid", "sign/answer-not-verified",
     [](Shop& shop) {
         shop.fault_once("api", {{"corrupt_sign", true}});
         shop.sandbox.post("/pay/unifiedorder",
                           AppHarness::xml(AppHarness::sign(AppHarness::order("T-00001"))));
         shop.pay("T-00001");
         shop.sandbox.run_due();
     }},
    {"V3AnswerSignedByNobodyAndPaid", "sign/answer-not-verified",
     [](Shop& shop) {
         shop.fault_once("api", {{"corrupt_sign", true}});
         shop.order_v3("T-00001");
         shop.pay("T-00001");
         shop.sandbox.run_due();
     }},
    {"AnswerSignedByNobodyAndAskedFor", "",
     [](Shop& shop) {
         shop.fault_once("api", {{"corrupt_sign", true}});
         shop.order_v3("T-00001");
         shop.query_v3("T-00001");
         shop.pay("T-00001");
         shop.sandbox.run_due();
     }},
    // call/…
    {"V2UnknownPath", "call/unknown-path",
     [](Shop& shop) { shop.sandbox.post("/pay/unifiedordre", "<xml/>"); }},
    {"V3UnknownPath", "call/unknown-path",
     [](Shop& shop) { shop.v3.get("/v3/pay/transaction/jsapi"); }},
    {"V2NotSimulated", "call/not-simulated",
     [](Shop& shop) { shop.sandbox.post("/papay/deletecontract", "<xml/>"); }},
    {"V3NotSimulated", "call/not-simulated",
     [](Shop& shop) { shop.v3.get("/v3/payscore/serviceorder"); }},
    {"RefundOverTlsWithoutCertificate", "call/certificate-missing",
     [](Shop& shop) {
         shop.paid("T-00001");
         http::Request request;
         request.method = "POST";
         request.path = "/secapi/pay/refund";
         request.secure = true;
         shop.sandbox.call(request);
     }},
    {"V2AppOfAnother", "call/wrong-identity",
     [](Shop& shop) {
         shop.order("T-00001", {{"appid", "wx0000000000000000"}});
     }},
    {"V3UnknownMerchant", "call/wrong-identity",
     [](Shop& shop) {
         auto request = shop.v3.request("GET", "/v3/certificates");
         std::string authorization(request.headers.get("Authorization"));
         authorization.replace(authorization.find("1900000109"), 10, "1999999999");
         request.headers.set("Authorization", authorization);
         shop.v3.send(request);
     }},
    {"V2NoXml", "call/malformed", [](Shop& shop) { shop.sandbox.post("/pay/unifiedorder", "{}"); }},
    {"V3NoJson", "call/malformed",
     [](Shop& shop) {
         shop.v3.send(shop.v3.request("POST", "/v3/pay/transactions/jsapi", "<xml/>"));
     }},
    {"V2FieldMissing", "call/wrong-parameter",
     [](Shop& shop) {
         shop.order("T-00001", {{"body", "-"}});
     }},
    {"V3FieldMissing", "call/wrong-parameter",
     [](Shop& shop) {
         shop.order_v3("T-00001", {{"description", nullptr}});
     }},
    {"BusinessRefusalIsNone", "",
     [](Shop& shop) {
         shop.query("T-00001");
         shop.query_v3("T-00001");
         shop.paid("T-00002");
         shop.order("T-00002");
     }},
    // money/yuan-as-fen
    {"V2Yuan", "money/yuan-as-fen",
     [](Shop& shop) {
         shop.order("T-00001", {{"total_fee", "8.88"}});
     }},
    {"V3Yuan", "money/yuan-as-fen",
     [](Shop& shop) {
         shop.order_v3("T-00001", {{"amount", {{"total", 8.88}}}});
     }},
    {"V2RefundOfAHundredth", "money/yuan-as-fen",
     [](Shop& shop) {
         shop.paid("T-00001", false);
         shop.order("T-00002", {{"total_fee", "800"}});
         shop.pay("T-00002");
         shop.sandbox.run_due();
         shop.refund("T-00002", "R1", {{"total_fee", "8"}, {"refund_fee", "8"}});
     }},
    {"DearerIsNotYuan", "",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.order("T-00001", {{"total_fee", "999"}});  // ORDERPAID
     }},
    // flow/query-before-retry
    {"V2OrderedAgainWithoutAnswer", "flow/query-before-retry",
     [](Shop& shop) {
         http_status_of(shop, "/pay/unifiedorder");
         shop.sandbox.post("/pay/unifiedorder",
                           AppHarness::xml(AppHarness::sign(AppHarness::order("T-00001"))));
         shop.order("T-00001");
     }},
    {"V3OrderedAgainWithoutAnswer", "flow/query-before-retry",
     [](Shop& shop) {
         shop.fault_once("api", {{"drop", "after"}});
         shop.order_v3("T-00001");
         shop.order_v3("T-00001");
     }},
    {"V2OrderedAgainAfterAQuery", "",
     [](Shop& shop) {
         http_status_of(shop, "/pay/unifiedorder");
         shop.sandbox.post("/pay/unifiedorder",
                           AppHarness::xml(AppHarness::sign(AppHarness::order("T-00001"))));
         shop.query("T-00001");
         shop.order("T-00001");
     }},
    {"V3OrderedAgainAfterAQuery", "",
     [](Shop& shop) {
         shop.fault_once("api", {{"drop", "after"}});
         shop.order_v3("T-00001");
         shop.query_v3("T-00001");
         shop.order_v3("T-00001");
     }},
    {"OrderedAgainAfterSystemErrorAsThePageSays", "",
     [](Shop& shop) {
         shop.fault_once("api", {{"err_code", "SYSTEMERROR"}});
         shop.order("T-00001");
         shop.order("T-00001");
     }},
    {"CodeScannedAgainAfterSystemError", "flow/query-before-retry",
     [](Shop& shop) {
         shop.fault_once("api", {{"err_code", "SYSTEMERROR"}});
         shop.micropay("T-00001", "134567890123450000");
         shop.micropay("T-00001", "134567890123450000");
     }},
    {"CodeQueriedAfterSystemError", "",
     [](Shop& shop) {
         shop.fault_once("api", {{"err_code", "SYSTEMERROR"}});
         shop.micropay("T-00001", "134567890123450000");
         shop.query("T-00001");
         shop.micropay("T-00001", "134567890123450000");
     }},
    // flow/code-payment-left-open
    {"NobodyAsksForThePassword", "flow/code-payment-left-open",
     [](Shop& shop) { shop.micropay("T-00001", "134567890123459001"); }},
    {"PasswordIsPolledFor", "",
     [](Shop& shop) {
         shop.micropay("T-00001", "134567890123459001");
         shop.query("T-00001");
         shop.sandbox.advance(20s);
         shop.query("T-00001");
     }},
    // flow/number-reused
    {"V2NumberForAnotherOrder", "flow/number-reused",
     [](Shop& shop) {
         shop.order("T-00001");
         shop.order("T-00001", {{"total_fee", "777"}});
     }},
    {"V3NumberForAnotherOrder", "flow/number-reused",
     [](Shop& shop) {
         shop.order_v3("T-00001");
         shop.order_v3("T-00001", {{"amount", {{"total", 777}}}});
     }},
    {"SameOrderAgain", "",
     [](Shop& shop) {
         shop.order("T-00001");
         shop.order("T-00001");
         shop.order_v3("T-00002");
         shop.order_v3("T-00002");
     }},
    // flow/order-left-unpaid
    {"V2LeftUnpaid", "flow/order-left-unpaid",
     [](Shop& shop) {
         shop.order("T-00001");
         shop.sandbox.advance(2h);
     }},
    {"V3LeftUnpaid", "flow/order-left-unpaid",
     [](Shop& shop) {
         shop.order_v3("T-00001", {{"time_expire", nullptr}});
         shop.sandbox.advance(2h);
     }},
    {"LeftUnpaidUntilWeChatClosedIt", "flow/order-left-unpaid",
     [](Shop& shop) {
         shop.order("T-00001");
         shop.sandbox.advance(24h * 8);
     }},
    {"ClosedInTime", "",
     [](Shop& shop) {
         shop.order("T-00001");
         shop.sandbox.v2("/pay/closeorder", {{"out_trade_no", "T-00001"}});
         shop.sandbox.advance(24h * 8);
     }},
    {"EndsByItself", "",
     [](Shop& shop) {
         shop.order("T-00001", {{"time_expire", "20240601123000"}});
         shop.sandbox.advance(3h);
     }},
    {"StillPayable", "",
     [](Shop& shop) {
         shop.order("T-00001");
         shop.sandbox.advance(1h);
     }},
    // flow/payment-not-noticed
    {"V2CallbackLostAndNobodyAsked", "flow/payment-not-noticed",
     [](Shop& shop) {
         shop.fault_once("notify", {{"lose", true}});
         shop.paid("T-00001");
     }},
    {"V3CallbackLostAndNobodyAsked", "flow/payment-not-noticed",
     [](Shop& shop) {
         shop.fault_once("notify", {{"lose", true}});
         shop.paid("T-00001", true);
     }},
    {"CallbackLostAndQueried", "",
     [](Shop& shop) {
         shop.fault({{"on", "notify"}, {"times", 3}, {"do", {{"lose", true}}}});
         shop.paid("T-00001");
         shop.query("T-00001");
         shop.paid("T-00002", true);
         shop.query_v3("T-00002");
         shop.paid("T-00003");
         shop.sandbox.v2("/pay/orderquery",
                         {{"transaction_id", shop.query("T-00003")["transaction_id"]}});
     }},
    {"CallbackLostAndCameAgain", "",
     [](Shop& shop) {
         shop.fault_once("notify", {{"lose", true}});
         shop.paid("T-00001");
         shop.sandbox.advance(15s);
     }},
    // flow/refund-number-changed
    {"V2RefundUnderAnotherNumber", "flow/refund-number-changed",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.fault_once("api", {{"err_code", "SYSTEMERROR"}});
         shop.refund("T-00001", "R1");
         shop.refund("T-00001", "R2");
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    {"V3RefundUnderAnotherNumber", "flow/refund-number-changed",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         shop.fault_once("api", {{"drop", "before"}});
         shop.refund_v3("T-00001", "R1");
         shop.refund_v3("T-00001", "R2");
         shop.v3.get(std::string(kV3Refunds) + "/R2");
     }},
    {"V2RefundByTransactionUnderAnotherNumber", "flow/refund-number-changed",
     [](Shop& shop) {
         shop.paid("T-00001");
         const std::string id = shop.query("T-00001")["transaction_id"];
         shop.fault_once("api", {{"drop", "after"}});
         shop.refund("T-00001", "R1", {{"out_trade_no", "-"}, {"transaction_id", id}});
         shop.refund("T-00001", "R2", {{"out_trade_no", "-"}, {"transaction_id", id}});
         shop.sandbox.v2("/pay/refundquery", {{"out_refund_no", "R2"}});
     }},
    {"V2RefundAgainUnderItsNumber", "",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.fault_once("api", {{"err_code", "SYSTEMERROR"}});
         shop.refund("T-00001", "R1");
         shop.refund("T-00001", "R1");
         shop.refund("T-00001", "R2");
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    {"V3RefundAskedForFirst", "",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         shop.fault_once("api", {{"drop", "before"}});
         shop.refund_v3("T-00001", "R1");
         shop.v3.get(std::string(kV3Refunds) + "/R1");  // there is none
         shop.refund_v3("T-00001", "R2");
         shop.v3.get(std::string(kV3Refunds) + "/R2");
     }},
    {"TwoRefunds", "",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.refund("T-00001", "R1");
         shop.refund("T-00001", "R2");
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    {"AnotherSumUnderAnotherNumber", "",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.fault_once("api", {{"err_code", "SYSTEMERROR"}});
         shop.refund("T-00001", "R1");
         shop.refund("T-00001", "R2", {{"refund_fee", "9"}});
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    // flow/refund-not-confirmed
    {"V2RefundNobodyAskedFor", "flow/refund-not-confirmed",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.refund("T-00001", "R1");
     }},
    {"V3RefundNobodyAskedFor", "flow/refund-not-confirmed",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         shop.refund_v3("T-00001", "R1");
     }},
    {"RefundHeardOf", "",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.refund("T-00001", "R1", {{"notify_url", "http://127.0.0.1:9190/refund"}});
         shop.sandbox.run_due();
     }},
    // notify/…
    {"GivenUp", "notify/undelivered",
     [](Shop& shop) {
         shop.answers(RecordingSender::unreachable());
         shop.paid("T-00001");
         shop.query("T-00001");
         shop.sandbox.advance(25h);
     }},
    {"V3GivenUp", "notify/undelivered",
     [](Shop& shop) {
         shop.answers(RecordingSender::unreachable());
         shop.paid("T-00001", true);
         shop.query_v3("T-00001");
         shop.sandbox.advance(25h);
     }},
    {"AllLostByAFault", "",
     [](Shop& shop) {
         shop.fault({{"on", "notify"}, {"do", {{"lose", true}}}});
         shop.paid("T-00001");
         shop.query("T-00001");
         shop.sandbox.advance(25h);
     }},
    {"NobodyListensYet", "notify/pending",
     [](Shop& shop) {
         shop.answers(RecordingSender::unreachable());
         shop.paid("T-00001");
         shop.query("T-00001");
     }},
    {"ListensOnTheSecondTry", "",
     [](Shop& shop) {
         shop.answers_once(RecordingSender::unreachable());
         shop.paid("T-00001");
         shop.sandbox.advance(15s);
     }},
    {"V2NoAnswerInTime", "notify/timeout",
     [](Shop& shop) {
         shop.answers_once(after(RecordingSender::timed_out(), 5000ms));
         shop.paid("T-00001");
         shop.sandbox.advance(15s);
     }},
    {"V3NoAnswerInTime", "notify/timeout",
     [](Shop& shop) {
         shop.answers_once(after(RecordingSender::timed_out(), 5001ms));
         shop.paid("T-00001", true);
         shop.sandbox.advance(15s);
     }},
    {"CutShortByAMovedClock", "",
     [](Shop& shop) {
         shop.answers_once(after(RecordingSender::timed_out(), 700ms));
         shop.paid("T-00001");
         shop.sandbox.advance(15s);
     }},
    {"V2JustInTime", "notify/slow",
     [](Shop& shop) {
         shop.answers_once(after(RecordingSender::success(), 4600ms));
         shop.paid("T-00001");
     }},
    {"V3JustInTime", "notify/slow",
     [](Shop& shop) {
         shop.answers_once(after(RecordingSender::success(), 4000ms));
         shop.paid("T-00001", true);
     }},
    {"QuickEnough", "",
     [](Shop& shop) {
         shop.answers_once(after(RecordingSender::success(), 3999ms));
         shop.paid("T-00001");
     }},
    {"V2PlainSuccess", "notify/bad-answer",
     [](Shop& shop) {
         shop.answers_once(RecordingSender::answered(200, "success"));
         shop.paid("T-00001");
         shop.sandbox.advance(15s);
     }},
    {"V3Redirect", "notify/bad-answer",
     [](Shop& shop) {
         shop.answers_once(RecordingSender::answered(302, ""));
         shop.paid("T-00001", true);
         shop.sandbox.advance(15s);
     }},
    {"V2SaysFail", "notify/refused",
     [](Shop& shop) {
         shop.answers_once(RecordingSender::answered(
             200, "<xml><return_code>FAIL</return_code><return_msg>no</return_msg></xml>"));
         shop.paid("T-00001");
         shop.sandbox.advance(15s);
     }},
    {"V2Answers500", "notify/refused",
     [](Shop& shop) {
         shop.answers_once(RecordingSender::answered(500, ""));
         shop.paid("T-00001");
         shop.sandbox.advance(15s);
     }},
    {"V3Answers500", "notify/refused",
     [](Shop& shop) {
         shop.answers_once(RecordingSender::answered(500, ""));
         shop.paid("T-00001", true);
         shop.sandbox.advance(15s);
     }},
    {"ForgedAndRefused", "",
     [](Shop& shop) {
         shop.fault_once("notify", {{"corrupt_sign", true}});
         shop.answers_once(RecordingSender::answered(401, ""));
         shop.paid("T-00001");
         shop.sandbox.advance(15s);
         shop.fault_once("notify", {{"forge", {{"attach", "x"}}}});
         shop.answers_once(RecordingSender::answered(401, ""));
         shop.paid("T-00002", true);
         shop.sandbox.advance(15s);
     }},
    {"V2ForgedAndAccepted", "notify/forged-accepted",
     [](Shop& shop) {
         shop.fault_once("notify", {{"corrupt_sign", true}});
         shop.paid("T-00001");
     }},
    {"V3ForgedAndAccepted", "notify/forged-accepted",
     [](Shop& shop) {
         shop.fault_once("notify", {{"corrupt_sign", true}});
         shop.paid("T-00001", true);
     }},
    {"V2AnotherAmountAccepted", "notify/amount-not-compared",
     [](Shop& shop) {
         shop.fault_once("notify", {{"tamper", {{"total_fee", "1"}}}});
         shop.paid("T-00001");
     }},
    {"V3AnotherAmountAccepted", "notify/amount-not-compared",
     [](Shop& shop) {
         shop.fault_once("notify", {{"tamper", {{"amount.total", 1}}}});
         shop.paid("T-00001", true);
     }},
    {"AnotherAttachAccepted", "",
     [](Shop& shop) {
         shop.fault_once("notify", {{"tamper", {{"attach", "x"}}}});
         shop.paid("T-00001");
     }},
    {"V2RepeatRefused", "notify/repeat-refused",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.answers(RecordingSender::answered(500, ""));
         shop.sandbox.control(
             "POST", "/_sandbox/v1/notifications/" +
                         shop.sandbox.only_notification()["id"].get<std::string>() + "/resend");
     }},
    {"V3RepeatRefused", "notify/repeat-refused",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         shop.answers(RecordingSender::answered(500, ""));
         shop.sandbox.control(
             "POST", "/_sandbox/v1/notifications/" +
                         shop.sandbox.only_notification()["id"].get<std::string>() + "/resend");
     }},
    {"RepeatsAccepted", "",
     [](Shop& shop) {
         shop.fault({{"on", "notify"}, {"do", {{"duplicate", 2}}}});
         shop.paid("T-00001");
         shop.paid("T-00002", true);
     }},
    {"ProbeAccepted", "notify/probe-accepted",
     [](Shop& shop) {
         shop.sandbox.control("POST", "/_sandbox/v1/platform", {{"probe_share", 100}});
         shop.paid("T-00001", true);
         shop.sandbox.run_due();
     }},
    {"ProbeRefused", "",
     [](Shop& shop) {
         shop.sandbox.control("POST", "/_sandbox/v1/platform", {{"probe_share", 100}});
         shop.answers_once(RecordingSender::answered(401, ""));
         shop.paid("T-00001", true);
         shop.sandbox.run_due();
     }},
    // bill/too-early
    {"V2BillTooEarly", "bill/too-early",
     [](Shop& shop) {
         shop.sandbox.advance(21h + 30min);  // 09:30 of the next day
         shop.sandbox.post(
             "/pay/downloadbill",
             AppHarness::xml(AppHarness::sign({{"bill_date", "20240601"}, {"bill_type", "ALL"}})));
     }},
    // run/no-traffic
    {"NothingAtAll", "run/no-traffic", [](Shop&) {}},
};

class Verdict : public testing::TestWithParam<Story> {};

TEST_P(Verdict, FindsThatAndNothingElse) {
    Shop shop;
    const Story& story = GetParam();
    story.happens(shop);
    // Whatever else a story is about, there was some traffic.
    const Report report = shop.report();
    std::set<std::string> wanted;
    if (story.rule[0] != '\0') wanted.insert(story.rule);
    EXPECT_EQ(rules_in(report), wanted) << sandbox::report_text(report, false);
    for (const Finding& finding : report.findings) {
        EXPECT_FALSE(finding.text.empty());
        EXPECT_EQ(finding.text.find('\n'), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(Stories, Verdict, testing::ValuesIn(kStories),
                         [](const auto& story) { return std::string(story.param.name); });

TEST(VerdictRules, EachHasAnIdASourceAndAStory) {
    std::set<std::string> told;
    for (const Story& story : kStories) told.insert(story.rule);
    std::set<std::string_view> ids;
    for (const auto& rule : sandbox::verdict_rules()) {
        EXPECT_THAT(std::string(rule.id), testing::MatchesRegex("[a-z]+/[a-z]+[a-z-]*[a-z]"));
        EXPECT_TRUE(ids.insert(rule.id).second) << rule.id << " twice";
        EXPECT_FALSE(rule.meaning.empty()) << rule.id;
        const bool is_official = rule.source.starts_with("A: ") || rule.source.starts_with("B: ");
        EXPECT_TRUE(is_official || rule.source.starts_with("R: ")) << rule.id;
        if (rule.severity == sandbox::Severity::error) {
            EXPECT_TRUE(rule.source.starts_with("A: ")) << rule.id << ": an error needs a source";
        }
        EXPECT_TRUE(rule.judge != nullptr || rule.judge_run != nullptr) << rule.id;
        EXPECT_TRUE(told.contains(std::string(rule.id))) << rule.id << " has no story";
    }
}

TEST(VerdictRules, CleanFlowsGiveNoFinding) {
    Shop shop;
    shop.paid("T-00001");
    shop.query("T-00001");
    shop.refund("T-00001", "R1", {{"notify_url", "http://127.0.0.1:9190/refund"}});
    shop.sandbox.run_due();
    shop.sandbox.v2("/pay/refundquery", {{"out_refund_no", "R1"}});
    shop.order("T-00002");
    shop.sandbox.v2("/pay/closeorder", {{"out_trade_no", "T-00002"}});
    shop.sandbox.sender.answer = [](const auto&) {
        return RecordingSender::answered(200, kGoodV3Answer);
    };
    shop.paid("T-00003", true);
    shop.query_v3("T-00003");
    shop.refund_v3("T-00003", "R3");
    shop.v3.get(std::string(kV3Refunds) + "/R3");
    shop.order_v3("T-00004");
    shop.v3.post("/v3/pay/transactions/out-trade-no/T-00004/close", {{"mchid", "1900000109"}});
    shop.micropay("T-00005", "134567890123450000");
    const Report report = shop.report();
    EXPECT_THAT(report.findings, IsEmpty()) << sandbox::report_text(report, false);
    EXPECT_THAT(report.refusals, IsEmpty());
    EXPECT_EQ(report.counts.calls, 13U);
    EXPECT_EQ(report.counts.orders, 5U);
    EXPECT_EQ(report.counts.callbacks, 3U);
    EXPECT_EQ(report.counts.attempts, 3U);
    EXPECT_EQ(report.counts.delivered, 3U);
    EXPECT_FALSE(sandbox::fails(report, sandbox::FailOn::warning));
}

}  // namespace
}  // namespace wxpay::test
