// What is wrong with calls and callbacks of API V3: the 35 pitfalls of spec V3 section 10 (those
// that cannot be seen from here are listed in sandbox/diagnosis/callback.cpp), and each way to get
// a signature wrong, made here by signing as such a client would.
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/codec/base64.hpp"
#include "core/codec/hex.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/sign.hpp"

#include "tests/support/v3_caller.hpp"

namespace wxpay {
namespace {

using test::AppHarness;
using test::RecordingSender;
using test::V3Answer;
using test::V3Caller;
using Json = nlohmann::json;

constexpr const char* kJsapi = "/v3/pay/transactions/jsapi";
constexpr const char* kQuery = "/v3/pay/transactions/out-trade-no/T20240601000001?mchid=1900000109";

class V3Diagnosis : public testing::Test {
  protected:
    AppHarness sandbox;
    V3Caller merchant{sandbox};

    static v3::Authorization authorization_of(const http::Request& request) {
        return v3::parse_authorization(request.headers.get("Authorization")).value();
    }
    static void set(http::Request& request, const v3::Authorization& authorization) {
        request.headers.set("Authorization", v3::render_authorization(authorization));
    }

    /// The lines as the client signs them.
    struct Lines {
        std::string method, target, timestamp, nonce, body;
        std::string text() const {
            return v3::request_string(method, target, timestamp, nonce, body);
        }
    };
    using Spoil = std::function<std::string(Lines)>;

    /// Sends what is signed by what `spoil` makes of the five lines; gives the hint.
    std::string hint_of(http::Request request, const Spoil& spoil) {
        auto authorization = authorization_of(request);
        authorization.signature =
            merchant.key.sign_sha256(spoil({request.method, request.target, authorization.timestamp,
                                            authorization.nonce_str, request.body}));
        set(request, authorization);
        return refused(request);
    }
    std::string refused(const http::Request& request) {
        const V3Answer answer = merchant.send(request);
        EXPECT_EQ(answer.status, 401) << answer.response.body;
        EXPECT_FALSE(answer.is_signed);
        EXPECT_EQ(answer.message(), "错误的签名，验签失败");
        EXPECT_EQ(answer.number(), "268443699");
        return sandbox.hint;
    }
    std::string on_order(const Spoil& spoil) { return hint_of(order(), spoil); }
    std::string on_query(const Spoil& spoil) { return hint_of(query(), spoil); }
    http::Request order(const Json& changes = Json::object()) {
        return merchant.request("POST", kJsapi, V3Caller::order("T20240601000001", changes).dump());
    }
    http::Request query() { return merchant.request("GET", kQuery); }

    std::string explanation() const { return last().explanation; }
    std::vector<std::string> notes() const { return last().notes; }
    const wxpay::sandbox::Exchange& last() const {
        kept_ = sandbox.exchanges.list(1, [](const auto&) { return true; })[0];
        return *kept_;
    }
    bool is_noted(const std::string& part) const {
        for (const std::string& note : notes()) {
            if (note.find(part) != std::string::npos) return true;
        }
        return false;
    }

