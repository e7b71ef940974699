// The small V2 calls beside orders, from request bytes to answer bytes.
#include <gtest/gtest.h>

#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;

/// What an answer refuses with; empty when it is a success.
std::string refusal(const Fields& answer) {
    const auto text = [&](const char* name) {
        return answer.contains(name) ? answer.at(name) : std::string();
    };
    if (text("return_code") != "SUCCESS") return text("return_msg");
    if (text("result_code") != "SUCCESS") return text("err_code") + " " + text("err_code_des");
    return "";
}

std::string value_in(const std::string& body, const char* name) {
    const auto message = XmlMessage::parse(body);
    return message ? std::string(message->get(name)) : body;
}

class OptionalCalls : public testing::Test {
  protected:
    http::Response send(const std::string& path, const std::string& body,
                        const std::string& demanded = "") {
        http::Request request;
        request.method = "POST";
        request.path = path;
        request.body = body;
        if (!demanded.empty()) request.headers.add("Wechatpay-Negative-Test", demanded);
        request.certificate = certificate;
        request.secure = certificate != nullptr;
        return sandbox.call(request);
    }
    /// Why these fields, posted as they are, are refused.
    std::string why_not(const std::string& path, const Fields& fields,
                        const std::string& demanded = "") {
        const http::Response response = send(path, AppHarness::xml(fields), demanded);
        Fields answer;
        const auto message = XmlMessage::parse(response.body);
        if (!message) return response.body;
        for (const FieldView& field : message->fields())
            answer[std::string(field.name)] = std::string(field.value);
        return refusal(answer);
    }
    http::Response get(const std::string& target, const std::string& demanded = "") {
        http::Request request;
        http::set_target(request, target);
        if (!demanded.empty()) request.headers.add("Wechatpay-Negative-Test", demanded);
        request.remote_address = "1.2.3.4";
        return sandbox.call(request);
    }

    std::shared_ptr<const http::ClientCertificate> certificate;
    AppHarness sandbox;
};

/// Changes some fields; "-" removes one.
Fields changed(Fields fields, const Fields& changes) {
    for (const auto& [name, value] : changes) {
        if (value == "-") {
            fields.erase(name);
        } else {
            fields[name] = value;
        }
    }
    return fields;
}

// --- /tools/shorturl ---

constexpr const char* kLongUrl =
    "weixin://wxpay/bizpayurl?sign=857DF307A57DA0CBCBA57F00100FE1B7&appid=wx8888888888888888&mch_"
    "id=1900000109&product_id=12235413214070356458058&time_stamp=1717214400&nonce_str="
    "f6808210402125e30663234f94c87a8c";

const Fields kShortUrl{{"appid", "wx8888888888888888"},
                       {"mch_id", "1900000109"},
                       {"long_url", kLongUrl},
                       {"nonce_str", "d5a8c3e1f7b9024681357ace9bdf0246"},
                       {"sign", "2A848D808C11C534781AFE4E6932EB51"}};

TEST_F(OptionalCalls, ShortUrlAnswersTheSampleInWeChatsBytes) {
    const http::Response response = send("/tools/shorturl", AppHarness::xml(kShortUrl));
    const std::string nonce = value_in(response.body, "nonce_str");
    const std::string sign = value_in(response.body, "sign");
    const std::string url = value_in(response.body, "short_url");
    EXPECT_EQ(url.size(), std::string("weixin://wxpay/s/An4baqw").size());
    EXPECT_TRUE(url.starts_with("weixin://wxpay/s/")) << url;
    EXPECT_EQ(response.body,
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[OK]]></return_msg>\n"
              "<appid><![CDATA[wx8888888888888888]]></appid>\n"
              "<mch_id><![CDATA[1900000109]]></mch_id>\n"
              "<nonce_str><![CDATA[" +
                  nonce + "]]></nonce_str>\n<sign><![CDATA[" + sign +
                  "]]></sign>\n"
                  "<result_code><![CDATA[SUCCESS]]></result_code>\n"
                  "<short_url><![CDATA[" +
                  url + "]]></short_url>\n</xml>");
}

TEST_F(OptionalCalls, ShortUrlTakesAUrlThatWasSignedBeforeItWasEncoded) {
    Fields fields = kShortUrl;
    fields["long_url"] = http::percent_encode(kLongUrl);
    EXPECT_EQ(why_not("/tools/shorturl", fields), "");
    fields["long_url"] += "x";
    EXPECT_EQ(why_not("/tools/shorturl", fields), "签名错误");
}

TEST_F(OptionalCalls, ShortUrlRefusesWhatIsNoPaymentLink) {
    const auto with = [&](const Fields& changes) {
        return refusal(sandbox.v2("/tools/shorturl", changed({{"long_url", kLongUrl}}, changes)));
    };
    EXPECT_EQ(with({}), "");
    EXPECT_EQ(with({{"sign_type", "HMAC-SHA256"}}), "");
    EXPECT_EQ(with({{"long_url", "https://example.com"}}), "PARAM_ERROR 参数错误");
    EXPECT_EQ(with({{"long_url", ""}}), "PARAM_ERROR 参数错误");
    EXPECT_EQ(
        with({{"long_url", std::string("weixin://wxpay/bizpayurl?") + std::string(512 - 25, 'x')}}),
        "");
    EXPECT_EQ(
        with({{"long_url", std::string("weixin://wxpay/bizpayurl?") + std::string(513 - 25, 'x')}}),
        "PARAM_ERROR 参数错误");
    EXPECT_EQ(with({{"long_url", "-"}}), "缺少参数");
    EXPECT_EQ(why_not("/tools/shorturl", kShortUrl, "SYSTEMERROR"), "SYSTEMERROR 系统错误");
}

TEST_F(OptionalCalls, ShortUrlTakesAProviderThatNamesNoMerchant) {
    const Fields sent = AppHarness::sign({{"mch_id", "1900000111"}, {"long_url", kLongUrl}},
                                         "3e8b6a1d5c9f4072b1e0d3c2a5f48697");
    EXPECT_EQ(why_not("/tools/shorturl", sent), "");
}

// --- /tools/authcodetoopenid ---

const Fields kAuthCode{{"appid", "wx8888888888888888"},
                       {"mch_id", "1900000109"},
                       {"auth_code", "134579720130501234"},
                       {"nonce_str", "b2c4d6e8f0a1c3e5b7d9f1a3c5e7b9d1"},
                       {"sign", "4BA0D2BAFBCD3C8411DC8D3DD35051C6"}};

TEST_F(OptionalCalls, AuthCodeToOpenidAnswersTheSampleInWeChatsBytes) {
    const http::Response response = send("/tools/authcodetoopenid", AppHarness::xml(kAuthCode));
    const std::string nonce = value_in(response.body, "nonce_str");
    const std::string sign = value_in(response.body, "sign");
    EXPECT_EQ(response.body,
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[OK]]></return_msg>\n"
              "<appid><![CDATA[wx8888888888888888]]></appid>\n"
              "<mch_id><![CDATA[1900000109]]></mch_id>\n"
              "<nonce_str><![CDATA[" +
                  nonce + "]]></nonce_str>\n<sign><![CDATA[" + sign +
                  "]]></sign>\n"
                  "<result_code><![CDATA[SUCCESS]]></result_code>\n"
                  "<openid><![CDATA[oUpF8uMuAJO_M2pxb1Q9zNjWeS6o]]></openid>\n</xml>");
}

