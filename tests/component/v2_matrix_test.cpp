// Every field and every documented error of tests/vectors/v2-endpoints.json, against the sandbox.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/support/app_harness.hpp"
#include "tests/support/vectors.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

/// What an answer says: err_code (or errcode, error_code, "") and its text.
struct Said {
    bool refused = false;
    std::string code;
    std::string text;
};

Said read(const http::Response& response) {
    if (response.status != 200) {
        const std::size_t from = response.body.find("<title>") + 7;
        return {true, std::to_string(response.status),
                response.body.substr(from, response.body.find("</title>") - from)};
    }
    if (response.body.starts_with('{')) {
        const Json json = Json::parse(response.body);
        if (!json.contains("errcode")) return {};
        return {true, std::to_string(json["errcode"].get<int>()), json["errmsg"]};
    }
    const auto message = XmlMessage::parse(response.body);
    if (!message) return {};  // a file
    const auto text = [&](const char* name) { return std::string(message->get(name)); };
    if (text("return_code") == "SUCCESS" && text("result_code") != "FAIL") return {};
    if (!text("err_code").empty()) return {true, text("err_code"), text("err_code_des")};
    return {true, text("error_code"), text("return_msg")};
}

class Matrix : public testing::Test {
  protected:
    static Json table() { return Json::parse(read_vector_file("v2-endpoints.json")); }

    static bool is_get(const Json& endpoint) { return endpoint["method"] == "GET"; }
    static std::string name_of_mch_id(const std::string& path) {
        return path.ends_with("promotion/transfers") ? "mchid" : "mch_id";
    }

    std::string next(const std::string& stem) { return stem + std::to_string(++made_); }

    std::string paid_order() {
        std::string number = next("paid");
        send("/pay/unifiedorder", AppHarness::order(number));
        sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay");
        return number;
    }

    /// A call of that endpoint that succeeds, without sign and merchant.
    Fields good(const std::string& path) {
        if (path == "/pay/unifiedorder") return AppHarness::order(next("order"));
        if (path == "/pay/orderquery" || path == "/pay/closeorder") {
            const std::string number = next("asked");
            send("/pay/unifiedorder", AppHarness::order(number));
            return {{"out_trade_no", number}};
        }
        if (path == "/secapi/pay/refund") {
            return {{"out_trade_no", paid_order()},
                    {"out_refund_no", next("refund")},
                    {"total_fee", "888"},
                    {"refund_fee", "1"}};
        }
        if (path == "/pay/refundquery") {
            const Fields refund = good("/secapi/pay/refund");
            send("/secapi/pay/refund", refund);
            return {{"out_trade_no", refund.at("out_trade_no")}};
        }
        if (path == "/pay/downloadbill") return {{"bill_date", "20240601"}};
        if (path == "/pay/downloadfundflow") {
            return {
                {"bill_date", "20240601"}, {"account_type", "Basic"}, {"sign_type", "HMAC-SHA256"}};
        }
        if (path == "/payitil/report") {
            return {{"interface_url", "https://api.mch.weixin.qq.com/pay/unifiedorder"},
                    {"execute_time", "152"},
                    {"return_code", "SUCCESS"},
                    {"result_code", "SUCCESS"},
                    {"user_ip", "8.8.8.8"}};
        }
        if (path == "/pay/micropay") {
            std::string serial = std::to_string(++made_);
            serial.insert(0, 10 - serial.size(), '0');
            return {{"body", "b"},
                    {"out_trade_no", next("scan")},
                    {"total_fee", "888"},
                    {"spbill_create_ip", "14.17.22.52"},
                    {"auth_code", "1345" + serial + "1234"}};
        }
        if (path == "/secapi/pay/reverse") {
            const Fields scan = good("/pay/micropay");
            send("/pay/micropay", scan);
            return {{"out_trade_no", scan.at("out_trade_no")}};
        }
        if (path == "/tools/shorturl") return {{"long_url", "weixin://wxpay/bizpayurl?sign=A"}};
        if (path == "/tools/authcodetoopenid") return {{"auth_code", "134579720130501234"}};
        if (path == "/billcommentsp/batchquerycomment") {
            return {{"begin_time", "20240601000000"},
                    {"end_time", "20240602000000"},
                    {"offset", "0"},
                    {"limit", "100"},
                    {"sign_type", "HMAC-SHA256"}};
        }
        if (path == "/mmpaymkttransfers/promotion/transfers") {
            return {{"mch_appid", AppHarness::kAppId},
                    {"partner_trade_no", next("transfer")},
                    {"openid", next("o")},  // one user gets only so much a day
                    {"check_name", "NO_CHECK"},
                    {"amount", "100"},
                    {"desc", "d"},
                    {"spbill_create_ip", "10.2.3.10"}};
        }
        if (path == "/mmpaymkttransfers/gettransferinfo") {
            const Fields transfer = good("/mmpaymkttransfers/promotion/transfers");
            send("/mmpaymkttransfers/promotion/transfers", transfer);
            return {{"partner_trade_no", transfer.at("partner_trade_no")}};
        }
        if (path == "/mmpaymkttransfers/sendredpack") {
            return {{"mch_billno", next("pack")},
                    {"wxappid", AppHarness::kAppId},
                    {"send_name", "s"},
                    {"re_openid", AppHarness::kOpenId},
                    {"total_amount", "1000"},
                    {"total_num", "1"},
                    {"wishing", "w"},
                    {"client_ip", "192.168.0.1"},
                    {"act_name", "a"},
                    {"remark", "r"}};
        }
        if (path == "/mmpaymkttransfers/gethbinfo") {
            const Fields pack = good("/mmpaymkttransfers/sendredpack");
            send("/mmpaymkttransfers/sendredpack", pack);
            return {{"mch_billno", pack.at("mch_billno")}, {"bill_type", "MCHT"}};
        }
        if (path == "/risk/getpublickey") return {{"sign_type", "MD5"}};
        return {};  // getsignkey
    }

