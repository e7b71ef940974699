// The mistakes that merchants make, one by one: what the sandbox calls each of them.
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "core/codec/hex.hpp"
#include "core/crypto/digest.hpp"
#include "core/v2/pay_sign.hpp"

#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

class Diagnosis : public testing::Test {
  protected:
    static bool holds(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }

    /// The newest exchange, whole.
    Json last() {
        const Json rows =
            sandbox.control("GET", "/_sandbox/v1/exchanges?limit=1").body["exchanges"];
        return sandbox.control("GET", "/_sandbox/v1/exchanges/" + rows[0]["id"].get<std::string>())
            .body;
    }

    /// The hint header of the last refusal says `hint`, its exchange too, and explains it at length
    /// with `diagnosis` in it.
    void expect_refusal(const std::string& hint, const std::string& diagnosis) {
        const std::string header = sandbox.hint;
        EXPECT_TRUE(holds(header, hint)) << header;
        Json exchange = last();
        EXPECT_EQ(exchange["verdict"], "refused");
        EXPECT_EQ(exchange["hint"], header);
        EXPECT_TRUE(holds(exchange.value("diagnosis", ""), diagnosis)) << exchange;
        EXPECT_FALSE(holds(exchange.dump(), AppHarness::kKey)) << "the API key leaks";
    }

    void order(const std::string& number, const Fields& changes = {}) {
        ASSERT_EQ(
            sandbox.v2("/pay/unifiedorder", AppHarness::order(number, changes)).at("result_code"),
            "SUCCESS");
    }

    /// Pays an order whose callback the merchant answers so.
    Json callback(const std::string& number, http::Outcome answer, const Fields& changes = {}) {
        sandbox.sender.answer = [answer = std::move(answer)](const auto&) { return answer; };
        order(number, changes);
        sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay");
        sandbox.run_due();
        Json exchange = last();
        EXPECT_EQ(exchange["kind"], "callback");
        return exchange;
    }

    Json only_attempt(const std::string& number) {
        return sandbox.control("GET", "/_sandbox/v1/notifications?out_trade_no=" + number)
            .body["notifications"][0]["attempts"][0];
    }

    AppHarness sandbox;
};

std::string md5_of(const std::string& text) {
    std::string out;
    append_hex(out, md5(text), HexCase::upper);
    return out;
}

// 1
TEST_F(Diagnosis, NamesWhatMadeASignWrong) {
    const std::string before =
        "appid=wx8888888888888888&body=a b&mch_id=1900000109&nonce_str=n&notify_url=";
    const std::string behind = "&out_trade_no=D1&spbill_create_ip=::1&total_fee=1&trade_type=APP";
    const std::string url = "http://a.test/n";
    const std::string end = std::string("&key=") + AppHarness::kKey;
    const std::string right = before + url + behind;
    const std::pair<std::string, const char*> cases[] = {
        {right + "&key=7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c", "API key of merchant 1900000110"},
        {right + "&key=e25d5f74278fcdadeaa529884523b39f", "acceptance sandbox's key"},
        {right + "&key=sandbox-api-v3-key-32-bytes-long", "APIv3 key"},
        {"appid=wx8888888888888888&attach=&body=a b&mch_id=1900000109&nonce_str=n&notify_url=" +
             url + behind + end,
         "empty values were signed"},
        {"appid=wx8888888888888888&body=a%20b&mch_id=1900000109&nonce_str=n&notify_url=http%3A%2F"
         "%2Fa.test%2Fn&out_trade_no=D1&spbill_create_ip=%3A%3A1&total_fee=1&trade_type=APP" +
             end,
         "URL-encoded before signing"},
        {right + AppHarness::kKey, "without '&key='"},
        {before + url +
             "&out_trade_no=D1&sign_type=MD5&spbill_create_ip=::1&total_fee=1&trade_type=APP" + end,
         "'sign_type=MD5' was signed but not sent"},
    };
    const Fields fields{{"appid", AppHarness::kAppId},
                        {"mch_id", AppHarness::kMchId},
                        {"nonce_str", "n"},
                        {"body", "a b"},
                        {"attach", ""},
                        {"notify_url", url},
                        {"out_trade_no", "D1"},
                        {"spbill_create_ip", "::1"},
                        {"total_fee", "1"},
                        {"trade_type", "APP"}};
    for (const auto& [hashed, hint] : cases) {
        Fields sent = fields;
        sent["sign"] = md5_of(hashed);
        EXPECT_EQ(sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(sent))["return_msg"],
                  "签名错误");
        expect_refusal(hint, "Wanted (key masked):\n  " + right + "&key=***");
    }
    Fields good = fields;
    good["sign"] = md5_of(right + end);
    EXPECT_EQ(sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(good))["result_code"], "SUCCESS");
    EXPECT_FALSE(last().contains("diagnosis"));
}