TEST_F(OptionalCalls, AuthCodeToOpenidRefusesCodesByTheirLastDigits) {
    const auto with = [&](const std::string& code) {
        return refusal(sandbox.v2("/tools/authcodetoopenid", {{"auth_code", code}}));
    };
    EXPECT_EQ(with("134579720130509007"), "");
    EXPECT_EQ(with("134579720130509004"), "AUTHCODEEXPIRE 授权码过期");
    EXPECT_EQ(with("134579720130509008"), "AUTH_CODE_INVALID 授权码检验错误");
    EXPECT_EQ(with("134579720130509000"), "AUTH_CODE_INVALID 授权码检验错误");
    EXPECT_EQ(with("164579720130501234"), "AUTH_CODE_ERROR 授权码错误");
    EXPECT_EQ(with("13457972013050123"), "AUTH_CODE_ERROR 授权码错误");
    EXPECT_EQ(with(""), "AUTH_CODE_ERROR 授权码错误");
    EXPECT_EQ(why_not("/tools/authcodetoopenid", kAuthCode, "SYSTEMERROR"), "SYSTEMERROR 系统错误");
}

TEST_F(OptionalCalls, AuthCodeToOpenidIsAsUnhelpfulAsWeChatAboutSignatureAndPermission) {
    EXPECT_EQ(why_not("/tools/authcodetoopenid",
                      changed(kAuthCode, {{"auth_code", "134579720130501235"}})),
              "system error");
    EXPECT_EQ(refusal(sandbox.v2("/tools/authcodetoopenid", {{"auth_code", "134579720130501234"},
                                                             {"sign_type", "HMAC-SHA256"}})),
              "system error");
    EXPECT_NE(sandbox.hint.find("takes only MD5"), std::string::npos) << sandbox.hint;
    EXPECT_EQ(
        why_not("/tools/authcodetoopenid",
                AppHarness::sign({{"mch_id", "1900000110"}, {"auth_code", "134579720130501234"}},
                                 "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c")),
        "system error");
}

TEST_F(OptionalCalls, AuthCodeToOpenidGivesAProviderItsMerchantsOpenid) {
    const Fields sent = AppHarness::sign({{"mch_id", "1900000111"},
                                          {"sub_mch_id", "1900000200"},
                                          {"sub_appid", "wx2222222222222222"},
                                          {"auth_code", "134579720130501234"}},
                                         "3e8b6a1d5c9f4072b1e0d3c2a5f48697");
    const Fields answer = sandbox.v2_raw("/tools/authcodetoopenid", AppHarness::xml(sent));
    EXPECT_EQ(refusal(answer), "");
    EXPECT_EQ(answer.at("openid"), "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    EXPECT_EQ(answer.at("sub_openid").size(), 28U);
    EXPECT_NE(answer.at("sub_openid"), answer.at("openid"));
}

// --- /payitil/report ---

const Fields kReport{{"appid", "wx8888888888888888"},
                     {"mch_id", "1900000109"},
                     {"nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"},
                     {"interface_url", "https://api.mch.weixin.qq.com/pay/unifiedorder"},
                     {"execute_time", "152"},
                     {"return_code", "SUCCESS"},
                     {"return_msg", "OK"},
                     {"result_code", "SUCCESS"},
                     {"out_trade_no", "20240601120000001"},
                     {"user_ip", "8.8.8.8"},
                     {"time", "20240601120001"},
                     {"sign", "F5AC25032E8BE8728155A99C11EB1DFA"}};

constexpr const char* kReported =
    "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
    "<return_msg><![CDATA[OK]]></return_msg>\n"
    "<result_code><![CDATA[SUCCESS]]></result_code>\n</xml>";

TEST_F(OptionalCalls, ReportTakesTheSampleAndWhateverElseIsSigned) {
    EXPECT_EQ(send("/payitil/report", AppHarness::xml(kReport)).body, kReported);
    const Fields of_the_php_sdk = AppHarness::sign(
        {{"execute_time_", "152"}, {"return_code", "FAIL"}, {"return_msg", std::string(200, 'x')}});
    EXPECT_EQ(send("/payitil/report", AppHarness::xml(of_the_php_sdk)).body, kReported);
    EXPECT_EQ(why_not("/payitil/report", changed(kReport, {{"user_ip", "8.8.4.4"}})), "签名错误");
}

TEST_F(OptionalCalls, TheJavaSdksReportGetsAnEmptyAnswer) {
    const http::Response response = send("/wxpay/report/default", "v1,1,2,3\n");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(sandbox.hint, "");
}

// --- /risk/getpublickey ---

const Fields kPublicKey{{"mch_id", "1900000109"},
                        {"nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"},
                        {"sign_type", "MD5"},
                        {"sign", "294A1EBB838DB952AA21474ED2541FBF"}};

TEST_F(OptionalCalls, GetPublicKeyAnswersTheSampleWithAPkcs1Key) {
    const http::Response response = send("/risk/getpublickey", AppHarness::xml(kPublicKey));
    const std::string key = value_in(response.body, "pub_key");
    EXPECT_TRUE(key.starts_with("-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEA")) << key;
    EXPECT_TRUE(key.ends_with("-----END RSA PUBLIC KEY-----\n")) << key;
    EXPECT_EQ(response.body,
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<result_code><![CDATA[SUCCESS]]></result_code>\n"
              "<mch_id><![CDATA[1900000109]]></mch_id>\n"
              "<pub_key><![CDATA[" +
                  key + "]]></pub_key>\n</xml>");
}

TEST_F(OptionalCalls, GetPublicKeyRefusesWithItsOwnCodes) {
    const auto with = [&](const Fields& changes) {
        return why_not("/risk/getpublickey", changed(kPublicKey, changes));
    };
    EXPECT_EQ(with({{"nonce_str", "other"}}), "SIGNERROR 签名错误");
    EXPECT_EQ(with({{"mch_id", "1900009999"}}), "20002 商户号信息有误，请检查修改后重试");
    EXPECT_EQ(with({{"mch_id", "x"}}), "20002 商户号信息有误，请检查修改后重试");
    EXPECT_EQ(why_not("/risk/getpublickey", kPublicKey, "SYSTEMERROR"),
              "SYSTEMERROR 系统繁忙，请稍后重试");
    EXPECT_EQ(sandbox.hint, "asked for by Wechatpay-Negative-Test");
}

TEST_F(OptionalCalls, GetPublicKeyWantsACertificateOverTls) {
    http::Request request;
    request.method = "POST";
    request.path = "/risk/getpublickey";
    request.body = AppHarness::xml(kPublicKey);
    request.secure = true;
    const http::Response response = sandbox.call(request);
    EXPECT_EQ(response.status, 400);
    EXPECT_NE(response.body.find("400 No required SSL certificate was sent"), std::string::npos);
}

// --- Paths that WeChat has and the sandbox has not ---

TEST_F(OptionalCalls, APathThatIsNotSimulatedSaysSo) {
    for (const char* const path :
         {"/secapi/pay/profitsharing", "/secapi/pay/profitsharingfinish",
          "/pay/profitsharingaddreceiver", "/pay/combinedorder", "/deposit/micropay",
          "/pay/facepay", "/papay/entrustweb", "/mmpaysptrans/pay_bank",
          "/mmpaymkttransfers/sendgroupredpack", "/mmpaymkttransfers/send_coupon",
          "/mmpaymkttransfers/query_coupon_stock", "/mmpaymkttransfers/querycouponsinfo",
          "/cgi-bin/mch/customs/customdeclareorder", "/secapi/mch/submchmanage",
          "/applyment/micro/submit"}) {
        const http::Response response = send(path, "<xml></xml>");
        EXPECT_EQ(response.status, 200) << path;
        EXPECT_EQ(response.body,
                  "<xml><return_code><![CDATA[FAIL]]></return_code>\n"
                  "<return_msg><![CDATA[sandbox: not simulated]]></return_msg>\n</xml>")
            << path;
        EXPECT_NE(sandbox.hint.find("does not simulate"), std::string::npos) << path;
    }
    EXPECT_EQ(send("/pay/unifiedordr", "").status, 404);
    EXPECT_EQ(sandbox.hint, "did you mean /pay/unifiedorder?");
}

// --- /cgi-bin/token ---

constexpr const char* kToken =
    "/cgi-bin/token?grant_type=client_credential&appid=wx8888888888888888&secret="
    "5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d";

TEST_F(OptionalCalls, ATokenIsGivenForAnAppsSecret) {
    const http::Response response = get(kToken);
    EXPECT_EQ(response.headers.get("Content-Type"), "application/json; charset=utf-8");
    const auto body = nlohmann::json::parse(response.body);
    EXPECT_EQ(response.body, R"({"access_token":")" + body["access_token"].get<std::string>() +
                                 R"(","expires_in":7200})");
    EXPECT_NE(response.body, get(kToken).body);
    const auto exchange =
        sandbox.control("GET", "/_sandbox/v1/exchanges/1").body["response"]["body"];
    EXPECT_EQ(exchange, R"({"access_token":"***","expires_in":7200})");
}