    /// Adds who calls, and signs what there is.
    Fields sign(const std::string& path, Fields fields, const std::string& key = AppHarness::kKey) {
        fields.try_emplace(name_of_mch_id(path), AppHarness::kMchId);
        fields.try_emplace("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS");
        const bool has_appid = !path.ends_with("getsignkey") && path != "/risk/getpublickey" &&
                               !path.ends_with("transfers") && !path.ends_with("sendredpack");
        if (has_appid) fields.try_emplace("appid", AppHarness::kAppId);
        return resign(std::move(fields), key);
    }
    static Fields resign(Fields fields, const std::string& key = AppHarness::kKey) {
        std::vector<FieldView> views;
        for (const auto& [name, value] : fields)
            if (name != "sign") views.push_back({name, value});
        const auto type = fields.contains("sign_type")
                              ? v2::parse_sign_type(fields["sign_type"]).value_or(v2::SignType::md5)
                              : v2::SignType::md5;
        fields["sign"] = v2::sign(views, Secret(key), type);
        return fields;
    }

    Said post(const std::string& path, const std::string& body, const std::string& fault = {},
              const char* method = "POST") {
        http::Request request;
        request.method = method;
        request.path = path;
        request.body = body;
        if (!fault.empty()) request.headers.add("Wechatpay-Negative-Test", fault);
        return note(path, sandbox.call(request));
    }
    Said send(const std::string& path, const Fields& fields, const std::string& fault = {}) {
        return post(path, AppHarness::xml(sign(path, fields)), fault);
    }
    Said get(const std::string& path, const std::string& query) {
        http::Request request;
        request.path = path;
        request.query = query;
        return note(path, sandbox.call(request));
    }
    Said note(const std::string& path, const http::Response& response) {
        Said said = read(response);
        ++calls_;
        if (said.refused) reached_.insert({path, said.code, said.text});
        return said;
    }

    bool is_reached(const std::string& path, const std::string& code, std::string text) {
        if (const std::size_t rid = text.find(" rid: ..."); rid != std::string::npos) {
            text.resize(rid);  // what follows differs each time
            return std::any_of(reached_.begin(), reached_.end(), [&](const auto& each) {
                return std::get<0>(each) == path && std::get<1>(each) == code &&
                       std::get<2>(each).starts_with(text);
            });
        }
        return reached_.contains({path, code, text});
    }