// 1
TEST_F(Diagnosis, SaysThatGbkBytesAreNoMessage) {
    sandbox.post("/pay/unifiedorder", "<xml><body>\xB2\xE8</body></xml>");
    expect_refusal("not UTF-8", "UTF-8");
}

// 2
TEST_F(Diagnosis, NamesAnAppThatIsNotBound) {
    sandbox.v2("/pay/unifiedorder", AppHarness::order("D2", {{"appid", "wx1111111111111111"}}));
    expect_refusal("is not bound to mch_id 1900000109", "产品中心");
}

// 3
TEST_F(Diagnosis, KnowsYuanAndRoundingErrorsInTotalFee) {
    const std::pair<const char*, const char*> cases[] = {
        {"88.8", "in yuan with decimals; wanted is fen: 8880"},
        {"0.01", "in yuan with decimals; wanted is fen: 1"},
        {"8879.999999999999", "rounding error of floating point; wanted is fen: 8880"},
        {"8880.0000000001", "rounding error of floating point; wanted is fen: 8880"},
        {"888.0", "fen are whole numbers, wanted: 888"},
        {"888.", "a whole number of fen"},
        {"8.8e2", "a whole number of fen"},
        {"0", "a whole number of fen"},
        {"99999999999999999999.5", "total_fee has 22 bytes"},
    };
    for (const auto& [fee, hint] : cases) {
        const Fields answer =
            sandbox.v2("/pay/unifiedorder", AppHarness::order("D3", {{"total_fee", fee}}));
        EXPECT_EQ(answer.at("return_msg"), "invalid total_fee");
        expect_refusal(hint, "Amounts are whole numbers of fen");
    }
}

// 4
TEST_F(Diagnosis, NamesWhatARepeatedOrderChanged) {
    order("D4");
    sandbox.v2("/pay/unifiedorder",
               AppHarness::order("D4", {{"body", "tea"}, {"openid", "oSomeoneElse"}}));
    expect_refusal("another openid, body", "must be the same call");
}

// 5
TEST_F(Diagnosis, NamesAMissingOpenid) {
    sandbox.v2("/pay/unifiedorder", AppHarness::order("D5", {{"openid", ""}}));
    expect_refusal("'openid' is missing or empty", "jscode2session");
}