TEST_F(OptionalCalls, ATokenIsRefusedInWeChatsWords) {
    const std::string good(kToken);
    const auto refused = [&](const std::string& target, const std::string& demanded = "") {
        const auto body = nlohmann::json::parse(get(target, demanded).body);
        std::string words = body.value("errmsg", "");
        if (const std::size_t rid = words.find("rid: "); rid != std::string::npos) {
            EXPECT_EQ(words.size() - rid, 31U) << words;
            words.resize(rid + 5);
        }
        return std::to_string(body.value("errcode", 0)) + " " + words;
    };
    const auto with = [&](const std::string& from, const std::string& to) {
        return refused(std::string(good).replace(good.find(from), from.size(), to));
    };
    EXPECT_EQ(refused(good), "0 ");
    EXPECT_EQ(with("client_credential", "x"), "40002 invalid grant_type rid: ");
    EXPECT_EQ(with("appid=wx8888888888888888", ""), "41002 appid missing rid: ");
    EXPECT_EQ(with("5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d", ""), "41004 appsecret missing, rid: ");
    EXPECT_EQ(with("wx8888888888888888", "wx8888888888888889"), "40013 invalid appid rid: ");
    EXPECT_EQ(with("5a6c", "5a6d"), "40125 invalid appsecret, rid: ");
    EXPECT_EQ(refused(good, "40001"),
              "40001 invalid credential, access_token is invalid or not latest rid: ");
    EXPECT_EQ(refused(good, "40164"),
              "40164 invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: ");
    EXPECT_EQ(refused(good, "-1"), "-1 system error");
}

// --- /billcommentsp/batchquerycomment ---

const char* const kCommentsPath = "/billcommentsp/batchquerycomment";

const Fields kComments{
    {"appid", "wx8888888888888888"},
    {"mch_id", "1900000109"},
    {"nonce_str", "c1f3a5b7d9e1f3a5b7c9d1e3f5a7b9c1"},
    {"sign_type", "HMAC-SHA256"},
    {"begin_time", "20240601000000"},
    {"end_time", "20240602000000"},
    {"offset", "0"},
    {"limit", "100"},
    {"sign", "80CD7AEB7767969EB2EBCC1611DBB3FE99687421741979534266F4961F1D489C"}};

/// The same with other fields, signed anew.
Fields comments(const Fields& changes) { return AppHarness::sign(changed(kComments, changes)); }

class Comments : public OptionalCalls {
  protected:
    void add(const std::string& at, const std::string& transaction_id, int stars,
             const std::string& text) {
        const auto answer = sandbox.control("POST", "/_sandbox/v1/comments",
                                            {{"mch_id", "1900000109"},
                                             {"transaction_id", transaction_id},
                                             {"stars", stars},
                                             {"text", text},
                                             {"at", at}});
        EXPECT_EQ(answer.status, 200) << answer.body;
    }
    void add_the_samples() {
        add("2024-06-01T20:11:02+08:00", "4200002288202406013456789012", 2, "差评");
        add("2024-06-01T20:07:58+08:00", "4200002288202406010123456789", 5, "好评");
    }
};

TEST_F(Comments, AreGivenAsTheSamplesText) {
    add_the_samples();
    EXPECT_EQ(send(kCommentsPath, AppHarness::xml(kComments)).body,
              "100\n"
              "`2024-06-01 20:07:58,`4200002288202406010123456789,`5,`好评\n"
              "`2024-06-01 20:11:02,`4200002288202406013456789012,`2,`差评\n");
}

TEST_F(Comments, ComeInPagesAndOnePerLine) {
    add_the_samples();
    add("2024-06-01T21:00:00+08:00", "4200002288202406013456789013", 1, "two\nlines");
    EXPECT_EQ(send(kCommentsPath, AppHarness::xml(comments({{"limit", "1"}}))).body,
              "1\n`2024-06-01 20:07:58,`4200002288202406010123456789,`5,`好评\n");
    EXPECT_EQ(
        send(kCommentsPath, AppHarness::xml(comments({{"limit", "-"}, {"offset", "2"}}))).body,
        "202\n`2024-06-01 21:00:00,`4200002288202406013456789013,`1,`two lines\n");
    EXPECT_EQ(why_not(kCommentsPath, comments({{"offset", "3"}})), "NO_COMMENT 没有评论");
    EXPECT_EQ(why_not(kCommentsPath,
                      comments({{"begin_time", "20240602000000"}, {"end_time", "20240603000000"}})),
              "NO_COMMENT 没有评论");
}

TEST_F(Comments, AreRefusedInTheirOwnCodes) {
    const auto with = [&](const Fields& changes) {
        return why_not(kCommentsPath, comments(changes));
    };
    EXPECT_EQ(with({}), "NO_COMMENT 没有评论");
    EXPECT_EQ(with({{"begin_time", "20240229000000"}}), "TIME_EXPIRE 拉取的时间超过3个月");
    EXPECT_EQ(with({{"begin_time", "20240301120000"}}), "NO_COMMENT 没有评论");
    EXPECT_EQ(with({{"begin_time", "2024-06-01"}}), "PARAM_ERROR 参数错误");
    EXPECT_EQ(with({{"end_time", "20240531000000"}}), "PARAM_ERROR 参数错误");
    EXPECT_EQ(with({{"end_time", "-"}}), "PARAM_ERROR 参数错误");
    EXPECT_EQ(with({{"limit", "0"}}), "PARAM_ERROR 参数错误");
    EXPECT_EQ(with({{"limit", "200"}}), "NO_COMMENT 没有评论");
    EXPECT_EQ(with({{"limit", "201"}}), "PARAM_ERROR 参数错误");
    EXPECT_EQ(with({{"offset", "x"}}), "PARAM_ERROR 参数错误");
    EXPECT_EQ(with({{"sign_type", "MD5"}}), "SIGN_ERROR 签名错误");
    EXPECT_EQ(why_not(kCommentsPath, changed(kComments, {{"limit", "99"}})), "SIGN_ERROR 签名错误");
    EXPECT_EQ(why_not(kCommentsPath, kComments, "SYSTEMERROR"), "SYSTEMERROR 系统错误");
}

