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
        const std::size_t mark = target.find('?');
        request.path = target.substr(0, mark);
        if (mark != std::string::npos) request.query = target.substr(mark + 1);
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
          "/mmpaymkttransfers/sendgroupredpack", "/cgi-bin/mch/customs/customdeclareorder",
          "/secapi/mch/submchmanage", "/applyment/micro/submit"}) {
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

}  // namespace
}  // namespace wxpay::test
