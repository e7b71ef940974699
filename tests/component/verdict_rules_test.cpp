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

#include "core/v2/pay_sign.hpp"
#include "core/v2/sign.hpp"
#include "core/v3/sign.hpp"

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
constexpr const char* kAcceptanceKey = "e25d5f74278fcdadeaa529884523b39f";
constexpr const char* kV3Refunds = "/v3/refund/domestic/refunds";

/// A sandbox and a merchant that does things right, unless a test has it otherwise.
struct Shop {
    AppHarness sandbox;
    V3Caller v3{sandbox};
    bool queries = true;

    Report report() { return sandbox::make_report(sandbox.context); }

    void order(const std::string& number, const Fields& changes = {}) {
        sandbox.v2("/pay/unifiedorder", AppHarness::order(number, changes));
    }
    void order_v3(const std::string& number, const Json& changes = Json::object()) {
        v3.post("/v3/pay/transactions/jsapi", V3Caller::order(number, changes));
    }
    void pay(const std::string& number) {
        // Whichever order a story is about, its shop asks for one now and then.
        if (queries) query("T-OTHER");
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
    void micropay_v3(const std::string& number, const std::string& code) {
        v3.post("/v3/pay/transactions/codepay",
                {{"appid", AppHarness::kAppId},
                 {"mchid", AppHarness::kMchId},
                 {"description", "coffee"},
                 {"out_trade_no", number},
                 {"payer", {{"auth_code", code}}},
                 {"amount", {{"total", 1}, {"currency", "CNY"}}},
                 {"scene_info", {{"store_info", {{"id", "0001"}}}}}});
    }
    void reverse(const std::string& number) {
        sandbox.post("/secapi/pay/reverse",
                     AppHarness::xml(AppHarness::sign({{"out_trade_no", number}})));
    }
    /// A code payment that is never answered and fails.
    void play_acceptance_case_32() {
        http::Request request;
        request.method = "POST";
        request.path = "/sandboxnew/pay/micropay";
        request.body = AppHarness::xml(AppHarness::sign({{"body", "b"},
                                                         {"out_trade_no", "T-00001"},
                                                         {"total_fee", "32"},
                                                         {"spbill_create_ip", "127.0.0.1"},
                                                         {"auth_code", "134579720130501234"}},
                                                        kAcceptanceKey));
        EXPECT_TRUE(std::holds_alternative<http::Later>(sandbox.app.handle(request)));
    }
    void query_lost(const char* path, const Fields& fields) {
        lose(path);
        sandbox.post(path, AppHarness::xml(AppHarness::sign(fields)));
    }
    /// The next call of this path is answered by a gateway.
    void lose(const char* path) {
        fault({{"on", "api"}, {"endpoint", path}, {"times", 1}, {"do", {{"http_status", 502}}}});
    }
    /// Posts these fields, signed as they are: calls that have no appid, or another name for it.
    void post_signed(const char* path, Fields fields) {
        std::vector<FieldView> views;
        for (const auto& [name, value] : fields) views.push_back({name, value});
        fields["sign"] = v2::sign(views, Secret(AppHarness::kKey), v2::SignType::md5);
        sandbox.post(path, AppHarness::xml(fields));
    }
    void pull_bill() {
        sandbox.post(
            "/pay/downloadbill",
            AppHarness::xml(AppHarness::sign({{"bill_date", "20240601"}, {"bill_type", "ALL"}})));
    }
    std::string transaction_id(const std::string& number) {
        return sandbox.control("GET", "/_sandbox/v1/orders/1900000109:" + number)
            .body.value("transaction_id", "");
    }

    // Two orders in one: C1 of T-PART-1 and T-PART-2.
    static Json part(const std::string& mchid, const std::string& number) {
        return {{"mchid", mchid},
                {"attach", "a"},
                {"amount", {{"total_amount", 10}, {"currency", "CNY"}}},
                {"out_trade_no", number},
                {"description", "one"}};
    }
    void combine(const Json& changes = Json::object()) {
        Json body{{"combine_appid", AppHarness::kAppId},
                  {"combine_mchid", AppHarness::kMchId},
                  {"combine_out_trade_no", "C1"},
                  {"scene_info", {{"payer_client_ip", "14.17.22.32"}}},
                  {"sub_orders", {part("1900000109", "T-PART-1"), part("1900000110", "T-PART-2")}},
                  {"notify_url", "http://127.0.0.1:9190/wxpay/combine"}};
        body.merge_patch(changes);
        v3.post("/v3/combine-transactions/native", body);
    }
    void close_combined() {
        v3.post("/v3/combine-transactions/out-trade-no/C1/close",
                {{"combine_appid", AppHarness::kAppId},
                 {"sub_orders",
                  {{{"mchid", "1900000109"}, {"out_trade_no", "T-PART-1"}},
                   {{"mchid", "1900000110"}, {"out_trade_no", "T-PART-2"}}}}});
    }
    V3Answer query_combined(const std::string& number) {
        return v3.get("/v3/combine-transactions/out-trade-no/" + number);
    }

    // An order that can be shared, and what is done with it.
    void paid_for_sharing(const std::string& number) {
        order_v3(number, {{"settle_info", {{"profit_sharing", true}}}});
        pay(number);
        sandbox.advance(1min);
        for (const auto& [type, account] : {std::pair("MERCHANT_ID", "1900000110"),
                                            std::pair("PERSONAL_OPENID", AppHarness::kOpenId)}) {
            v3.post("/v3/profitsharing/receivers/add", {{"appid", AppHarness::kAppId},
                                                        {"type", type},
                                                        {"account", account},
                                                        {"relation_type", "STORE"}});
        }
    }
    void share(const std::string& number, bool sets_rest_free,
               const std::string& type = "MERCHANT_ID", const std::string& account = "1900000110",
               int amount = 10) {
        v3.post("/v3/profitsharing/orders", {{"appid", AppHarness::kAppId},
                                             {"transaction_id", transaction_id(number)},
                                             {"out_order_no", "S1"},
                                             {"receivers",
                                              {{{"type", type},
                                                {"account", account},
                                                {"amount", amount},
                                                {"description", "share"}}}},
                                             {"unfreeze_unsplit", sets_rest_free}});
        sandbox.run_due();
    }
    void query_share(const std::string& number, const std::string& share_number = "S1") {
        v3.get("/v3/profitsharing/orders/" + share_number +
               "?transaction_id=" + transaction_id(number));
    }
    void unfreeze(const std::string& number) {
        v3.post("/v3/profitsharing/orders/unfreeze", {{"transaction_id", transaction_id(number)},
                                                      {"out_order_no", "U1"},
                                                      {"description", "done"}});
    }

    // What a page hands to wx.requestPayment.
    Json payment(const std::string& package, const std::string& signed_package) {
        v2::JsapiPayment p{AppHarness::kAppId, "1717214400", "nonce", signed_package, "MD5", ""};
        p.pay_sign = v2::pay_sign(p, Secret(AppHarness::kKey), v2::SignType::md5);
        return {{"appId", p.app_id},  {"timeStamp", p.time_stamp}, {"nonceStr", p.nonce_str},
                {"package", package}, {"signType", p.sign_type},   {"paySign", p.pay_sign}};
    }
    Json payment_v3(const std::string& package, const std::string& signed_package) {
        const std::string text =
            v3::pay_string(AppHarness::kAppId, "1717214400", "nonce", signed_package);
        return {{"appId", AppHarness::kAppId}, {"timeStamp", "1717214400"},
                {"nonceStr", "nonce"},         {"package", package},
                {"signType", "RSA"},           {"paySign", v3.key.sign_sha256(text)}};
    }
    int invoke(const Json& payment) {
        return sandbox.control("POST", "/_sandbox/v1/cashier", payment).status;
    }
    std::string prepaid(const std::string& number) {
        return sandbox.v2("/pay/unifiedorder", AppHarness::order(number))["prepay_id"];
    }
    std::string prepaid_v3(const std::string& number) {
        return v3.post("/v3/pay/transactions/jsapi", V3Caller::order(number)).body["prepay_id"];
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
    // pay/…
    {"V2PackageIsTheBarePrepayId", "pay/package-prefix",
     [](Shop& shop) {
         const std::string id = shop.prepaid("T-00001");
         EXPECT_EQ(shop.invoke(shop.payment(id, id)), 400);
     }},
    {"PackageIsSomethingElse", "pay/package-prefix",
     [](Shop& shop) {
         shop.prepaid("T-00001");
         EXPECT_EQ(shop.invoke(shop.payment("Sign=WXPay", "Sign=WXPay")), 400);
     }},
    {"V2PackageIsSignedWithoutPrefix", "pay/package-prefix",
     [](Shop& shop) {
         const std::string id = shop.prepaid("T-00001");
         EXPECT_EQ(shop.invoke(shop.payment("prepay_id=" + id, id)), 400);
     }},
    {"V3PackageIsSignedAsAppsDo", "pay/package-prefix",
     [](Shop& shop) {
         const std::string id = shop.prepaid_v3("T-00001");
         EXPECT_EQ(shop.invoke(shop.payment_v3("prepay_id=" + id, id)), 400);
     }},
    {"V2PaySignOfSomethingElse", "pay/sign-refused",
     [](Shop& shop) {
         const std::string id = shop.prepaid("T-00001");
         EXPECT_EQ(shop.invoke(shop.payment("prepay_id=" + id, "else")), 400);
     }},
    {"V3PaySignWithTheKeyOfAnother", "pay/sign-refused",
     [](Shop& shop) {
         const std::string package = "prepay_id=" + shop.prepaid_v3("T-00001");
         Json payment = shop.payment_v3(package, package);
         payment["paySign"] = V3Caller(shop.sandbox, "1900000111")
                                  .key.sign_sha256(v3::pay_string(AppHarness::kAppId, "1717214400",
                                                                  "nonce", package));
         EXPECT_EQ(shop.invoke(payment), 400);
     }},
    {"V2PrepayIdRunsOut", "pay/prepay-expired",
     [](Shop& shop) {
         Fields order = AppHarness::order("T-00001", {{"time_expire", "20240602120000"}});
         const std::string package =
             "prepay_id=" + shop.sandbox.v2("/pay/unifiedorder", order)["prepay_id"];
         shop.sandbox.advance(2h);
         EXPECT_EQ(shop.invoke(shop.payment(package, package)), 400);
     }},
    {"V3PrepayIdRunsOut", "pay/prepay-expired",
     [](Shop& shop) {
         const Json order =
             V3Caller::order("T-00001", {{"time_expire", "2024-06-02T12:00:00+08:00"}});
         const std::string package =
             "prepay_id=" +
             shop.v3.post("/v3/pay/transactions/jsapi", order).body["prepay_id"].get<std::string>();
         shop.sandbox.advance(2h);
         EXPECT_EQ(shop.invoke(shop.payment_v3(package, package)), 400);
     }},
    {"PrepayIdRunsOutAndItIsOrderedAgain", "",
     [](Shop& shop) {
         std::string package = "prepay_id=" + shop.prepaid("T-00001");
         shop.sandbox.advance(2h);
         EXPECT_EQ(shop.invoke(shop.payment(package, package)), 400);
         package = "prepay_id=" + shop.prepaid("T-00001");
         EXPECT_EQ(shop.invoke(shop.payment(package, package)), 200);
     }},
    {"PageCallsTheCashierRightly", "",
     [](Shop& shop) {
         std::string package = "prepay_id=" + shop.prepaid("T-00001");
         EXPECT_EQ(shop.invoke(shop.payment(package, package)), 200);
         package = "prepay_id=" + shop.prepaid_v3("T-00002");
         EXPECT_EQ(shop.invoke(shop.payment_v3(package, package)), 200);
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
         shop.lose("/pay/unifiedorder");
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
         shop.lose("/pay/unifiedorder");
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
    {"V2OrderedAgainAfterAQueryThatWasLost", "flow/query-before-retry",
     [](Shop& shop) {
         shop.lose("/pay/unifiedorder");
         shop.sandbox.post("/pay/unifiedorder",
                           AppHarness::xml(AppHarness::sign(AppHarness::order("T-00001"))));
         shop.query_lost("/pay/orderquery", {{"out_trade_no", "T-00001"}});
         shop.order("T-00001");
     }},
    {"V3OrderedAgainAfterAQueryThatWasLost", "flow/query-before-retry",
     [](Shop& shop) {
         shop.fault({{"on", "api"}, {"times", 2}, {"do", {{"drop", "after"}}}});
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
    {"AskedOnceWhileThePasswordIsTyped", "flow/code-payment-left-open",
     [](Shop& shop) {
         shop.micropay("T-00001", "134567890123459001");
         shop.query("T-00001");
         shop.sandbox.advance(20s);
     }},
    {"V3AskedOnceWhileThePasswordIsTyped", "flow/code-payment-left-open",
     [](Shop& shop) {
         shop.micropay_v3("T-00001", "134567890123459001");
         shop.query_v3("T-00001");
         shop.sandbox.advance(20s);
     }},
    {"V3PasswordIsPolledFor", "",
     [](Shop& shop) {
         shop.micropay_v3("T-00001", "134567890123459001");
         shop.query_v3("T-00001");
         shop.sandbox.advance(20s);
         shop.query_v3("T-00001");
     }},
    {"PasswordIsWaitedForByCallingAgain", "",
     [](Shop& shop) {
         shop.micropay("T-00001", "134567890123459001");
         shop.sandbox.advance(20s);
         shop.micropay("T-00001", "134567890123459001");
     }},
    {"PasswordTakesTooLongAndItIsReversed", "",
     [](Shop& shop) {
         shop.micropay("T-00001", "134567890123459001");
         shop.query("T-00001");
         shop.reverse("T-00001");
     }},
    {"ReversalWasLost", "flow/code-payment-left-open",
     [](Shop& shop) {
         shop.micropay("T-00001", "134567890123459001");
         shop.query_lost("/secapi/pay/reverse", {{"out_trade_no", "T-00001"}});
     }},
    {"QueryOfACodePaymentWasLost", "flow/code-payment-left-open",
     [](Shop& shop) {
         shop.micropay("T-00001", "134567890123459005");
         shop.query_lost("/pay/orderquery", {{"out_trade_no", "T-00001"}});
     }},
    {"UserGivesUpAndNobodyReverses", "flow/code-payment-left-open",
     [](Shop& shop) {
         shop.micropay("T-00001", "134567890123459002");
         shop.sandbox.advance(20s);
         shop.query("T-00001");
     }},
    {"UserGivesUpAndItIsReversed", "",
     [](Shop& shop) {
         shop.micropay("T-00001", "134567890123459002");
         shop.sandbox.advance(20s);
         shop.query("T-00001");
         shop.reverse("T-00001");
     }},
    {"CodePaymentRefundedInsteadOfReversed", "flow/code-payment-left-open",
     [](Shop& shop) {
         shop.micropay("T-00001", "134567890123459005");
         shop.refund("T-00001", "R1", {{"total_fee", "1"}, {"refund_fee", "1"}});
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    {"AcceptanceCaseIsNotAskedFor", "flow/code-payment-left-open",
     [](Shop& shop) { shop.play_acceptance_case_32(); }},
    {"AcceptanceCaseEndsWithAQuery", "",
     [](Shop& shop) {
         shop.play_acceptance_case_32();
         const auto asked = shop.sandbox.post(
             "/sandboxnew/pay/orderquery",
             AppHarness::xml(AppHarness::sign({{"out_trade_no", "T-00001"}}, kAcceptanceKey)));
         EXPECT_THAT(asked.body, HasSubstr("PAYERROR"));
     }},
    {"CodePaymentThatNeverCameToBe", "",
     [](Shop& shop) {
         shop.fault_once("api", {{"drop", "before"}});
         shop.micropay_v3("T-00001", "134567890123450000");
         shop.query_v3("T-00001");
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
    {"V2NumberForAnotherRefund", "flow/number-reused",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.refund("T-00001", "R1");
         shop.refund("T-00001", "R1", {{"refund_fee", "9"}});
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    {"V3NumberForAnotherRefund", "flow/number-reused",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         shop.refund_v3("T-00001", "R1");
         shop.refund_v3("T-00001", "R1", 9);
         shop.v3.get(std::string(kV3Refunds) + "/R1");
     }},
    {"RefundWithAnotherTotalIsNoReuse", "",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.refund("T-00001", "R1", {{"total_fee", "999"}});
     }},
    {"NumberForAnotherTransfer", "flow/number-reused",
     [](Shop& shop) {
         Fields transfer{{"mch_appid", AppHarness::kAppId}, {"mchid", AppHarness::kMchId},
                         {"nonce_str", "n"},                {"partner_trade_no", "P1"},
                         {"openid", AppHarness::kOpenId},   {"check_name", "NO_CHECK"},
                         {"amount", "100"},                 {"desc", "thanks"},
                         {"spbill_create_ip", "10.2.3.10"}};
         shop.post_signed("/mmpaymkttransfers/promotion/transfers", transfer);
         transfer["amount"] = "200";
         shop.post_signed("/mmpaymkttransfers/promotion/transfers", transfer);
     }},
    {"NumberForAnotherRedPacket", "flow/number-reused",
     [](Shop& shop) {
         Fields packet{{"nonce_str", "n"},
                       {"mch_billno", "1900000109202406010000000001"},
                       {"mch_id", AppHarness::kMchId},
                       {"wxappid", AppHarness::kAppId},
                       {"send_name", "shop"},
                       {"re_openid", AppHarness::kOpenId},
                       {"total_amount", "100"},
                       {"total_num", "1"},
                       {"wishing", "luck"},
                       {"client_ip", "192.168.0.1"},
                       {"act_name", "new year"},
                       {"remark", "new year"}};
         shop.post_signed("/mmpaymkttransfers/sendredpack", packet);
         packet["total_amount"] = "200";
         shop.post_signed("/mmpaymkttransfers/sendredpack", packet);
     }},
    {"V3NumberForAnotherTransfer", "flow/number-reused",
     [](Shop& shop) {
         Json bill{{"appid", AppHarness::kAppId},
                   {"out_bill_no", "B1"},
                   {"transfer_scene_id", "1000"},
                   {"openid", AppHarness::kOpenId},
                   {"transfer_amount", 100},
                   {"transfer_remark", "demo"},
                   {"transfer_scene_report_infos",
                    {{{"info_type", "活动名称"}, {"info_content", "a"}},
                     {{"info_type", "奖励说明"}, {"info_content", "b"}}}}};
         shop.v3.post("/v3/fund-app/mch-transfer/transfer-bills", bill);
         bill["transfer_amount"] = 200;
         shop.v3.post("/v3/fund-app/mch-transfer/transfer-bills", bill);
     }},
    {"NumberForACombinedOrderSharedOtherwise", "flow/number-reused",
     [](Shop& shop) {
         shop.combine();
         Json parts{Shop::part("1900000109", "T-PART-1"), Shop::part("1900000110", "T-PART-2")};
         parts[0]["settle_info"] = {{"profit_sharing", true}};
         shop.combine({{"sub_orders", parts}});
     }},
    {"NumberForOtherReceivers", "flow/number-reused",
     [](Shop& shop) {
         shop.paid_for_sharing("T-00001");
         shop.share("T-00001", true);
         shop.share("T-00001", true, "MERCHANT_ID", "1900000110", 20);
         shop.query_share("T-00001");
     }},
    {"SameOrderAgain", "",
     [](Shop& shop) {
         shop.order("T-00001");
         shop.order("T-00001");
         shop.order_v3("T-00002");
         shop.order_v3("T-00002");
     }},
    // flow/combine-calls-mixed
    {"PartOfACombinedOrderQueried", "flow/combine-calls-mixed",
     [](Shop& shop) {
         shop.combine();
         shop.query_v3("T-PART-1");
     }},
    {"PartOfACombinedOrderQueriedByTransaction", "flow/combine-calls-mixed",
     [](Shop& shop) {
         shop.combine();
         shop.pay("C1");
         shop.sandbox.run_due();
         shop.v3.get("/v3/pay/transactions/id/" + shop.transaction_id("T-PART-1") +
                     "?mchid=1900000109");
     }},
    {"PartOfACombinedOrderClosed", "flow/combine-calls-mixed",
     [](Shop& shop) {
         shop.combine();
         shop.v3.post("/v3/pay/transactions/out-trade-no/T-PART-1/close",
                      {{"mchid", AppHarness::kMchId}});
     }},
    {"PlainOrderQueriedAsACombinedOne", "flow/combine-calls-mixed",
     [](Shop& shop) {
         shop.order_v3("T-00001");
         shop.query_combined("T-00001");
     }},
    {"CombinedOrderUnderTheNumberOfAPart", "",
     [](Shop& shop) {
         shop.combine({{"combine_out_trade_no", "T-PART-1"}});
         shop.query_combined("T-PART-1");
         shop.pay("T-PART-1");
         shop.sandbox.run_due();
     }},
    {"CombinedOrderUnderTheNumberOfAnother", "",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         shop.combine({{"combine_out_trade_no", "T-00001"}});
         shop.query_combined("T-00001");
     }},
    {"CombinedOrderWithItsOwnCalls", "",
     [](Shop& shop) {
         shop.combine();
         shop.query_combined("C1");
         shop.pay("C1");
         shop.sandbox.run_due();
         shop.refund_v3("T-PART-1", "R0", 1);  // the order's total is another
         shop.v3.post(kV3Refunds, {{"transaction_id", shop.transaction_id("T-PART-1")},
                                   {"out_refund_no", "R1"},
                                   {"amount", {{"refund", 1}, {"total", 10}, {"currency", "CNY"}}}});
         shop.v3.get(std::string(kV3Refunds) + "/R1");
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
    {"CombinedOrderLeftUnpaid", "flow/order-left-unpaid",
     [](Shop& shop) {
         shop.combine();
         shop.sandbox.advance(2h);
     }},
    {"CombinedOrderClosedInTime", "",
     [](Shop& shop) {
         shop.combine();
         shop.close_combined();
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
    {"CallbackOfACombinedOrderLostAndNobodyAsked", "flow/payment-not-noticed",
     [](Shop& shop) {
         shop.combine();
         shop.fault_once("notify", {{"lose", true}});
         shop.pay("C1");
         shop.sandbox.run_due();
     }},
    {"CallbackLostOfACombinedOrderUnderTheNumberOfAPart", "flow/payment-not-noticed",
     [](Shop& shop) {
         shop.combine({{"combine_out_trade_no", "T-PART-1"}});
         shop.fault_once("notify", {{"lose", true}});
         shop.pay("T-PART-1");
         shop.sandbox.run_due();
     }},
    {"CallbackOfACombinedOrderLostAndQueried", "",
     [](Shop& shop) {
         shop.combine();
         shop.fault_once("notify", {{"lose", true}});
         shop.pay("C1");
         shop.sandbox.run_due();
         shop.query_combined("C1");
     }},
    {"QueriedBeforeItWasPaidOnly", "flow/payment-not-noticed",
     [](Shop& shop) {
         shop.order("T-00001");
         shop.query("T-00001");
         shop.fault_once("notify", {{"lose", true}});
         shop.pay("T-00001");
         shop.sandbox.run_due();
     }},
    // flow/never-queried
    {"CallbacksAreAllThatItKnows", "flow/never-queried",
     [](Shop& shop) {
         shop.queries = false;
         shop.paid("T-00001");
         shop.paid("T-00002", true);
     }},
    {"OneOfItsOrdersIsQueried", "",
     [](Shop& shop) {
         shop.queries = false;
         shop.paid("T-00001");
         shop.paid("T-00002", true);
         shop.query_v3("T-00002");
     }},
    {"CodePaymentsAreToldByTheirAnswer", "",
     [](Shop& shop) { shop.micropay("T-00001", "134567890123450000"); }},
    // flow/refund-number-reused
    {"V2RefundUnderAnotherNumber", "flow/refund-number-reused",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.fault_once("api", {{"err_code", "SYSTEMERROR"}});
         shop.refund("T-00001", "R1");
         shop.refund("T-00001", "R2");
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    {"V3RefundUnderAnotherNumber", "flow/refund-number-reused",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         shop.fault_once("api", {{"drop", "before"}});
         shop.refund_v3("T-00001", "R1");
         shop.refund_v3("T-00001", "R2");
         shop.v3.get(std::string(kV3Refunds) + "/R2");
     }},
    {"V2RefundUnderAnotherNumberAfterAQueryThatWasLost", "flow/refund-number-reused",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.fault_once("api", {{"err_code", "SYSTEMERROR"}});
         shop.refund("T-00001", "R1");
         shop.query_lost("/pay/refundquery", {{"out_refund_no", "R1"}});
         shop.refund("T-00001", "R2");
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    {"V3RefundUnderAnotherNumberAfterAQueryThatWasLost", "flow/refund-number-reused",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         shop.fault({{"on", "api"}, {"times", 2}, {"do", {{"drop", "before"}}}});
         shop.refund_v3("T-00001", "R1");
         shop.v3.get(std::string(kV3Refunds) + "/R1");
         shop.refund_v3("T-00001", "R2");
         shop.v3.get(std::string(kV3Refunds) + "/R2");
     }},
    {"V2RefundByTransactionUnderAnotherNumber", "flow/refund-number-reused",
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
    // flow/refund-too-often, money/refund-above-total
    {"V2FiftyFirstRefund", "flow/refund-too-often",
     [](Shop& shop) {
         shop.paid("T-00001");
         for (int n = 1; n <= 51; ++n) shop.refund("T-00001", "R" + std::to_string(n));
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    {"V3FiftyFirstRefund", "flow/refund-too-often",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         for (int n = 1; n <= 51; ++n) shop.refund_v3("T-00001", "R" + std::to_string(n));
         shop.v3.get(std::string(kV3Refunds) + "/R50");
     }},
    {"FiftyRefunds", "",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         for (int n = 1; n <= 50; ++n) shop.refund_v3("T-00001", "R" + std::to_string(n));
         shop.v3.get(std::string(kV3Refunds) + "/R50");
     }},
    {"V2RefundsComeToMoreThanTheOrder", "money/refund-above-total",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.refund("T-00001", "R1", {{"refund_fee", "800"}});
         shop.refund("T-00001", "R2", {{"refund_fee", "89"}});
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    {"V2RefundOfWhatIsRefundedWholly", "money/refund-above-total",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.refund("T-00001", "R1", {{"refund_fee", "888"}});
         shop.refund("T-00001", "R2", {{"refund_fee", "1"}});
         shop.sandbox.v2("/pay/refundquery", {{"out_trade_no", "T-00001"}});
     }},
    {"V3RefundsComeToMoreThanTheOrder", "money/refund-above-total",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         shop.refund_v3("T-00001", "R1", 800);
         shop.refund_v3("T-00001", "R2", 89);
         shop.refund_v3("T-00001", "R3", 88);
         shop.refund_v3("T-00001", "R4", 1);
         shop.v3.get(std::string(kV3Refunds) + "/R3");
     }},
    // flow/refund-before-return, flow/sharing-…
    {"SharedMoneyIsRefunded", "flow/refund-before-return",
     [](Shop& shop) {
         shop.paid_for_sharing("T-00001");
         shop.share("T-00001", true);
         shop.query_share("T-00001");
         shop.refund_v3("T-00001", "R1");
         shop.v3.get(std::string(kV3Refunds) + "/R1");
     }},
    {"SharedMoneyIsReturnedFirst", "",
     [](Shop& shop) {
         shop.paid_for_sharing("T-00001");
         shop.share("T-00001", true);
         shop.query_share("T-00001");
         shop.v3.post("/v3/profitsharing/return-orders", {{"out_order_no", "S1"},
                                                          {"out_return_no", "B1"},
                                                          {"return_mchid", "1900000110"},
                                                          {"amount", 10},
                                                          {"description", "back"}});
         shop.refund_v3("T-00001", "R1");
         shop.v3.get(std::string(kV3Refunds) + "/R1");
     }},
    {"SharedWithAUserWhoGivesNothingBack", "",
     [](Shop& shop) {
         shop.paid_for_sharing("T-00001");
         shop.share("T-00001", true, "PERSONAL_OPENID", AppHarness::kOpenId);
         shop.query_share("T-00001");
         shop.refund_v3("T-00001", "R1");
         shop.v3.get(std::string(kV3Refunds) + "/R1");
     }},
    {"SharedAndNobodyAsked", "flow/sharing-not-queried",
     [](Shop& shop) {
         shop.paid_for_sharing("T-00001");
         shop.share("T-00001", true);
     }},
    {"SharedAndAskedForAnother", "flow/sharing-not-queried",
     [](Shop& shop) {
         shop.paid_for_sharing("T-00001");
         shop.share("T-00001", true);
         shop.query_share("T-00001", "S2");
     }},
    {"SharedAndTheRestIsLeft", "flow/sharing-rest-frozen",
     [](Shop& shop) {
         shop.paid_for_sharing("T-00001");
         shop.share("T-00001", false);
         shop.query_share("T-00001");
     }},
    {"SharedAndTheRestIsSetFree", "",
     [](Shop& shop) {
         shop.paid_for_sharing("T-00001");
         shop.share("T-00001", false);
         shop.query_share("T-00001");
         shop.unfreeze("T-00001");
     }},
    {"NeverSharedNorSetFree", "flow/sharing-rest-frozen",
     [](Shop& shop) {
         shop.paid_for_sharing("T-00001");
         shop.sandbox.advance(24h * 30);
         shop.pull_bill();
     }},
    {"NeverSharedAndSetFree", "",
     [](Shop& shop) {
         shop.paid_for_sharing("T-00001");
         shop.unfreeze("T-00001");
         shop.sandbox.advance(24h * 30);
         shop.pull_bill();
     }},
    {"NotSharedYet", "", [](Shop& shop) { shop.paid_for_sharing("T-00001"); }},
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
         shop.pull_bill();
     }},
    {"V3GivenUp", "notify/undelivered",
     [](Shop& shop) {
         shop.answers(RecordingSender::unreachable());
         shop.paid("T-00001", true);
         shop.query_v3("T-00001");
         shop.sandbox.advance(25h);
         shop.pull_bill();
     }},
    {"AllLostByAFault", "",
     [](Shop& shop) {
         shop.fault({{"on", "notify"}, {"do", {{"lose", true}}}});
         shop.paid("T-00001");
         shop.query("T-00001");
         shop.sandbox.advance(25h);
         shop.pull_bill();
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
    // bill/…
    {"V2BillTooEarly", "bill/too-early",
     [](Shop& shop) {
         shop.sandbox.advance(21h + 30min);  // 09:30 of the next day
         shop.pull_bill();
     }},
    {"NobodyPullsTheBill", "bill/never-pulled",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.sandbox.advance(22h);  // 10:00 of the next day
     }},
    {"BillIsNotThereYet", "",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.sandbox.advance(22h - 1s);
     }},
    {"V2BillIsPulled", "",
     [](Shop& shop) {
         shop.paid("T-00001");
         shop.sandbox.advance(22h);
         shop.pull_bill();
     }},
    {"V3BillIsPulled", "",
     [](Shop& shop) {
         shop.paid("T-00001", true);
         shop.sandbox.advance(22h);
         shop.v3.get("/v3/bill/tradebill?bill_date=2024-06-01");
     }},
    {"NothingWasPaidSoNoBillIsMissed", "",
     [](Shop& shop) {
         shop.order("T-00001");
         shop.sandbox.v2("/pay/closeorder", {{"out_trade_no", "T-00001"}});
         shop.sandbox.advance(48h);
     }},
    // run/no-traffic
    {"NothingAtAll", "run/no-traffic", [](Shop&) {}},
};

class Verdict : public testing::TestWithParam<Story> {};

TEST_P(Verdict, FindsThatAndNothingElse) {
    Shop shop;
    const Story& story = GetParam();
    story.happens(shop);
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
    shop.queries = false;
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