TEST_F(Comments, WithoutASignTypeAreSignedWithHmac) {
    Fields fields = changed(kComments, {{"sign_type", "-"}, {"sign", "-"}});
    std::vector<FieldView> views;
    for (const auto& [name, value] : fields) views.push_back({name, value});
    fields["sign"] = v2::sign(views, Secret(AppHarness::kKey), v2::SignType::hmac_sha256);
    EXPECT_EQ(why_not(kCommentsPath, fields), "NO_COMMENT 没有评论");
}

TEST_F(Comments, TheControlCallChecksWhatItIsGiven) {
    const nlohmann::json good{{"mch_id", "1900000109"},
                              {"transaction_id", "4200002288202406010123456789"}};
    const auto field_of = [&](const nlohmann::json& changes) {
        nlohmann::json body = good;
        body.update(changes);
        const auto answer = sandbox.control("POST", "/_sandbox/v1/comments", body);
        return answer.status == 200 ? "" : answer.body["error"].value("field", "?");
    };
    EXPECT_EQ(field_of(nlohmann::json::object()), "");
    EXPECT_EQ(field_of({{"mch_id", "x"}}), "mch_id");
    EXPECT_EQ(field_of({{"transaction_id", 1}}), "transaction_id");
    EXPECT_EQ(field_of({{"stars", 0}}), "stars");
    EXPECT_EQ(field_of({{"stars", 6}}), "stars");
    EXPECT_EQ(field_of({{"stars", "5"}}), "stars");
    EXPECT_EQ(field_of({{"at", "yesterday"}}), "at");
    EXPECT_EQ(field_of({{"text", std::string(1025, 'x')}}), "text");
    EXPECT_EQ(field_of({{"txt", ""}}), "txt");
}

// --- /mmpaymkttransfers/promotion/transfers and /mmpaymkttransfers/gettransferinfo ---

const char* const kTransferPath = "/mmpaymkttransfers/promotion/transfers";
const char* const kTransferQueryPath = "/mmpaymkttransfers/gettransferinfo";

const Fields kTransfer{{"mch_appid", "wx8888888888888888"},
                       {"mchid", "1900000109"},
                       {"nonce_str", "3PG2J4ILTKCH16CQ2502SI8ZNMTM67VS"},
                       {"partner_trade_no", "100000982024060100001"},
                       {"openid", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
                       {"check_name", "FORCE_CHECK"},
                       {"re_user_name", "张三"},
                       {"amount", "100"},
                       {"desc", "节日快乐"},
                       {"spbill_create_ip", "10.2.3.10"},
                       {"sign", "DA7CE9913AD2299EF2E2B64CA21E5ED9"}};

const Fields kTransferQuery{{"nonce_str", "50780e0cca98c8c8e814883e5caabcde"},
                            {"partner_trade_no", "100000982024060100001"},
                            {"mch_id", "1900000109"},
                            {"appid", "wx8888888888888888"},
                            {"sign", "14C89668F58524D611622CAA68BFCA1D"}};

/// The fields with these changes, signed anew.
Fields signed_with(Fields fields, const std::string& key = AppHarness::kKey) {
    fields.erase("sign");
    std::vector<FieldView> views;
    for (const auto& [name, value] : fields) views.push_back({name, value});
    fields["sign"] = v2::sign(views, Secret(key), v2::SignType::md5);
    return fields;
}

class Transfers : public OptionalCalls {
  protected:
    std::string with(const Fields& changes) {
        return why_not(kTransferPath, signed_with(changed(kTransfer, changes)));
    }
    std::string demanded(const std::string& code) {
        return why_not(kTransferPath, kTransfer, code);
    }
};

TEST_F(Transfers, AnswerTheSampleInWeChatsBytes) {
    const http::Response response = send(kTransferPath, AppHarness::xml(kTransfer));
    const std::string number = value_in(response.body, "payment_no");
    EXPECT_EQ(number.size(), std::string("10100009822024060100060000000001").size());
    EXPECT_EQ(number.substr(10, 8), "20240601");
    EXPECT_EQ(response.body,
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[]]></return_msg>\n"
              "<mch_appid><![CDATA[wx8888888888888888]]></mch_appid>\n"
              "<mchid><![CDATA[1900000109]]></mchid>\n"
              "<nonce_str><![CDATA[3PG2J4ILTKCH16CQ2502SI8ZNMTM67VS]]></nonce_str>\n"
              "<result_code><![CDATA[SUCCESS]]></result_code>\n"
              "<partner_trade_no><![CDATA[100000982024060100001]]></partner_trade_no>\n"
              "<payment_no><![CDATA[" +
                  number +
                  "]]></payment_no>\n"
                  "<payment_time><![CDATA[2024-06-01 12:00:00]]></payment_time>\n</xml>");
}

TEST_F(Transfers, AreFoundByTheirNumberInWeChatsBytes) {
    const std::string number =
        value_in(send(kTransferPath, AppHarness::xml(kTransfer)).body, "payment_no");
    const http::Response response = send(kTransferQueryPath, AppHarness::xml(kTransferQuery));
    EXPECT_EQ(response.body,
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[获取成功]]></return_msg>\n"
              "<result_code><![CDATA[SUCCESS]]></result_code>\n"
              "<mch_id><![CDATA[1900000109]]></mch_id>\n"
              "<appid><![CDATA[wx8888888888888888]]></appid>\n"
              "<detail_id><![CDATA[" +
                  number +
                  "]]></detail_id>\n"
                  "<partner_trade_no><![CDATA[100000982024060100001]]></partner_trade_no>\n"
                  "<status><![CDATA[SUCCESS]]></status>\n"
                  "<payment_amount>100</payment_amount>\n"
                  "<openid><![CDATA[oUpF8uMuAJO_M2pxb1Q9zNjWeS6o]]></openid>\n"
                  "<transfer_time><![CDATA[2024-06-01 12:00:00]]></transfer_time>\n"
                  "<payment_time><![CDATA[2024-06-01 12:00:00]]></payment_time>\n"
                  "<transfer_name><![CDATA[张三]]></transfer_name>\n"
                  "<desc><![CDATA[节日快乐]]></desc>\n</xml>");
}

TEST_F(Transfers, OfTheSameNumberAreTheSameTransfer) {
    const std::string first = send(kTransferPath, AppHarness::xml(kTransfer)).body;
    sandbox.advance(1h);
    EXPECT_EQ(send(kTransferPath, AppHarness::xml(kTransfer)).body, first);
    EXPECT_EQ(with({{"nonce_str", "another"}, {"spbill_create_ip", "::1"}}), "");
    for (const Fields& changes :
         {Fields{{"amount", "101"}}, Fields{{"openid", "oOther"}}, Fields{{"desc", "x"}},
          Fields{{"re_user_name", "李四"}}, Fields{{"check_name", "NO_CHECK"}}}) {
        EXPECT_EQ(with(changes), "FATAL_ERROR 两次请求参数不一致") << changes.begin()->first;
        EXPECT_NE(sandbox.hint.find("was sent before with another"), std::string::npos);
    }
}