    void earn_by_orders() {
        const std::string path = "/pay/unifiedorder";
        const auto order = [&](const Fields& changes) {
            return send(path, AppHarness::order(next("earn"), changes));
        };
        order({{"openid", "-"}});
        order({{"total_fee", "0"}});
        order({{"body", std::string(200, 'x')}});
        order({{"auth_code", "1"}});
        order({{"openid", "xyz"}});
        order({{"time_expire", "20240601120030"}});
        get("/sns/jscode2session",
            "appid=wx1111111111111111&secret=0b1c2d3e4f5061728394a5b6c7d8e9f0&"
            "js_code=oOfAnotherApp000000000000000&grant_type=authorization_code");
        order({{"openid", "oOfAnotherApp000000000000000"}});
        post(path, AppHarness::xml(sign(path, AppHarness::order("p", {{"mch_id", "1900000110"}}),
                                        "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c")));
        for (const char* const each : {"/pay/unifiedorder", "/secapi/pay/refund"}) {
            post(each, AppHarness::xml(sign(each, {{"mch_id", "1900000111"}},
                                            "3e8b6a1d5c9f4072b1e0d3c2a5f48697")));
        }
        const std::string paid = paid_order();
        send(path, AppHarness::order(paid));
        send("/pay/closeorder", {{"out_trade_no", paid}});
        const std::string open = next("open");
        send(path, AppHarness::order(open));
        send(path, AppHarness::order(open, {{"body", "other"}}));
        send("/pay/closeorder", {{"out_trade_no", open}});
        send(path, AppHarness::order(open));
        send("/pay/orderquery", {{"out_trade_no", "never"}});
        Fields scan = good("/pay/micropay");
        scan["auth_code"].replace(14, 4, "9001");
        send("/pay/micropay", scan);
        send("/pay/closeorder", {{"out_trade_no", scan["out_trade_no"]}});
        sandbox.settings.strict = true;
        send("/pay/closeorder", {{"out_trade_no", "never"}});
        sandbox.settings.strict = false;
    }

    void earn_by_refunds_and_bills() {
        const std::string path = "/secapi/pay/refund";
        const auto refund = [&](const std::string& number, const Fields& changes) {
            Fields fields{{"out_trade_no", number},
                          {"out_refund_no", next("refund")},
                          {"total_fee", "888"},
                          {"refund_fee", "888"}};
            for (const auto& [name, value] : changes) fields[name] = value;
            return send(path, fields);
        };
        refund("never", {});
        const std::string closed = next("closed");
        send("/pay/unifiedorder", AppHarness::order(closed));
        send("/pay/closeorder", {{"out_trade_no", closed}});
        refund(closed, {});
        const std::string paid = paid_order();
        refund(paid, {{"total_fee", "887"}});
        refund(paid, {{"refund_fee", "800"}});
        refund(paid, {{"refund_fee", "89"}});
        refund(paid, {{"refund_fee", "88"}});
        refund(paid, {});
        refund(paid, {{"transaction_id", "4x"}});
        refund(paid, {{"refund_account", "x"}});
        send("/pay/refundquery", {{"out_trade_no", "never"}});
        send("/pay/refundquery", {{"out_trade_no", paid}, {"offset", "x"}});
        send("/pay/refundquery", {{"transaction_id", "4x"}});
        send("/pay/refundquery", {});
        const std::string late = paid_order();
        drain_account();
        refund(late, {});

        send("/pay/downloadbill", {{"bill_date", "20240531"}});
        send("/pay/downloadbill", {{"bill_date", "20240531"}, {"bill_type", "x"}});
        send("/pay/downloadbill", {{"bill_date", "20240531"}, {"tar_type", "x"}});
        sandbox.advance(21h);
        send("/pay/downloadbill", {{"bill_date", "20240601"}});
        const Fields flow{{"account_type", "Fees"}, {"sign_type", "HMAC-SHA256"}};
        Fields fields = flow;
        fields["bill_date"] = "20240601";
        send("/pay/downloadfundflow", fields);
        fields["account_type"] = "x";
        send("/pay/downloadfundflow", fields);

        const std::string old = paid_order();
        sandbox.advance(24h * 366);
        refund(old, {});
    }