    mutable wxpay::sandbox::ExchangeLog::Pointer kept_;
};

TEST_F(V3Diagnosis, NamesLineEnds) {
    EXPECT_EQ(on_order([](const Lines& lines) {
                  std::string text = lines.text();
                  text.pop_back();
                  return text;
              }),
              "the last line end is missing: the fifth line ends with a LF as well");
    EXPECT_EQ(on_query([](const Lines& lines) {
                  std::string text = lines.text();
                  text.resize(text.size() - 2);
                  return text;
              }),
              "the last line end is missing: without a body the string ends with two LF");
    const auto joined = [](const Lines& lines, const std::string& end) {
        return lines.method + end + lines.target + end + lines.timestamp + end + lines.nonce + end +
               lines.body + end;
    };
    EXPECT_EQ(on_order([&](const Lines& lines) { return joined(lines, "\r\n"); }),
              "the lines were signed with CR LF as line ends");
    EXPECT_EQ(on_order([&](const Lines& lines) { return joined(lines, "\\n"); }),
              "the lines were signed with a backslash and an n as line ends");
    EXPECT_NE(explanation().find("Wanted:\n  POST\\n\n  /v3/pay/transactions/jsapi\\n\n"),
              std::string::npos)
        << explanation();
    EXPECT_NE(explanation().find("Signed was:"), std::string::npos);
}

// Pitfalls 1 and 2: github.com/TheNorthMemory/wechatpay-axios-plugin/issues/58 ;
// github.com/hpyer/node-easywechat/issues/41 ; github.com/w7corp/easywechat/pull/2169
TEST_F(V3Diagnosis, NamesABodyThatIsNotTheOneSigned) {
    const auto body = [this](const std::string& signed_body) {
        return on_order([&](Lines lines) {
            lines.body = signed_body;
            return lines.text();
        });
    };
    EXPECT_EQ(body(""), "the body was sent but not signed");
    EXPECT_NE(explanation().find("serialise first"), std::string::npos);
    EXPECT_EQ(body("[object Object]"),
              "the body was serialised twice: signed was its JSON as '[object Object]'");
    EXPECT_EQ(body(V3Caller::order("T20240601000001").dump(4)),
              "the body was serialised twice: signed was its JSON indented by 4");
    EXPECT_EQ(body(V3Caller::order("T20240601000001").dump(-1, ' ', true)),
              "the body was serialised twice: signed was its JSON with \\u escapes");
    EXPECT_EQ(body(V3Caller::order("T20240601000001").dump() + "\n"),
              "the body was serialised twice: signed was its JSON with a LF behind it");

    const Json order = V3Caller::order("T20240601000001");
    auto spaced = merchant.request("POST", kJsapi, order.dump(2));
    EXPECT_EQ(hint_of(spaced,
                      [&](Lines lines) {
                          lines.body = order.dump();
                          return lines.text();
                      }),
              "the body was serialised twice: signed was its JSON compact");
    EXPECT_EQ(hint_of(merchant.request("POST", kJsapi, R"({"b":1,"a":2})"),
                      [&](Lines lines) {
                          lines.body = R"({"a":2,"b":1})";
                          return lines.text();
                      }),
              "the body was serialised twice: signed was its JSON compact and sorted");
    EXPECT_EQ(hint_of(merchant.request("POST", kJsapi, R"({"b":1,"a":"x,y:z"})"),
                      [&](Lines lines) {
                          lines.body = R"({"b": 1, "a": "x,y:z"})";
                          return lines.text();
                      }),
              "the body was serialised twice: signed was its JSON with blanks");

    EXPECT_NE(hint_of(merchant.request("POST", kJsapi),
                      [&](Lines lines) {
                          lines.body = order.dump();
                          return lines.text();
                      })
                  .find("it came without a body: was one signed that was not sent?"),
              std::string::npos);
    EXPECT_NE(explanation().find("Content-Length"), std::string::npos);
    EXPECT_EQ(on_query([](Lines lines) {
                  lines.body = "{}";
                  return lines.text();
              }),
              "a body was signed ({}) but none was sent");
}

// Pitfall 3: github.com/klover2/wechatpay-node-v3-ts/issues/36
TEST_F(V3Diagnosis, NamesAnotherUrl) {
    const auto target = [this](const std::string& signed_target) {
        return on_query([&](Lines lines) {
            lines.target = signed_target;
            return lines.text();
        });
    };
    const std::string path = "/v3/pay/transactions/out-trade-no/T20240601000001";
    EXPECT_EQ(target(path), "the query string was not signed");
    EXPECT_EQ(target(std::string(kQuery) + "&out_trade_no=T20240601000001"),
              "path variables stood in the query as well when signed, but were not sent there");
    EXPECT_EQ(target("/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid=1900000109"),
              "path and query were signed with a variable of the path not filled in");
    EXPECT_EQ(target("https://api.mch.weixin.qq.com" + std::string(kQuery)),
              "the URL was signed with scheme and host; wanted: from the path on");
    EXPECT_EQ(target("http://127.0.0.1:12180" + std::string(kQuery)),
              "the URL was signed with scheme and host; wanted: from the path on");
    EXPECT_EQ(target(std::string(kQuery).substr(1)),
              "path and query were signed without the leading '/'");
    EXPECT_EQ(target(std::string(kQuery).substr(3)), "path and query were signed without '/v3'");

    EXPECT_EQ(hint_of(merchant.request("GET", path + "?mchid=1900000109&out_trade_no=T202406010000"
                                                     "01"),
                      [&](Lines lines) {
                          lines.target = kQuery;
                          return lines.text();
                      }),
              "path variables stood in the query as well when sent, but were not signed there");
    EXPECT_EQ(hint_of(merchant.request("GET",
                                       "/v3/pay/transactions/out-trade-no/a%7Cb%2Ac12?"
                                       "mchid=1900000109"),
                      [&](Lines lines) {
                          lines.target =
                              "/v3/pay/transactions/out-trade-no/a|b*c12?mchid=1900000109";
                          return lines.text();
                      }),
              "path and query were signed URL-decoded");
}

TEST_F(V3Diagnosis, NamesTheOtherLines) {
    EXPECT_EQ(on_order([](Lines lines) {
                  lines.method = "GET";
                  return lines.text();
              }),
              "the method was signed as GET, but POST was sent");
    EXPECT_EQ(on_order([](Lines lines) {
                  lines.method = "post";
                  return lines.text();
              }),
              "the method was signed as lower case");
    EXPECT_EQ(on_order([](Lines lines) {
                  lines.timestamp += "000";
                  return lines.text();
              }),
              "signed with timestamp 1717214400000, but the header has another one");
    EXPECT_EQ(on_order([](Lines lines) {
                  lines.timestamp = "1717214399";
                  return lines.text();
              }),
              "signed with timestamp 1717214399, but the header has another one");
    EXPECT_EQ(on_order([](Lines lines) {
                  lines.nonce = "593bec0c930bf1afeb40b4a08c8fb242";
                  return lines.text();
              }),
              "nonce_str was signed in lower case");
    EXPECT_EQ(on_order([](Lines lines) {
                  std::swap(lines.nonce, lines.timestamp);
                  return lines.text();
              }),
              "the lines were signed in another order: method, URL, nonce_str, timestamp, body");
    EXPECT_EQ(on_order([](const Lines& lines) {
                  return v3::request_string(lines.timestamp, lines.nonce, lines.method,
                                            lines.target, lines.body);
              }),
              "the lines were signed in another order: timestamp, nonce_str, method, URL, body");
    EXPECT_EQ(on_order([](const Lines& lines) {
                  return v3::request_string(lines.body, lines.nonce, lines.timestamp, lines.target,
                                            lines.method);
              }),
              "the lines were signed in another order: body, nonce_str, timestamp, URL, method");
}

TEST_F(V3Diagnosis, NamesTwoMistakesAtOnce) {
    EXPECT_EQ(on_query([](Lines lines) {
                  lines.target = lines.target.substr(0, lines.target.find('?'));
                  std::string text = lines.text();
                  text.pop_back();
                  return text;
              }),
              "the last line end is missing: the fifth line ends with a LF as well; and the query "
              "string was not signed");
    EXPECT_EQ(on_order([](Lines lines) {
                  lines.target = "https://api.mch.weixin.qq.com" + lines.target;
                  lines.body = "";
                  return lines.text();
              }),
              "the body was sent but not signed; and the URL was signed with scheme and host; "
              "wanted: from the path on");
}

// Pitfalls 23 and 28: github.com/wechatpay-apiv3/wechatpay-java/issues/256 ;
// github.com/wechatpay-apiv3/wechatpay-apache-httpclient/issues/139 ;
// github.com/minibear2021/wechatpayv3/issues/88
TEST_F(V3Diagnosis, NamesKeyPaddingAndHash) {
    const auto with = [this](const std::function<std::string(const std::string&)>& sign) {
        http::Request request = order();
        auto authorization = authorization_of(request);
        authorization.signature =
            sign(Lines{request.method, request.target, authorization.timestamp,
                       authorization.nonce_str, request.body}
                     .text());
        set(request, authorization);
        return refused(request);
    };
    const V3Caller provider(sandbox, "1900000111");
    EXPECT_EQ(with([&](const auto& text) { return provider.key.sign_sha256(text); }),
              "signed with the private key of merchant 1900000111");
    using Scheme = RsaPublicKey::Scheme;
    EXPECT_EQ(with([&](const auto& text) { return merchant.sign_as(Scheme::pss_sha256, text); }),
              "signed with RSA-PSS; wanted is RSASSA-PKCS1-v1_5 with SHA-256");
    EXPECT_EQ(with([&](const auto& text) { return merchant.sign_as(Scheme::pkcs1_sha1, text); }),
              "signed with SHA-1; wanted is SHA-256 with RSA");
    EXPECT_EQ(with([&](const auto& text) { return merchant.key.sign_sha256(text + "x"); }),
              "not the signature of this request under the key of mchid 1900000109, serial " +
                  merchant.serial_no);
    EXPECT_NE(explanation().find("openssl x509 -noout -modulus"), std::string::npos);
    EXPECT_NE(explanation().find("The string to sign"), std::string::npos);
}

// Pitfall 31: github.com/wechatpay-apiv3/wechatpay-php/issues/131
TEST_F(V3Diagnosis, NamesHowTheSignatureIsWritten) {
    const auto written = [this](const std::function<std::string(std::string)>& write) {
        http::Request request = order();
        auto authorization = authorization_of(request);
        authorization.signature = write(authorization.signature);
        set(request, authorization);
        return refused(request);
    };
    EXPECT_EQ(written([](const std::string& text) {
                  return text.substr(0, 76) + "\\n" + text.substr(76);
              }),
              "the signature is written with line ends or blanks in it");
    EXPECT_EQ(
        written([](const std::string& text) { return text.substr(0, 76) + " " + text.substr(76); }),
        "the signature is written with line ends or blanks in it");
    EXPECT_EQ(written([](const std::string& text) {
                  const auto bytes = base64_decode(text).value();
                  std::string hex;
                  append_hex(hex,
                             {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()},
                             HexCase::lower);
                  return hex;
              }),
              "the signature is written as hex");
    EXPECT_EQ(written([](const std::string& text) {
                  const auto bytes = base64_decode(text).value();
                  return base64url_encode(
                      {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
              }),
              "the signature is written as URL-safe base64");
    EXPECT_EQ(written([](const std::string& text) { return http::percent_encode(text); }),
              "the signature is written URL-encoded");
    EXPECT_EQ(written([](const std::string&) { return "0CB01533B8C1EF103065174F50BCA001"; }),
              "the signature is 32 hex digits, a sign of V2; V3 signs with the RSA private key");
    EXPECT_EQ(written([](const std::string&) { return "!"; }), "the signature is not base64");
    EXPECT_EQ(written([](const std::string&) { return "QUJD"; }),
              "the signature has 3 bytes, too few for an RSA signature");
}

// Pitfalls 24, 32, 33, 34: github.com/wechatpay-apiv3/wechatpay-guzzle-middleware/issues/1 ;
// developers.weixin.qq.com/community/pay/doc/000ceedee28a3051c09d5ab5e5b000 ;
// …/0008aac51c0ef09efad27e7c161400 ; …/00042a50ff8ea8088852729c96b000
TEST_F(V3Diagnosis, NamesWhatIsWrongInAuthorization) {
    const auto with = [this](const std::function<void(v3::Authorization&)>& change) {
        http::Request request = query();
        auto authorization = authorization_of(request);
        change(authorization);
        set(request, authorization);
        EXPECT_EQ(merchant.send(request).status, 401);
        return sandbox.hint;
    };
    const auto holds = [](const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    };
    EXPECT_TRUE(holds(with([](auto& each) { each.serial_no = "0"; }), "decimal or cut"));
    EXPECT_TRUE(
        holds(with([](auto& each) { each.serial_no = "00" + each.serial_no; }), "leading zeros"));
    EXPECT_TRUE(holds(explanation(), "openssl x509 -noout -serial"));
    EXPECT_TRUE(holds(with([](auto& each) { each.timestamp += "000"; }), "milliseconds"));
    EXPECT_TRUE(holds(explanation(), "NTP"));
    EXPECT_TRUE(holds(with([](auto& each) { each.timestamp = "1717214000"; }), "400 s behind"));
    EXPECT_TRUE(holds(with([](auto& each) { each.mchid = "1900000200"; }),
                      "its provider 1900000111 signs"));

    http::Request twice = query();
    twice.headers.set("Authorization", "WECHATPAY2-SHA256-RSA2048 " +
                                           std::string(twice.headers.get("Authorization")));
    EXPECT_EQ(merchant.send(twice).status, 401);
    EXPECT_TRUE(holds(sandbox.hint, "the scheme stands twice"));
    EXPECT_TRUE(holds(explanation(), "the scheme once"));

    V3Caller provider(sandbox, "1900000111");
    EXPECT_EQ(provider.post(kJsapi, V3Caller::order("T20240601000001", {{"mchid", "1900000200"}}))
                  .message(),
              "http header中的mchid与post payload中的mchid不匹配");
    EXPECT_TRUE(holds(sandbox.hint, "partner paths"));
}

// Pitfalls 4, 5, 6: github.com/TheNorthMemory/wechatpay-axios-plugin/issues/38 ;
// github.com/wechatpay-apiv3/wechatpay-postman-script/issues/7 ;
// github.com/dromara/payment-spring-boot/issues/66
TEST_F(V3Diagnosis, NamesWhatIsWrongWithAField) {
    const auto with = [this](const Json& changes) {
        EXPECT_EQ(merchant.send(order(changes)).status, 400);
        return sandbox.hint;
    };
    EXPECT_EQ(
        with({{"amount", {{"total", 8.88}}}}),
        "/body/amount/total is a whole number of fen: 0.01 yuan is 1, and no decimal point is "
        "sent");
    EXPECT_NE(explanation().find("count in fen from the start"), std::string::npos);
    EXPECT_EQ(with({{"amount", {{"total", "888"}}}}),
              "/body/amount/total is a JSON number, not a text in quotes");
    EXPECT_EQ(with({{"out_trade_no", "订单20240601"}}),
              "/body/out_trade_no has characters or a form that WeChat does not take");
    EXPECT_NE(with({{"time_expire", "20240601120000"}}).find("RFC 3339"), std::string::npos);
    EXPECT_NE(explanation().find("yyyyMMddHHmmss"), std::string::npos);
}

// Pitfalls 7, 8, 35: github.com/yansongda/pay/issues/705 ;
// github.com/dromara/payment-spring-boot/issues/38 ;
// github.com/fudiwei/DotNetCore.SKIT.FlurlHttpClient.Wechat/issues/126 ; spec V3 4.4
TEST_F(V3Diagnosis, NamesWhatAnOrderNumberWasUsedFor) {
    EXPECT_EQ(merchant.send(order()).status, 200);
    EXPECT_EQ(merchant.send(order({{"description", "other"}})).status, 400);
    EXPECT_EQ(sandbox.hint, "ordered before with another description");
    EXPECT_NE(explanation().find("Keep the prepay_id"), std::string::npos);
    EXPECT_EQ(merchant
                  .post("/v3/pay/transactions/native",
                        V3Caller::order("T20240601000001", {{"payer", nullptr}}))
                  .status,
              403);
    EXPECT_NE(sandbox.hint.find("keep its prepay_id"), std::string::npos);
    EXPECT_EQ(merchant
                  .post("/v3/pay/transactions/out-trade-no/NEVER00001/close",
                        {{"mchid", AppHarness::kMchId}})
                  .status,
              204);
    EXPECT_TRUE(is_noted("the number is burnt"));
    EXPECT_EQ(merchant.post(kJsapi, V3Caller::order("NEVER00001")).status, 400);
    EXPECT_NE(sandbox.hint.find("burnt"), std::string::npos);
}

// Pitfalls 25 and 29: github.com/wechatpay-apiv3/wechatpay-php/issues/56 ;
// github.com/yansongda/pay/issues/671
TEST_F(V3Diagnosis, NamesLettersOfPathsAndTheLifeOfLinks) {
    EXPECT_EQ(
        merchant.get("/v3/pay/transactions/out-trade-no/t20240601000001?mchid=1900000109").status,
        404);
    EXPECT_NE(explanation().find("path variables into lower case"), std::string::npos);
    const Json h5{
        {"payer", nullptr},
        {"time_expire", "2024-06-01T14:00:00+08:00"},
        {"scene_info", {{"payer_client_ip", "14.23.150.211"}, {"h5_info", {{"type", "Wap"}}}}}};
    EXPECT_EQ(merchant.post("/v3/pay/transactions/h5", V3Caller::order("H50001", h5)).status, 200);
    EXPECT_TRUE(is_noted("h5_url lives five minutes"));
}

// Pitfalls 9 to 12, 14: github.com/wechatpay-apiv3/wechatpay-apache-httpclient/issues/47 ;
// github.com/go-pay/gopay/issues/206 ; github.com/JeffreySu/WeiXinMPSDK/issues/3274 ;
// github.com/wechatpay-apiv3/wechatpay-php/issues/82 ;
// github.com/wechatpay-apiv3/wechatpay-go/issues/11
TEST_F(V3Diagnosis, NamesWhatIsWrongWithAPlatformSerial) {
    const auto with = [this](const std::string& serial) {
        merchant.platform_serial = serial;
        const Json identity{{"type", "IDCARD"}, {"number", "eA=="}, {"name", "eA=="}};
        EXPECT_EQ(merchant.send(order({{"payer", {{"identity", identity}}}})).status, 400);
        return sandbox.hint;
    };
    EXPECT_NE(with("").find("say by which key"), std::string::npos);
    EXPECT_NE(explanation().find("in the header Wechatpay-Serial"), std::string::npos);
    EXPECT_NE(with("338134087523432183218472384723847238472384723847").find("decimal"),
              std::string::npos);
    EXPECT_NE(with(merchant.serial_no).find("the merchant's own certificate serial"),
              std::string::npos);
    EXPECT_NE(explanation().find("PUB_KEY_ID_"), std::string::npos);
    EXPECT_NE(with(sandbox.platform.second().serial).find("out of use"), std::string::npos);
    EXPECT_NE(with("5157F09EFDC096DE15EBE81A47057A7232F1B8E1").find("an old certificate"),
              std::string::npos);
    EXPECT_NE(with(sandbox.platform.public_key().serial).find("RSA-OAEP"), std::string::npos);
    merchant.platform_serial = merchant.serial_no;
    EXPECT_EQ(merchant.send(order()).status, 200);
    EXPECT_TRUE(is_noted("the merchant's own certificate serial"));
    merchant.platform_serial = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1";
    EXPECT_EQ(merchant.send(order()).status, 200);
    EXPECT_TRUE(is_noted("names no platform key in use"));
}

// Pitfall 16: github.com/binarywang/WxJava/pull/3548
TEST_F(V3Diagnosis, NamesAHeaderThatIsSentWithABodyOnly) {
    merchant.platform_serial = sandbox.platform.public_key().serial;
    EXPECT_EQ(merchant.post(kJsapi, V3Caller::order("HEADER01")).status, 200);
    const std::string query = "/v3/pay/transactions/out-trade-no/HEADER01?mchid=1900000109";
    EXPECT_EQ(merchant.get(query).status, 200);
    EXPECT_FALSE(is_noted("send the header on every call"));
    merchant.platform_serial.clear();
    EXPECT_EQ(merchant.get(query).status, 200);
    EXPECT_TRUE(is_noted("send the header on every call"));
}

// Pitfall 26: github.com/binarywang/weixin-java-pay-demo/issues/136
TEST_F(V3Diagnosis, NamesAV3KeyOnAV2Call) {
    const auto fields =
        AppHarness::sign(AppHarness::order("T20240601000001"), "sandbox-api-v3-key-32-bytes-long");
    const auto answer = sandbox.v2_raw("/pay/unifiedorder", AppHarness::xml(fields));
    EXPECT_EQ(answer.at("return_code"), "FAIL");
    EXPECT_EQ(sandbox.hint, "signed with the APIv3 key of 1900000109; V2 has a key of its own");
}

class V3Callbacks : public V3Diagnosis {
  protected:
    /// Delivers a callback to a handler that answers so.
    const wxpay::sandbox::Exchange& answered(int status, const std::string& body) {
        sandbox.sender.answer = [=](const auto&) {
            return RecordingSender::answered(status, body);
        };
        const std::string number = "CALLBACK" + std::to_string(++made_);
        EXPECT_EQ(merchant.post(kJsapi, V3Caller::order(number)).status, 200);
        sandbox.control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay");
        sandbox.run_due();
        kept_ = sandbox.exchanges.list(1, [](const auto& each) {
            return each.kind == wxpay::sandbox::Exchange::Kind::callback;
        })[0];
        return *kept_;
    }
    static bool noted(const wxpay::sandbox::Exchange& exchange, const std::string& part) {
        for (const std::string& note : exchange.notes) {
            if (note.find(part) != std::string::npos) return true;
        }
        return false;
    }

    int made_ = 0;
};

// Pitfalls 17 to 20, 30: github.com/wechatpay-apiv3/wechatpay-apache-httpclient/issues/158, 152,
// 138 ; github.com/wechatpay-apiv3/wechatpay-java/issues/226 ;
// github.com/binarywang/weixin-java-pay-demo/issues/142 ; github.com/yansongda/pay/issues/830 ;
// wechatpay-go FAQ.md
TEST_F(V3Callbacks, GuessesWhyAHandlerRefuses) {
    EXPECT_EQ(answered(401, R"({"code":"FAIL","message":"verify signature failed"})").hint,
              "the handler could not verify the signature: does it verify the raw body?");
    EXPECT_NE(last().explanation.find("order of your library's arguments"), std::string::npos);
    EXPECT_EQ(answered(500, R"({"code":"FAIL","message":"验签失败"})").hint,
              "the handler could not verify the signature: does it verify the raw body?");
    EXPECT_EQ(
        answered(500, "javax.crypto.AEADBadTagException: Tag mismatch!").hint,
        "the handler could not decrypt resource: APIv3 key, nonce and associated_data as they "
        "came?");
    EXPECT_EQ(answered(500, "oops").hint,
              "the handler failed: an exception, perhaps after its work was done");
    EXPECT_NE(last().explanation.find("4xx or 5xx"), std::string::npos);
    EXPECT_EQ(answered(400, R"({"code":"FAIL","message":"失败"})").hint,
              "the handler refused it; its answer says why");
}

// Pitfalls 13 to 15: github.com/wechatpay-apiv3/wechatpay-java/issues/132 ;
// github.com/wechatpay-apiv3/wechatpay-go/issues/11 ;
// github.com/klover2/wechatpay-node-v3-ts/issues/73 ; github.com/wwog/wechat-pay-v3-sdk/issues/8
TEST_F(V3Callbacks, NamesAKeyThatTheHandlerDoesNotHave) {
    const char* const hint =
        "the handler has no key for this Wechatpay-Serial: a renewed certificate, or "
        "PUB_KEY_ID_...?";
    for (const char* const said :
         {"no certificate for serial 444F4864EA9B34415", "Serial number is not mine",
          R"({"code":"FAIL","message":"平台证书不存在，验签失败"})",
          "verify failed: PUB_KEY_ID_011900000109202401010000000001 not found"}) {
        EXPECT_EQ(answered(401, said).hint, hint) << said;
    }
    EXPECT_NE(last().explanation.find("never the merchant's own certificate"), std::string::npos);
    EXPECT_EQ(answered(500, "could not deserialize the body").hint,
              "the handler failed: an exception, perhaps after its work was done");
}

// Pitfall 22: github.com/binarywang/WxJava/issues/3355 ; github.com/hpyer/node-easywechat/issues/69
TEST_F(V3Callbacks, NamesAnswersThatAreNotV3s) {
    EXPECT_TRUE(noted(answered(200, "<xml><return_code>SUCCESS</return_code></xml>"),
                      "XML is an answer of API V2"));
    EXPECT_TRUE(noted(answered(200, R"({"code":"FAIL","message":"失败"})"),
                      "FAIL with status 200 counts as received"));
    EXPECT_EQ(answered(404, "").hint, "notify_url does not lead to a handler for POST");
    EXPECT_EQ(answered(415, "").hint, "the handler does not take application/json");
    EXPECT_EQ(answered(201, "").hint, "only 200 and 204 say that it was received");
    EXPECT_EQ(answered(302, "").hint,
              "a redirect: a login filter, or http turned into https, in front of the handler?");
    EXPECT_EQ(answered(204, "").hint, "");
}

// Pitfall 21: github.com/klover2/wechatpay-node-v3-ts/issues/53
TEST_F(V3Callbacks, NamesAHandlerThatDoesNotVerify) {
    wxpay::sandbox::Platform::Rotation probes;
    probes.probe_share = 100;
    ASSERT_TRUE(sandbox.platform.rotate(probes));
    answered(200, "");  // the probe, and behind it the callback itself
    const auto probe = sandbox.exchanges.find("c1");
    EXPECT_EQ(probe->hint, "the handler accepts what WeChat has not signed");
    EXPECT_NE(probe->explanation.find("WECHATPAY/SIGNTEST/"), std::string::npos);
    ASSERT_TRUE(sandbox.platform.rotate({}));
    for (const Json& fault : {Json{{"corrupt_sign", true}}, Json{{"forge", {{"total_fee", 1}}}}}) {
        const auto added = sandbox.control("POST", "/_sandbox/v1/faults",
                                           {{"on", "notify"}, {"times", 1}, {"do", fault}});
        ASSERT_EQ(added.status, 200) << added.body;
        EXPECT_TRUE(noted(answered(200, ""), "accepted although its signature is wrong")) << fault;
    }
}

TEST_F(V3Diagnosis, NotesABodyThatIsNotSaidToBeJson) {
    const auto notes_on = [&](const char* type) {
        http::Request request = order();
        request.headers.set("Content-Type", type);
        EXPECT_EQ(merchant.send(request).status, 200);
        return notes();
    };
    EXPECT_EQ(notes_on("application/json"), std::vector<std::string>{});
    EXPECT_EQ(notes_on("Application/JSON ; charset=UTF-8"), std::vector<std::string>{});
    for (const char* const type : {"", "text/plain", "application/jsonp"}) {
        EXPECT_EQ(notes_on(type),
                  std::vector<std::string>{"the body came without Content-Type: application/json, "
                                           "which the documentation wants"});
    }
}

}  // namespace
}  // namespace wxpay