TEST_F(Transfers, EchoTheDeviceAlsoWhenTheyFail) {
    const Fields device{{"device_info", "013467007045764"}};
    const auto answer = [&](const Fields& changes) {
        return send(kTransferPath,
                    AppHarness::xml(signed_with(changed(changed(kTransfer, device), changes))))
            .body;
    };
    EXPECT_EQ(value_in(answer({}), "device_info"), "013467007045764");
    EXPECT_EQ(answer({{"amount", "1"}}),
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[付款金额超出限制。低于最小金额1.00元或累计超过5000.00元。]]>"
              "</return_msg>\n"
              "<mch_appid><![CDATA[wx8888888888888888]]></mch_appid>\n"
              "<mchid><![CDATA[1900000109]]></mchid>\n"
              "<device_info><![CDATA[013467007045764]]></device_info>\n"
              "<result_code><![CDATA[FAIL]]></result_code>\n"
              "<err_code><![CDATA[AMOUNT_LIMIT]]></err_code>\n"
              "<err_code_des><![CDATA[付款金额超出限制。低于最小金额1.00元或累计超过5000.00元。]]>"
              "</err_code_des>\n</xml>");
}

TEST_F(Transfers, FailForLackOfMoneyInTheSamplesBytes) {
    EXPECT_EQ(send(kTransferPath, AppHarness::xml(kTransfer), "NOTENOUGH").body,
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[支付失败]]></return_msg>\n"
              "<mch_appid><![CDATA[wx8888888888888888]]></mch_appid>\n"
              "<mchid><![CDATA[1900000109]]></mchid>\n"
              "<result_code><![CDATA[FAIL]]></result_code>\n"
              "<err_code><![CDATA[NOTENOUGH]]></err_code>\n"
              "<err_code_des><![CDATA[余额不足]]></err_code_des>\n</xml>");
}

/// The demo merchant with an account of `fen`.
sandbox::Directory with_account(std::int64_t fen) {
    const sandbox::Directory demo = sandbox::demo_directory();
    sandbox::Merchant merchant = *demo.find_merchant("1900000109");
    merchant.top_up = Fen{fen};
    return {{*demo.find_app("wx8888888888888888")}, {merchant}};
}

TEST_F(Transfers, TakeTheirMoneyFromTheMerchantsAccount) {
    sandbox.directory = with_account(200);
    EXPECT_EQ(with({{"partner_trade_no", "t1"}}), "");
    EXPECT_EQ(with({{"partner_trade_no", "t2"}, {"amount", "101"}}), "NOTENOUGH 余额不足");
    EXPECT_EQ(with({{"partner_trade_no", "t2"}}), "");
    EXPECT_EQ(with({{"partner_trade_no", "t2"}}), "") << "a repeated call takes nothing";
    EXPECT_EQ(with({{"partner_trade_no", "t3"}, {"amount", "30"}}), "NOTENOUGH 余额不足");
}

TEST_F(Transfers, RefuseWhatTheirFieldsMustNotBe) {
    constexpr const char* kForm = "PARAM_ERROR 参数错误:单号必须为33位以下的数字或字母";
    constexpr const char* kOpenid = "PARAM_ERROR 参数错误:输入的用户openid有误.";
    constexpr const char* kMerchant = "PARAM_ERROR 参数错误:输入的商户号有误.";
    constexpr const char* kOther = "PARAM_ERROR 参数错误";
    constexpr const char* kAmount =
        "AMOUNT_LIMIT 付款金额超出限制。低于最小金额1.00元或累计超过5000.00元。";
    EXPECT_EQ(with({{"partner_trade_no", std::string(32, 'a')}}), "");
    EXPECT_EQ(with({{"partner_trade_no", std::string(33, 'a')}}), kForm);
    EXPECT_EQ(with({{"partner_trade_no", "a-1"}}), kForm);
    EXPECT_EQ(with({{"partner_trade_no", "-"}}), "PARAM_ERROR 参数错误:输入的商户订单号有误");
    EXPECT_EQ(with({{"openid", "x"}}), kOpenid);
    EXPECT_EQ(with({{"openid", "-"}}), kOpenid);
    EXPECT_EQ(with({{"mchid", "x"}}), kMerchant);
    EXPECT_EQ(with({{"mchid", "1900009999"}}), kMerchant);
    EXPECT_EQ(with({{"check_name", "YES"}}), kOther);
    EXPECT_EQ(with({{"re_user_name", "-"}}), kOther);
    EXPECT_EQ(with({{"partner_trade_no", "n1"}, {"re_user_name", "-"}, {"check_name", "NO_CHECK"}}),
              "");
    EXPECT_EQ(with({{"amount", "1.00"}}), kOther);
    EXPECT_EQ(with({{"amount", "29"}}), kAmount);
    EXPECT_EQ(with({{"amount", "0"}}), kAmount);
    EXPECT_EQ(with({{"partner_trade_no", "n2"}, {"amount", "30"}}), "");
    EXPECT_EQ(with({{"partner_trade_no", "n3"}, {"amount", "500000"}, {"openid", "oRich"}}), "");
    EXPECT_EQ(with({{"amount", "500001"}}), kAmount);
    EXPECT_EQ(with({{"amount", "9999999999"}}), kAmount);
    EXPECT_EQ(with({{"amount", "10000000000"}}), kOther);
    EXPECT_EQ(with({{"partner_trade_no", "n4"}, {"desc", std::string(100, 'x')}}), "");
    EXPECT_EQ(with({{"desc", std::string(101, 'x')}}), kOther);
    EXPECT_EQ(with({{"spbill_create_ip", "here"}}), kOther);
    EXPECT_EQ(with({{"nonce_str", std::string(33, 'x')}}), kOther);
    EXPECT_EQ(with({{"mch_appid", "wx0000000000000000"}}), "appid不存在");
    EXPECT_EQ(with({{"mch_appid", "wx1111111111111111"}}), "商户号mch_id与appid不匹配");
}

TEST_F(Transfers, ToOneUserComeToAtMostFiveThousandYuanADay) {
    constexpr const char* kLimit =
        "AMOUNT_LIMIT 付款金额超出限制。低于最小金额1.00元或累计超过5000.00元。";
    EXPECT_EQ(with({{"partner_trade_no", "d1"}, {"amount", "499900"}}), "");
    EXPECT_EQ(with({{"partner_trade_no", "d2"}, {"amount", "101"}}), kLimit);
    EXPECT_EQ(with({{"partner_trade_no", "d2"}, {"amount", "100"}}), "");
    EXPECT_EQ(with({{"partner_trade_no", "d2"}, {"amount", "100"}}), "") << "a repeated call";
    EXPECT_EQ(with({{"partner_trade_no", "d3"}, {"amount", "30"}}), kLimit);
    EXPECT_EQ(with({{"partner_trade_no", "d3"}, {"amount", "30"}, {"openid", "oOther"}}), "");
    sandbox.advance(12h);  // midnight of UTC+8
    EXPECT_EQ(with({{"partner_trade_no", "d4"}, {"amount", "30"}}), "");
}