    /// Transfers go out until the merchant's account has nothing left to refund from.
    void drain_account() {
        for (int i = 0; i < 400; ++i) {
            Fields transfer = good("/mmpaymkttransfers/promotion/transfers");
            transfer["amount"] = "500000";
            if (send("/mmpaymkttransfers/promotion/transfers", transfer).refused) break;
        }
        for (const char* const amount : {"100000", "20000", "5000", "1000", "200", "100", "30"}) {
            for (int i = 0; i < 10; ++i) {
                Fields transfer = good("/mmpaymkttransfers/promotion/transfers");
                transfer["amount"] = amount;
                if (send("/mmpaymkttransfers/promotion/transfers", transfer).refused) break;
            }
        }
        send("/mmpaymkttransfers/sendredpack", good("/mmpaymkttransfers/sendredpack"));
    }

    void earn_by_code_payments() {
        const std::string path = "/pay/micropay";
        const auto scan = [&](const std::string& last, const Fields& changes = {}) {
            Fields fields = good(path);
            fields["auth_code"].replace(14, 4, last);
            for (const auto& [name, value] : changes) fields[name] = value;
            send(path, fields);
            return fields;
        };
        for (const char* const last : {"9001", "9003", "9004", "9005", "9006", "9999"}) scan(last);
        scan("1234", {{"auth_code", "1"}});
        scan("1234", {{"notify_url", "http://a.b/c"}});
        scan("1234", {{"total_fee", "0"}});
        scan("1234", {{"time_expire", "20240601120030"}});
        scan("1234", {{"scene_info", "x"}});
        scan("1234", {{"limit_pay", "x"}});
        const Fields card = scan("7000", {{"limit_pay", "no_credit"}});
        scan("8000", {{"limit_pay", "no_credit"}, {"out_trade_no", card.at("out_trade_no")}});
        const Fields gives_up = scan("9002");
        sandbox.advance(10s);
        send(path, gives_up);
        const Fields paid = scan("1234");
        send(path, paid);
        send("/secapi/pay/reverse", {{"out_trade_no", paid.at("out_trade_no")}});
        send(path, paid);
        const std::string closed = next("closed");
        send("/pay/closeorder", {{"out_trade_no", closed}});
        scan("1234", {{"out_trade_no", closed}});
        Fields without = sign(path, good(path), "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c");
        without["mch_id"] = "1900000110";
        post(path, AppHarness::xml(resign(without, "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c")));

        for (const char* const code : {"134579720130509004", "134579720130509999"})
            send("/tools/authcodetoopenid", {{"auth_code", code}});

        const std::string reverse = "/secapi/pay/reverse";
        send(reverse, {{"out_trade_no", "!"}});
        send(reverse, {{"transaction_id", "x"}});
        send(reverse, {{"out_trade_no", paid_order()}});
        const Fields refunded = scan("1234");
        send("/secapi/pay/refund", {{"out_trade_no", refunded.at("out_trade_no")},
                                    {"out_refund_no", next("refund")},
                                    {"total_fee", "888"},
                                    {"refund_fee", "1"}});
        send(reverse, {{"out_trade_no", refunded.at("out_trade_no")}});
        const Fields old = scan("1234");
        sandbox.advance(24h * 8);
        send(reverse, {{"out_trade_no", old.at("out_trade_no")}});
    }

    void earn_by_payouts() {
        const std::string path = "/mmpaymkttransfers/promotion/transfers";
        const auto transfer = [&](const Fields& changes) {
            Fields fields = good(path);
            for (const auto& [name, value] : changes) fields[name] = value;
            send(path, fields);
        };
        transfer({{"amount", "1"}});
        transfer({{"check_name", "FORCE_CHECK"}, {"re_user_name", "错误"}});
        send("/mmpaymkttransfers/gettransferinfo", {{"partner_trade_no", "never"}});
        send("/mmpaymkttransfers/gethbinfo", {{"mch_billno", "never"}, {"bill_type", "MCHT"}});
        transfer({{"partner_trade_no", "a b"}});
        transfer({{"partner_trade_no", std::string(40, '1')}});
        transfer({{"openid", "x"}});
        transfer({{"openid", "oOfAnotherApp000000000000000"}});
        Fields twice = good(path);
        send(path, twice);
        twice["desc"] = "other";
        send(path, twice);
        Fields none = sign(path, good(path));
        none["mchid"] = "1900000110";
        post(path, AppHarness::xml(resign(none, "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c")));
        const std::string pack = "/mmpaymkttransfers/sendredpack";
        for (const auto& [name, value] :
             Fields{{"total_amount", "20001"}, {"re_openid", "oOfAnotherApp000000000000000"}}) {
            Fields changed = good(pack);
            changed[name] = value;
            send(pack, changed);
        }
        send("/billcommentsp/batchquerycomment", good("/billcommentsp/batchquerycomment"));
    }