// 6, 7
TEST_F(Diagnosis, NamesTheMistakeInThePagesArguments) {
    const std::string prepay_id =
        sandbox.v2("/pay/unifiedorder", AppHarness::order("D6")).at("prepay_id");
    const std::string app_id = AppHarness::kAppId;
    const std::string end = std::string("&key=") + AppHarness::kKey;
    const Json good{{"appId", app_id},
                    {"timeStamp", "1717214400"},
                    {"nonceStr", "n"},
                    {"package", "prepay_id=" + prepay_id},
                    {"signType", "MD5"}};
    const auto hint = [&](Json arguments, const std::string& signed_text) {
        arguments["paySign"] = md5_of(signed_text);
        const auto answer = sandbox.control("POST", "/_sandbox/v1/cashier", arguments);
        return answer.status == 200 ? "" : answer.body["error"].value("hint", "");
    };
    const std::string package = "&package=prepay_id=" + prepay_id;
    const std::string right =
        "appId=" + app_id + "&nonceStr=n" + package + "&signType=MD5&timeStamp=1717214400";
    EXPECT_EQ(hint(good, right + end), "");
    const std::pair<std::string, const char*> cases[] = {
        {"appId=" + app_id + "&nonceStr=n" + package + "&signType=MD5&timestamp=1717214400" + end,
         "signed with 'timestamp'; the name is 'timeStamp'"},
        {"appid=" + app_id + "&nonceStr=n" + package + "&signType=MD5&timeStamp=1717214400" + end,
         "signed with 'appid'; the name is 'appId'"},
        {"nonceStr=n" + package + "&signType=MD5&timeStamp=1717214400" + end,
         "appId was left out of the signature"},
        {"appId=" + app_id + "&nonceStr=n&package=" + prepay_id +
             "&signType=MD5&timeStamp=1717214400" + end,
         "package was signed without 'prepay_id='"},
        {"appId=" + app_id + "&nonceStr=n&prepay_id=" + prepay_id +
             "&signType=MD5&timeStamp=1717214400" + end,
         "signed with 'prepay_id'"},
        {"appId=" + app_id + "&nonceStr=n" + package + "&timeStamp=1717214400" + end,
         "'signType' was sent but not signed"},
        {right + "&key=5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d", "AppSecret of wx8888888888888888"},
        {right + "&key=whatever", "not the signature of appId, nonceStr"},
    };
    for (const auto& [text, says] : cases)
        EXPECT_TRUE(holds(hint(good, text), says)) << text << ": " << hint(good, text);

    const auto with = [&](const char* name, const Json& value) {
        Json changed = good;
        changed[name] = value;
        return hint(changed, right + end);
    };
    EXPECT_TRUE(holds(with("timeStamp", 1717214400), "must be a string"));
    EXPECT_TRUE(
        holds(with("signType", "HMAC-SHA256"), "must be the sign_type of the unifiedorder"));
    EXPECT_TRUE(holds(with("package", prepay_id), "not 'prepay_id=...'"));
    EXPECT_TRUE(holds(with("package", ""), "did the unifiedorder call fail?"));
}

// 8
TEST_F(Diagnosis, NamesWhyACallbackNeverStops) {
    const std::string page = "<!DOCTYPE html><html><body>login</body></html>";
    const std::tuple<http::Outcome, const char*, const char*> cases[] = {
        {RecordingSender::answered(200, "success"), "bad_answer", "a bare word is no answer"},
        {RecordingSender::answered(200, R"({"code":"SUCCESS"})"), "bad_answer",
         "JSON is the answer of API V3"},
        {RecordingSender::answered(200, page), "bad_answer", "a login filter"},
        {RecordingSender::answered(200, ""), "bad_answer", "not WeChat's XML"},
        {RecordingSender::answered(302, ""), "bad_answer", "a login filter"},
        {RecordingSender::answered(403, page), "bad_answer", "CSRF check or firewall"},
        {RecordingSender::answered(404, page), "bad_answer", "does not lead to a handler"},
        {RecordingSender::answered(415, ""), "bad_answer", "does not take text/xml"},
        {RecordingSender::answered(500, "oops"), "bad_answer",
         "an exception, perhaps after its work was done"},
        {RecordingSender::timed_out(), "timeout", "answer first, work later"},
        {RecordingSender::answered(200, "<xml><return_code>FAIL</return_code></xml>"), "refused",
         "the handler refused it"},
    };
    int n = 0;
    for (const auto& [answer, verdict, hint] : cases) {
        const std::string number = "D8-" + std::to_string(++n);
        const Json exchange = callback(number, answer);
        EXPECT_EQ(exchange["verdict"], verdict);
        EXPECT_TRUE(holds(exchange.value("hint", ""), hint)) << exchange;
        EXPECT_TRUE(holds(exchange.value("diagnosis", ""), hint)) << exchange;
        const Json attempt = only_attempt(number);
        EXPECT_TRUE(holds(attempt["reason"], hint)) << attempt;
    }
}