TEST_F(Transfers, ToASlowUserArriveLater) {
    const Fields slow{{"openid", "oSLOW1"}};
    const auto status = [this] {
        return send(kTransferQueryPath, AppHarness::xml(kTransferQuery)).body;
    };
    EXPECT_EQ(with(slow), "SYSTEMERROR 微信内部接口调用发生错误");
    EXPECT_EQ(value_in(status(), "status"), "PROCESSING");
    EXPECT_EQ(status().find("payment_time"), std::string::npos);
    sandbox.advance(9s);
    EXPECT_EQ(with(slow), "SYSTEMERROR 微信内部接口调用发生错误");
    sandbox.advance(1s);
    EXPECT_EQ(value_in(status(), "status"), "SUCCESS");
    EXPECT_EQ(value_in(status(), "transfer_time"), "2024-06-01 12:00:00");
    EXPECT_EQ(value_in(status(), "payment_time"), "2024-06-01 12:00:10");
    EXPECT_EQ(with(slow), "") << "the first result again";
    const auto again = send(kTransferPath, AppHarness::xml(signed_with(changed(kTransfer, slow))));
    EXPECT_EQ(value_in(again.body, "payment_time"), "2024-06-01 12:00:10");
}

TEST_F(Transfers, MayFailAndThenMoveNoMoney) {
    sandbox.directory = with_account(100);
    EXPECT_EQ(with({{"openid", "oPAYERROR1"}}), "SEND_FAILED 付款错误");
    const std::string status = send(kTransferQueryPath, AppHarness::xml(kTransferQuery)).body;
    EXPECT_EQ(value_in(status, "status"), "FAILED");
    EXPECT_EQ(value_in(status, "reason"), "付款错误");
    EXPECT_EQ(with({{"openid", "oPAYERROR1"}}), "SEND_FAILED 付款错误") << "the same again";
    EXPECT_EQ(with({{"partner_trade_no", "new"}}), "") << "the account still holds its money";
}

TEST_F(Transfers, RefuseTheWrongNameAndTheWrongUser) {
    EXPECT_EQ(with({{"re_user_name", "错误"}}), "NAME_MISMATCH 姓名校验出错");
    EXPECT_EQ(with({{"re_user_name", "错误"}, {"check_name", "NO_CHECK"}}), "");
    const std::string openid = "oOfAnotherApp000000000000000";
    get("/sns/jscode2session?appid=wx1111111111111111&secret=0b1c2d3e4f5061728394a5b6c7d8e9f0&"
        "grant_type=authorization_code&js_code=" +
        openid);
    EXPECT_EQ(with({{"partner_trade_no", "n1"}, {"openid", openid}}), "OPENID_ERROR Openid错误");
}

TEST_F(Transfers, HaveNoTwinInTheAcceptanceSandbox) {
    EXPECT_EQ(send("/sandboxnew/mmpaymkttransfers/promotion/transfers",
                   AppHarness::xml(changed(kTransfer, {{"mch_appid", "x"}})))
                  .status,
              404);
}

TEST_F(Transfers, NeedTheirProduct) {
    const Fields sent = signed_with(changed(kTransfer, {{"mchid", "1900000110"}}),
                                    "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c");
    const std::string body = send(kTransferPath, AppHarness::xml(sent)).body;
    EXPECT_EQ(value_in(body, "return_msg"), "NO_AUTH");
    EXPECT_EQ(value_in(body, "err_code"), "NO_AUTH");
    EXPECT_EQ(value_in(body, "err_code_des"), "产品权限验证失败,请查看您当前是否具有该产品的权限");
}

TEST_F(Transfers, RefuseWhatTheyCannotReadOrTrust) {
    EXPECT_EQ(why_not(kTransferPath, changed(kTransfer, {{"amount", "99"}})),
              "SIGN_ERROR 签名错误");
    EXPECT_EQ(
        why_not(kTransferPath, AppHarness::sign(changed(
                                   kTransfer, {{"sign_type", "HMAC-SHA256"}, {"appid", ""}}))),
        "SIGN_ERROR 签名错误");
    EXPECT_EQ(send(kTransferPath, "not XML").body,
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[Post内容出错]]></return_msg>\n"
              "<result_code><![CDATA[FAIL]]></result_code>\n"
              "<err_code><![CDATA[XML_ERROR]]></err_code>\n"
              "<err_code_des><![CDATA[Post内容出错]]></err_code_des>\n</xml>");
    EXPECT_EQ(value_in(send(kTransferPath, "").body, "err_code"), "XML_ERROR");
    EXPECT_EQ(value_in(send(kTransferPath, "<xml><desc>\xB2\xE2</desc></xml>").body, "err_code"),
              "PARAM_IS_NOT_UTF8");
    certificate = std::make_shared<http::ClientCertificate>(
        http::ClientCertificate{"1900000110", "01", true});
    EXPECT_EQ(with({}), "CA_ERROR 商户API证书校验出错");
    certificate = std::make_shared<http::ClientCertificate>(
        http::ClientCertificate{"1900000109", "01", true});
    EXPECT_EQ(with({}), "");
}

TEST_F(Transfers, FailOnDemandAsWeChatMay) {
    EXPECT_EQ(demanded("FREQ_LIMIT"), "FREQ_LIMIT 超过频率限制，请稍后再试。");
    EXPECT_EQ(demanded("MONEY_LIMIT"),
              "MONEY_LIMIT 已经达到今日付款总额上限/已达到付款给此用户额度上限");
    EXPECT_EQ(demanded("V2_ACCOUNT_SIMPLE_BAN"), "V2_ACCOUNT_SIMPLE_BAN 无法给未实名用户付款");
    EXPECT_EQ(demanded("SENDNUM_LIMIT"), "SENDNUM_LIMIT 该用户今日付款次数超过限制");
    EXPECT_EQ(demanded("RECV_ACCOUNT_NOT_ALLOWED"),
              "RECV_ACCOUNT_NOT_ALLOWED 收款账户不在收款账户列表");
    EXPECT_EQ(demanded("PAY_CHANNEL_NOT_ALLOWED"),
              "PAY_CHANNEL_NOT_ALLOWED 本商户号未配置API发起能力");
    EXPECT_EQ(demanded("SEND_FAILED"), "SEND_FAILED 付款错误");
    EXPECT_EQ(demanded("SYSTEMERROR"), "SYSTEMERROR 微信内部接口调用发生错误");
    EXPECT_EQ(why_not(kTransferQueryPath, kTransferQuery), "NOT_FOUND 指定单号数据不存在");
}

TEST_F(Transfers, AreAskedForWithRefusalsOfTheirOwn) {
    const auto query = [&](const Fields& changes) {
        return why_not(kTransferQueryPath, signed_with(changed(kTransferQuery, changes)));
    };
    EXPECT_EQ(with({}), "");
    EXPECT_EQ(query({}), "");
    EXPECT_EQ(query({{"partner_trade_no", "other"}}), "NOT_FOUND 指定单号数据不存在");
    EXPECT_EQ(query({{"partner_trade_no", "a-1"}}), "PARAM_ERROR 请求参数错误");
    EXPECT_EQ(query({{"partner_trade_no", "-"}}), "PARAM_ERROR 请求参数错误");
    EXPECT_EQ(why_not(kTransferQueryPath, changed(kTransferQuery, {{"nonce_str", "x"}})),
              "SIGN_ERROR 商户签名错误");
    EXPECT_EQ(why_not(kTransferQueryPath, kTransferQuery, "FREQ_LIMIT"), "FREQ_LIMIT 受频率限制");
    EXPECT_EQ(why_not(kTransferQueryPath, kTransferQuery, "SYSTEMERROR"),
              "SYSTEMERROR 系统繁忙，请再试。");
    certificate = std::make_shared<http::ClientCertificate>(
        http::ClientCertificate{"1900000110", "01", true});
    EXPECT_EQ(query({}), "CA_ERROR 证书验证失败");
    certificate = nullptr;
    sandbox.advance(30 * 24h);
    EXPECT_EQ(query({}), "");
    sandbox.advance(1s);
    EXPECT_EQ(query({}), "NOT_FOUND 指定单号数据不存在");
}