    void earn_by_logins() {
        const std::string app = "appid=wx8888888888888888";
        const std::string secret = "&secret=5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d";
        const std::string grant = "&grant_type=authorization_code";
        const std::string path = "/sns/jscode2session";
        for (const char* const code :
             {"expired1", "blocked1", "quota1", "busy1", "used1", "used1", ""}) {
            get(path, app + secret + grant + "&js_code=" + code);
        }
        get(path, "appid=wx0000000000000000" + secret + grant + "&js_code=a");
        get(path, app + "&secret=x" + grant + "&js_code=a");
        get(path, secret + grant + "&js_code=a");
        get(path, app + grant + "&js_code=a");
        get(path, app + secret + "&js_code=a&grant_type=x");
        const std::string token = "/cgi-bin/token";
        const std::string client = "&grant_type=client_credential";
        get(token, "appid=wx0000000000000000" + secret + client);
        get(token, app + "&secret=x" + client);
        get(token, app + secret + "&grant_type=x");
        get(token, secret + client);
        get(token, app + client);
        for (const char* const fault : {"40001", "40164", "-1"}) {
            http::Request request;
            request.path = token;
            request.query = app + secret + client;
            request.headers.add("Wechatpay-Negative-Test", fault);
            request.remote_address = "1.2.3.4";
            note(token, sandbox.call(request));
        }
    }

    AppHarness sandbox;
    int made_ = 0;
    int calls_ = 0;
    std::set<std::tuple<std::string, std::string, std::string>> reached_;
};

/// Refused because of a field, as opposed to what the call would do.
bool is_about_a_field(const Said& said) {
    for (const char* const part :
         {"参数格式错误", "缺少参数", "不识别的参数", "invalid", "参数错误", "data format error",
          "missing parameter", "必须传", "无效", "请扫描", "有误", "必须为"}) {
        if (said.text.find(part) != std::string::npos) return true;
    }
    return false;
}

/// Fields whose documented form is not enforced, with the reason.
const std::set<std::string> kLenient{
    "device_info",  // over-long ones are accepted with a note (FIDELITY.md "Requests")
    "sign",         // judged as a signature, not as a field
};

/// Fields with a form that the table leaves out: a text of just their length has another one.
const std::set<std::string> kFormed{"client_ip",  "mch_id",           "mchid",
                                    "openid",     "re_openid",        "receipt",
                                    "scene_info", "spbill_create_ip", "transaction_id"};

TEST_F(Matrix, EachFieldIsHeldToItsRule) {
    paid_order();
    sandbox.control("POST", "/_sandbox/v1/comments",
                    {{"mch_id", AppHarness::kMchId},
                     {"transaction_id", "4200002288202406010123456789"},
                     {"text", "good"}});
    sandbox.advance(48h);  // a day that has a bill
    int cases = 0;
    std::vector<std::string> wrong;
    const Json all = table();
    for (const Json& endpoint : all["endpoints"]) {
        // report answers success to whatever is signed rightly (FIDELITY.md).
        if (is_get(endpoint) || endpoint["path"] == "/payitil/report") continue;
        const std::string path = endpoint["path"];
        ASSERT_FALSE(send(path, good(path)).refused) << path << ": the good call is refused";
        for (const Json& field : endpoint["request"]) {
            const std::string name = field["name"];
            const bool is_sign = name == "sign";
            const bool required = field["required"] == true;
            const bool optional = field["required"] == false;
            std::size_t max = field.value("max_len", std::size_t{0});
            if (path == "/pay/unifiedorder" && name == "detail") max = 6144;  // the newest page's
            const auto with = [&](const std::optional<std::string>& value) {
                Fields fields = sign(path, good(path));
                if (value) {
                    fields[name] = *value;
                } else {
                    fields.erase(name);
                }
                const Fields sent = is_sign ? fields : resign(fields);
                std::string body = "<xml>";
                for (const auto& [each, text] : sent) {
                    if (each == "sign" && is_sign && !value) continue;
                    body += "<" + each + "><![CDATA[" + text + "]]></" + each + ">";
                }
                ++cases;
                return post(path, body + "</xml>");
            };
            const auto judge = [&](const char* what, const Said& said, bool wants_refusal) {
                const bool refused = wants_refusal ? said.refused : is_about_a_field(said);
                if (refused != wants_refusal) {
                    wrong.push_back(path + " " + name + " " + what + ": " +
                                    (said.refused ? said.code + " " + said.text : "accepted"));
                }
            };
            const Said absent = with(std::nullopt);
            const Said empty = with("");
            if (required) {
                judge("absent", absent, true);
                judge("empty", empty, true);
            } else if (optional && name != "sign_type") {
                judge("absent", absent, false);
                judge("empty", empty, false);
            }
            if (kLenient.contains(name)) continue;
            if (max > 0) judge("one past its limit", with(std::string(max + 1, '1')), true);
            if (field.contains("pattern")) {
                judge("of a wrong form", with("!"), true);
            } else if (max > 0 && field["type"] == "string" && !kFormed.contains(name)) {
                judge("at its limit", with(std::string(max, 'x')), false);
            }
        }
    }
    std::printf("matrix: %d cases of fields, %zu wrong\n", cases, wrong.size());
    for (const std::string& each : wrong) ADD_FAILURE() << each;
    EXPECT_GT(cases, 700);
}