// 14, 15
TEST_F(Diagnosis, NamesWhyARefundCallbackIsRefused) {
    const auto refused = [&](const std::string& number, const std::string& why) {
        order(number);
        sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay");
        sandbox.run_due();
        sandbox.sender.answer = [why](const auto&) {
            return RecordingSender::answered(
                200,
                "<xml><return_code>FAIL</return_code><return_msg>" + why + "</return_msg></xml>");
        };
        sandbox.v2("/secapi/pay/refund", {{"out_trade_no", number},
                                          {"out_refund_no", "R" + number},
                                          {"total_fee", "888"},
                                          {"refund_fee", "1"},
                                          {"notify_url", "http://127.0.0.1:9190/refund"}});
        sandbox.run_due();
        const Json exchange = last();
        sandbox.sender.answer = [](const auto&) { return RecordingSender::success(); };
        return exchange.value("hint", "");
    };
    EXPECT_TRUE(holds(refused("D14", "cannot decrypt"), "lower-case hex MD5 of the V2 API key"));
    EXPECT_TRUE(holds(refused("D15", "no sign"), "no sign by design"));
    EXPECT_TRUE(holds(refused("D15b", "签名错误"), "no sign by design"));
}

// 11
TEST_F(Diagnosis, WarnsOfAHandlerThatTakesWhatComes) {
    const auto notes = [&](const std::string& number, const char* total) {
        sandbox.v2_raw(
            "/sandboxnew/pay/unifiedorder",
            AppHarness::xml(AppHarness::sign(AppHarness::order(number, {{"total_fee", total}}),
                                             "e25d5f74278fcdadeaa529884523b39f")));
        sandbox.run_due();
        return last().value("notes", Json::array()).dump();
    };
    EXPECT_TRUE(holds(notes("D11a", "133"), "its sign is wrong"));
    EXPECT_TRUE(holds(notes("D11b", "134"), "total_fee is not the order's"));
    EXPECT_FALSE(holds(notes("D11c", "101"), "accepted although"));
}

// 12, 13, 20
TEST_F(Diagnosis, NamesWhatIsWrongWithRefundsAndBills) {
    http::Request request;
    request.method = "POST";
    request.path = "/secapi/pay/refund";
    request.secure = true;
    sandbox.call(request);
    EXPECT_TRUE(holds(sandbox.hint, "client certificate")) << sandbox.hint;

    const Fields refund{{"out_trade_no", "D13"},
                        {"out_refund_no", "R13"},
                        {"total_fee", "888"},
                        {"refund_fee", "1"}};
    sandbox.v2("/secapi/pay/refund", refund);
    EXPECT_TRUE(holds(sandbox.hint, "no order of that number")) << sandbox.hint;
    order("D13");
    sandbox.v2("/secapi/pay/refund", refund);
    EXPECT_TRUE(holds(sandbox.hint, "not paid")) << sandbox.hint;

    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:D13/pay");
    sandbox.advance(48h);
    sandbox.post("/pay/downloadbill",
                 AppHarness::xml(AppHarness::sign({{"bill_date", "20240601"}})));
    EXPECT_TRUE(holds(last().value("notes", Json::array()).dump(), "not XML"));
}

// 9
TEST_F(Diagnosis, NamesWhyACallbackIsNotReceived) {
    const Json local = callback("D9-1", RecordingSender::unreachable());
    EXPECT_TRUE(holds(local["hint"], "in a container, localhost is the sandbox itself")) << local;
    EXPECT_TRUE(holds(local["diagnosis"], "never localhost")) << local;

    const Json remote = callback("D9-2", RecordingSender::unreachable(),
                                 {{"notify_url", "http://shop.test/n?a=1"}});
    EXPECT_TRUE(holds(remote["hint"], "a firewall")) << remote;
    EXPECT_TRUE(holds(remote["notes"].dump(), "notify_url has a query string")) << remote;

    http::Outcome distrusted = RecordingSender::unreachable();
    distrusted.reason = "certificate verify failed: self-signed certificate";
    const Json https = callback("D9-3", distrusted, {{"notify_url", "https://127.0.0.1:9443/n"}});
    EXPECT_TRUE(holds(https["hint"], "self-signed")) << https;

    http::Outcome forbidden = RecordingSender::unreachable();
    forbidden.reason =
        "8.8.8.8 is neither a loopback nor a private address; start with "
        "--allow-notify shop.test to allow it";
    const Json refused = callback("D9-4", forbidden, {{"notify_url", "http://shop.test/n"}});
    EXPECT_FALSE(refused.contains("hint")) << "the reason says it all: " << refused;
    EXPECT_TRUE(holds(refused["diagnosis"], "--allow-notify")) << refused;
}