// --- /mmpaymkttransfers/sendredpack and /mmpaymkttransfers/gethbinfo ---

const char* const kRedPacketPath = "/mmpaymkttransfers/sendredpack";
const char* const kRedPacketQueryPath = "/mmpaymkttransfers/gethbinfo";

const Fields kRedPacket{{"nonce_str", "50780e0cca98c8c8e814883e5caa672e"},
                        {"mch_billno", "1900000109202406010000000001"},
                        {"mch_id", "1900000109"},
                        {"wxappid", "wx8888888888888888"},
                        {"send_name", "天虹百货"},
                        {"re_openid", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
                        {"total_amount", "1000"},
                        {"total_num", "1"},
                        {"wishing", "恭喜发财"},
                        {"client_ip", "192.168.0.1"},
                        {"act_name", "新年红包"},
                        {"remark", "新年红包"},
                        {"scene_id", "PRODUCT_2"},
                        {"sign", "A370A062214548923979AD5E5FC6FC71"}};

class RedPackets : public OptionalCalls {
  protected:
    std::string with(const Fields& changes) {
        return why_not(kRedPacketPath, signed_with(changed(kRedPacket, changes)));
    }
    std::string demanded(const std::string& code) {
        return why_not(kRedPacketPath, kRedPacket, code);
    }
    static Fields query(const Fields& changes = {}) {
        return signed_with(changed({{"nonce_str", "50780e0cca98c8c8e814883e5caa672e"},
                                    {"mch_billno", "1900000109202406010000000001"},
                                    {"mch_id", "1900000109"},
                                    {"appid", "wx8888888888888888"},
                                    {"bill_type", "MCHT"}},
                                   changes));
    }
    std::string info() { return send(kRedPacketQueryPath, AppHarness::xml(query())).body; }
    /// What gethbinfo says between `from` and the end.
    static std::string ending(const std::string& body, const std::string& from) {
        const std::size_t at = body.find("<" + from + ">");
        return at == std::string::npos ? body : body.substr(at);
    }
};

TEST_F(RedPackets, AnswerTheSampleInWeChatsBytes) {
    const http::Response response = send(kRedPacketPath, AppHarness::xml(kRedPacket));
    const std::string number = value_in(response.body, "send_listid");
    EXPECT_EQ(number.size(), std::string("1000041701202406013000000000001").size());
    EXPECT_EQ(response.body,
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[发放成功.]]></return_msg>\n"
              "<result_code><![CDATA[SUCCESS]]></result_code>\n"
              "<err_code><![CDATA[SUCCESS]]></err_code>\n"
              "<err_code_des><![CDATA[发放成功.]]></err_code_des>\n"
              "<mch_billno><![CDATA[1900000109202406010000000001]]></mch_billno>\n"
              "<mch_id><![CDATA[1900000109]]></mch_id>\n"
              "<wxappid><![CDATA[wx8888888888888888]]></wxappid>\n"
              "<re_openid><![CDATA[oUpF8uMuAJO_M2pxb1Q9zNjWeS6o]]></re_openid>\n"
              "<total_amount>1000</total_amount>\n"
              "<send_listid><![CDATA[" +
                  number + "]]></send_listid>\n</xml>");
    EXPECT_EQ(send(kRedPacketPath, AppHarness::xml(kRedPacket)).body, response.body);
}

TEST_F(RedPackets, AreSentAndAfterTenSecondsReceived) {
    const std::string number =
        value_in(send(kRedPacketPath, AppHarness::xml(kRedPacket)).body, "send_listid");
    EXPECT_EQ(info(),
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[获取成功]]></return_msg>\n"
              "<result_code><![CDATA[SUCCESS]]></result_code>\n"
              "<mch_billno><![CDATA[1900000109202406010000000001]]></mch_billno>\n"
              "<mch_id><![CDATA[1900000109]]></mch_id>\n"
              "<detail_id><![CDATA[" +
                  number +
                  "]]></detail_id>\n"
                  "<status><![CDATA[SENT]]></status>\n"
                  "<send_type><![CDATA[API]]></send_type>\n"
                  "<hb_type><![CDATA[NORMAL]]></hb_type>\n"
                  "<total_num>1</total_num>\n"
                  "<total_amount>1000</total_amount>\n"
                  "<send_time><![CDATA[2024-06-01 12:00:00]]></send_time>\n"
                  "<wishing><![CDATA[恭喜发财]]></wishing>\n"
                  "<remark><![CDATA[新年红包]]></remark>\n"
                  "<act_name><![CDATA[新年红包]]></act_name>\n</xml>");
    sandbox.advance(9s);
    EXPECT_NE(info().find("<![CDATA[SENT]]>"), std::string::npos);
    sandbox.advance(1s);
    EXPECT_NE(info().find("<status><![CDATA[RECEIVED]]></status>"), std::string::npos);
    EXPECT_EQ(ending(info(), "act_name"),
              "<act_name><![CDATA[新年红包]]></act_name>\n"
              "<hblist><hbinfo><openid><![CDATA[oUpF8uMuAJO_M2pxb1Q9zNjWeS6o]]></openid>\n"
              "<amount>1000</amount>\n"
              "<rcv_time><![CDATA[2024-06-01 12:00:10]]></rcv_time>\n"
              "</hbinfo>\n</hblist>\n</xml>");
    sandbox.advance(24h);
    EXPECT_NE(info().find("<status><![CDATA[RECEIVED]]></status>"), std::string::npos);
}

TEST_F(RedPackets, ThatNobodyOpensReturnAfterADay) {
    EXPECT_EQ(with({{"re_openid", "oCANCEL1"}}), "");
    sandbox.advance(24h - 1s);
    EXPECT_NE(info().find("<status><![CDATA[SENT]]></status>"), std::string::npos);
    sandbox.advance(1s);
    EXPECT_NE(info().find("<status><![CDATA[REFUND]]></status>"), std::string::npos);
    EXPECT_EQ(ending(info(), "refund_time"),
              "<refund_time><![CDATA[2024-06-02 12:00:00]]></refund_time>\n"
              "<refund_amount>1000</refund_amount>\n"
              "<wishing><![CDATA[恭喜发财]]></wishing>\n"
              "<remark><![CDATA[新年红包]]></remark>\n"
              "<act_name><![CDATA[新年红包]]></act_name>\n</xml>");
}

TEST_F(RedPackets, TakeTheirMoneyFromTheMerchantsAccountAndGiveItBack) {
    sandbox.directory = with_account(1500);
    EXPECT_EQ(with({{"re_openid", "oCANCEL1"}}), "");
    EXPECT_EQ(with({{"mch_billno", "r2"}}), "NOTENOUGH 帐号余额不足，请到商户平台充值后再重试");
    sandbox.advance(24h);
    EXPECT_EQ(with({{"mch_billno", "r2"}}), "");
    sandbox.advance(24h);
    EXPECT_EQ(with({{"mch_billno", "r3"}}), "NOTENOUGH 帐号余额不足，请到商户平台充值后再重试");
    const auto work = sandbox.store->begin();
    EXPECT_EQ(work->balance(MchId::parse("1900000109").value()), Fen{500});
}