TEST_F(Matrix, EachDocumentedErrorIsEarned) {
    const Json all = table();
    // What every call can be told.
    for (const Json& endpoint : all["endpoints"]) {
        if (is_get(endpoint)) continue;
        const std::string path = endpoint["path"];
        const Fields fields = good(path);
        post(path, {});
        post(path, "<xml>", {}, "GET");
        post(path, "no xml");
        post(path, "<xml><body>\xB2\xE2</body></xml>");
        post(path, AppHarness::xml(sign(path, fields, "0123456789abcdef0123456789abcdef")));
        const auto with = [&](const std::string& name, const std::string& value) {
            Fields changed = sign(path, fields);
            if (!changed.contains(name)) return;
            changed[name] = value;
            send(path, changed);
        };
        for (const char* const name : {"appid", "mch_appid", "wxappid"}) {
            with(name, "wx0000000000000000");
            with(name, "wx1111111111111111");
        }
        with(name_of_mch_id(path), "1900009999");
        with(name_of_mch_id(path), "x");
        for (const auto& [name, value] : fields) {
            Fields changed = fields;
            changed.erase(name);
            send(path, changed);
            changed[name] = "!";
            send(path, changed);
        }
        http::Request request;
        request.method = "POST";
        request.path = path;
        request.secure = true;
        note(path, sandbox.call(request));
        request.certificate = std::make_shared<const http::ClientCertificate>(
            http::ClientCertificate{"1900000109", "1", false});
        note(path, sandbox.call(request));
        request.certificate = std::make_shared<const http::ClientCertificate>(
            http::ClientCertificate{"1900000110", "1", true});
        request.body = AppHarness::xml(sign(path, fields));
        note(path, sandbox.call(request));
        // What no honest call earns, and what was documented and never seen.
        for (const Json& error : endpoint["errors"]) {
            const std::string code = error["code"];
            send(path, good(path), code.empty() ? error["des"].get<std::string>() : code);
            send(path, good(path), error["des"]);
        }
    }
    earn_by_orders();
    earn_by_refunds_and_bills();
    earn_by_code_payments();
    earn_by_payouts();
    earn_by_logins();

    int rows = 0;
    std::vector<std::string> unreached;
    for (const Json& endpoint : all["endpoints"]) {
        for (const Json& error : endpoint["errors"]) {
            ++rows;
            if (is_reached(endpoint["path"], error["code"], error["des"])) continue;
            const std::string grade = error["grade"];
            unreached.push_back(grade + " " + endpoint["path"].get<std::string>() + " " +
                                error["code"].get<std::string>() + " " +
                                error["des"].get<std::string>());
        }
    }
    std::printf("matrix: %d calls, %d rows of errors, without a test: %zu\n", calls_, rows,
                unreached.size());
    for (const std::string& row : unreached) {
        std::printf("  %s\n", row.c_str());
        if (row.starts_with("A") || row.starts_with("B")) ADD_FAILURE() << row;
    }
}

}  // namespace
}  // namespace wxpay::test