// 10
TEST_F(Diagnosis, WarnsOfARepeatedCallback) {
    const Json first = callback("D10", RecordingSender::success());
    EXPECT_FALSE(first.contains("notes")) << first;
    const std::string id = sandbox.only_notification()["id"];
    sandbox.control("POST", "/_sandbox/v1/notifications/" + id + "/resend");
    const Json second = last();
    EXPECT_EQ(second["verdict"], "ok");
    EXPECT_TRUE(holds(second["notes"].dump(), "credit the order once")) << second;
}

TEST_F(Diagnosis, CallsNothingAnErrorThatIsAccepted) {
    const Json odd = callback(
        "D19", RecordingSender::answered(200, "<xml><return_code>SUCCESS</return_code></xml>"));
    EXPECT_EQ(odd["verdict"], "ok");
    EXPECT_FALSE(odd.contains("error")) << odd;
    EXPECT_TRUE(holds(odd["notes"].dump(), "no return_msg")) << odd;
}

// 16, 18
TEST_F(Diagnosis, NotesWhatAQueryMayBeMisreadFor) {
    order("D16");
    sandbox.v2("/pay/orderquery", {{"out_trade_no", "D16"}});
    EXPECT_TRUE(holds(last()["notes"].dump(), "read too early; query again")) << last();
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:D16/pay");
    EXPECT_EQ(sandbox.v2("/pay/orderquery", {{"out_trade_no", "D16"}}).at("attach"), "");
    const std::string notes = last()["notes"].dump();
    EXPECT_TRUE(holds(notes, "read it as an empty text")) << notes;
    EXPECT_FALSE(holds(notes, "too early")) << notes;
}

// 17
TEST_F(Diagnosis, AsksAHandlerThatRefusesHmacWhetherItAssumesMd5) {
    const auto refused = RecordingSender::answered(
        200,
        "<xml><return_code>FAIL</return_code><return_msg><![CDATA[签名失败]]></return_msg></xml>");
    const Json hmac = callback("D17", refused, {{"sign_type", "HMAC-SHA256"}});
    EXPECT_TRUE(holds(hmac["hint"], "does the handler assume MD5?")) << hmac;
    EXPECT_TRUE(holds(only_attempt("D17")["reason"], "does the handler assume MD5?"));
    const Json md5 = callback("D17-2", refused);
    EXPECT_FALSE(holds(md5["hint"], "MD5")) << md5;
    EXPECT_TRUE(holds(md5["diagnosis"], "coupon_fee_0")) << md5;
}

// 19
TEST_F(Diagnosis, NotesThatClosingAnUnknownNumberBurnsIt) {
    EXPECT_EQ(sandbox.v2("/pay/closeorder", {{"out_trade_no", "D19"}}).at("result_code"),
              "SUCCESS");
    EXPECT_TRUE(holds(last()["notes"].dump(), "burns the number")) << last();
    sandbox.v2("/pay/unifiedorder", AppHarness::order("D19"));
    expect_refusal("this number was closed before it was ordered", "new out_trade_no");
}

TEST_F(Diagnosis, KnowsClientsThatSignANonceTheyDoNotSend) {
    Fields fields = AppHarness::sign(AppHarness::order("D20"));
    fields.erase("nonce_str");
    sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(fields));
    expect_refusal("'nonce_str' is missing", "sign it and do not send it");
}

}  // namespace
}  // namespace wxpay::test