TEST_F(RedPackets, OfTheSameNumberMustBeTheSame) {
    EXPECT_EQ(with({}), "");
    for (const char* const name : {"send_name", "re_openid", "wishing", "act_name", "remark"}) {
        EXPECT_EQ(with({{name, "other"}}), "FATAL_ERROR openid和原始单参数不一致") << name;
    }
    EXPECT_EQ(with({{"total_amount", "1001"}}), "FATAL_ERROR openid和原始单参数不一致");
    EXPECT_EQ(with({{"scene_id", "PRODUCT_3"}}), "FATAL_ERROR openid和原始单参数不一致");
}

TEST_F(RedPackets, RefuseWhatTheirFieldsMustNotBe) {
    constexpr const char* kParam = "PARAM_ERROR 参数错误";
    constexpr const char* kLimit = "MONEY_LIMIT 红包金额发放限制";
    const auto amount = [&](const std::string& number, const std::string& value,
                            const std::string& scene) {
        Fields fields = changed(kRedPacket, {{"mch_billno", number}, {"total_amount", value}});
        if (scene.empty()) {
            fields.erase("scene_id");
        } else {
            fields["scene_id"] = scene;
        }
        return why_not(kRedPacketPath, signed_with(fields));
    };
    EXPECT_EQ(amount("b2", "99", ""), kLimit);
    EXPECT_EQ(amount("b3", "100", ""), "");
    EXPECT_EQ(amount("b4", "20000", ""), "");
    EXPECT_EQ(amount("b5", "20001", ""), kLimit);
    EXPECT_EQ(amount("b6", "20001", "PRODUCT_1"), "");
    EXPECT_EQ(amount("b7", "29", "PRODUCT_1"), kLimit);
    EXPECT_EQ(amount("b8", "500001", "PRODUCT_8"), kLimit);
    EXPECT_EQ(amount("b9", "100", "PRODUCT_9"), kParam);
    EXPECT_EQ(with({{"mch_billno", std::string(29, '1')}}), kParam);
    EXPECT_EQ(with({{"mch_billno", "a_1"}}), kParam);
    EXPECT_EQ(with({{"mch_billno", "-"}}), kParam);
    EXPECT_EQ(with({{"total_num", "2"}}), kParam);
    EXPECT_EQ(with({{"client_ip", "::1:2"}, {"mch_billno", "c1"}}), "");
    EXPECT_EQ(with({{"client_ip", "localhost"}}), kParam);
    EXPECT_EQ(with({{"send_name", std::string(33, 'x')}}), kParam);
    EXPECT_EQ(with({{"wishing", std::string(129, 'x')}}), kParam);
    EXPECT_EQ(with({{"remark", std::string(257, 'x')}}), kParam);
    EXPECT_EQ(with({{"re_openid", "x"}}), kParam);
    EXPECT_EQ(with({{"wxappid", "wx0000000000000000"}}), "ILLEGAL_APPID 非法appid");
    EXPECT_EQ(with({{"wxappid", "wx1111111111111111"}}), "ILLEGAL_APPID 非法appid");
}

TEST_F(RedPackets, RefuseTheUserOfAnotherAppAndAMerchantWithoutTheProduct) {
    const std::string openid = "oOfAnotherApp000000000000000";
    get("/sns/jscode2session?appid=wx1111111111111111&secret=0b1c2d3e4f5061728394a5b6c7d8e9f0&"
        "grant_type=authorization_code&js_code=" +
        openid);
    EXPECT_EQ(with({{"re_openid", openid}}), "OPENID_ERROR openid和appid不匹配");
    EXPECT_EQ(why_not(kRedPacketPath, signed_with(changed(kRedPacket, {{"mch_id", "1900000110"}}),
                                                  "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c")),
              "NO_AUTH 发放失败，此请求可能存在风险，已被微信拦截");
}

TEST_F(RedPackets, RefuseWhatTheyCannotReadOrTrust) {
    EXPECT_EQ(send(kRedPacketPath, "").body,
              "<xml><return_code><![CDATA[SUCCESS]]></return_code>\n"
              "<return_msg><![CDATA[输入xml参数格式错误]]></return_msg>\n"
              "<result_code><![CDATA[FAIL]]></result_code>\n"
              "<err_code><![CDATA[XML_ERROR]]></err_code>\n"
              "<err_code_des><![CDATA[输入xml参数格式错误]]></err_code_des>\n</xml>");
    EXPECT_EQ(value_in(send(kRedPacketPath, "{}").body, "err_code"), "XML_ERROR");
    const std::string body =
        send(kRedPacketPath, AppHarness::xml(changed(kRedPacket, {{"total_amount", "1001"}}))).body;
    EXPECT_EQ(ending(body, "result_code"),
              "<result_code><![CDATA[FAIL]]></result_code>\n"
              "<err_code><![CDATA[SIGN_ERROR]]></err_code>\n"
              "<err_code_des><![CDATA[签名错误]]></err_code_des>\n"
              "<mch_billno><![CDATA[1900000109202406010000000001]]></mch_billno>\n"
              "<mch_id><![CDATA[1900000109]]></mch_id>\n"
              "<wxappid><![CDATA[wx8888888888888888]]></wxappid>\n"
              "<re_openid><![CDATA[oUpF8uMuAJO_M2pxb1Q9zNjWeS6o]]></re_openid>\n"
              "<total_amount>1001</total_amount>\n</xml>");
    certificate = std::make_shared<http::ClientCertificate>(
        http::ClientCertificate{"1900000110", "01", true});
    EXPECT_EQ(with({}), "CA_ERROR 证书校验出错");
}

TEST_F(RedPackets, FailOnDemandAsWeChatMay) {
    EXPECT_EQ(demanded("NOTENOUGH"), "NOTENOUGH 帐号余额不足，请到商户平台充值后再重试");
    EXPECT_EQ(demanded("NO_AUTH"), "NO_AUTH 发放失败，此请求可能存在风险，已被微信拦截");
    EXPECT_EQ(demanded("SENDNUM_LIMIT"), "SENDNUM_LIMIT 该用户今日领取红包个数超过限制");
    EXPECT_EQ(demanded("SEND_FAILED"), "SEND_FAILED 红包发放失败,请更换单号再重试");
    EXPECT_EQ(demanded("FREQ_LIMIT"), "FREQ_LIMIT 超过频率限制,请稍后再试");
    EXPECT_EQ(demanded("SYSTEMERROR"), "SYSTEMERROR 请求已受理，请稍后使用原单号查询发放结果");
    EXPECT_EQ(demanded("PROCESSING"), "PROCESSING 请求已受理，请稍后使用原单号查询发放结果");
    EXPECT_EQ(why_not(kRedPacketQueryPath, query()), "NOT_FOUND 指定单号数据不存在");
    EXPECT_EQ(why_not(kRedPacketQueryPath, query({{"bill_type", "X"}})), "bill_type参数格式错误");
}

TEST_F(RedPackets, AreForgottenByAReset) {
    EXPECT_EQ(with({}), "");
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/reset?mch_id=1900000109").status, 200);
    EXPECT_EQ(why_not(kRedPacketQueryPath, query()), "NOT_FOUND 指定单号数据不存在");
    EXPECT_EQ(with({}), "");
    sandbox.advance(1h);
    EXPECT_NE(info().find("RECEIVED"), std::string::npos);
    EXPECT_EQ(sandbox.control("POST", "/_sandbox/v1/reset").status, 200);
    EXPECT_EQ(why_not(kRedPacketQueryPath, query()), "NOT_FOUND 指定单号数据不存在");
}

}  // namespace
}  // namespace wxpay::test
