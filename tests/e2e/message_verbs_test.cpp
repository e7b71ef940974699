// wxpay-sandbox sign, verify and explain, run for real.
#include <fstream>

#include <gtest/gtest.h>

#include "core/codec/base64.hpp"
#include "core/v3/authorization.hpp"

#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"

namespace wxpay::test {
namespace {

const std::string kProgram = WXPAY_SANDBOX_PROGRAM;
/// The vector of the signature page, without its sign.
const std::string kOfficial =
    "<xml><appid>wxd930ea5d5a258f4f</appid><body>test</body><device_info>1000</device_info>"
    "<mch_id>10000100</mch_id><nonce_str>ibuaiVcKdpRxkhJA</nonce_str></xml>";
const std::string kMd5 = "9A0A8659F005D6984697E2CA0A9CF3B7";
const std::string kHmacWithoutType =
    "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6";

class MessageVerbs : public testing::Test {
  protected:
    std::string file(const std::string& name, const std::string& content) {
        std::string path = (directory / name).string();
        std::ofstream(path) << content;
        return path;
    }
    static Ran run(const std::vector<std::string>& arguments) {
        return run_to_end(kProgram, arguments);
    }
    static bool holds(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }
    static std::string with_sign(const std::string& sign) {
        return kOfficial.substr(0, kOfficial.size() - 6) + "<sign>" + sign + "</sign></xml>";
    }

    TemporaryDirectory directory;
};

TEST_F(MessageVerbs, SignACallOfV3) {
    const auto json = run({"sign", file("body.json", "{}"), "--target", "/v3/x?a=1", "--method",
                           "POST", "--timestamp", "1717214400", "--nonce", "N", "--output", "json"})
                          .json();
    EXPECT_EQ(json["string_to_sign"], "POST\n/v3/x?a=1\n1717214400\nN\n{}\n");
    const auto header = v3::parse_authorization(json["authorization"].get<std::string>());
    ASSERT_TRUE(header);
    const auto directory_of_demos = sandbox::demo_directory();
    const auto* const merchant = directory_of_demos.find_merchant(header->mchid);
    ASSERT_NE(merchant, nullptr);
    EXPECT_EQ(header->serial_no, merchant->serial_no);
    EXPECT_TRUE(merchant->public_key->verify_sha256(json["string_to_sign"].get<std::string>(),
                                                    base64_decode(header->signature).value()));
    const auto text = run({"sign", "--target", "/v3/certificates"});
    EXPECT_EQ(text.status, 0);
    EXPECT_TRUE(holds(text.output, "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\"1900000109\""))
        << text.output;
}

TEST_F(MessageVerbs, SignTheOfficialVector) {
    const std::string given = file("official.xml", kOfficial);
    const auto text = run({"sign", given, "--key", AppHarness::kKey});
    EXPECT_EQ(text.status, 0);
    EXPECT_TRUE(holds(text.output, "<sign><![CDATA[" + kMd5 + "]]></sign>")) << text.output;
    EXPECT_TRUE(holds(text.output, "&nonce_str=ibuaiVcKdpRxkhJA&key=***")) << text.output;
    EXPECT_FALSE(holds(text.output, AppHarness::kKey));

    const auto json = run({"sign", given, "--key", AppHarness::kKey, "--output", "json"});
    EXPECT_EQ(json.json()["sign"], kMd5) << json.output;
    const auto hmac = run({"sign", given, "--mch-id", "1900000109", "--sign-type", "HMAC-SHA256",
                           "--output", "json"});
    EXPECT_EQ(hmac.json()["sign_type"], "HMAC-SHA256") << hmac.output;
    EXPECT_TRUE(holds(hmac.json()["xml"], "<sign_type><![CDATA[HMAC-SHA256]]>")) << hmac.output;
    const auto again =
        run({"verify", file("hmac.xml", hmac.json()["xml"]), "--mch-id", "1900000109"});
    EXPECT_EQ(again.status, 0) << again.output;
}

TEST_F(MessageVerbs, VerifySaysRightOrWhyNot) {
    const auto verify = [&](const std::string& sign) {
        return run({"verify", file("m.xml", with_sign(sign)), "--key", AppHarness::kKey});
    };
    EXPECT_EQ(verify(kMd5).status, 0);
    EXPECT_TRUE(holds(verify(kMd5).output, "right: MD5 under the API key of 10000100"));
    const auto hmac = verify(kHmacWithoutType);
    EXPECT_EQ(hmac.status, 1);
    EXPECT_TRUE(holds(hmac.output, "sign_type=HMAC-SHA256 was not sent")) << hmac.output;
    EXPECT_EQ(run({"verify", file("h.xml", with_sign(kHmacWithoutType)), "--key", AppHarness::kKey,
                   "--sign-type", "HMAC-SHA256"})
                  .status,
              0);
    const auto json = run({"verify", file("m.xml", with_sign(kHmacWithoutType)), "--key",
                           AppHarness::kKey, "--output", "json"});
    EXPECT_EQ(json.status, 1);
    EXPECT_EQ(json.json()["mistakes"], nlohmann::json({"hmac_not_announced"})) << json.output;
    EXPECT_EQ(run({"verify", file("bad.xml", "hello")}).status, 1);
}

TEST_F(MessageVerbs, ExplainComparesWithOnesOwnStringToSign) {
    const std::string message = file("m.xml", with_sign(std::string(32, 'A')));
    const std::string mine =
        "appid=wxd930ea5d5a258f4f&body=Test&device_info=1000&mch_id=10000100&nonce_str="
        "ibuaiVcKdpRxkhJA&key=";
    const auto found = run({"explain", message, "--key", AppHarness::kKey, "--mine",
                            file("mine", mine + AppHarness::kKey + "\n")});
    EXPECT_EQ(found.status, 1);
    EXPECT_TRUE(holds(found.output, "not the MD5 of these fields")) << found.output;
    EXPECT_TRUE(holds(found.output, "at 'body'")) << found.output;
    EXPECT_FALSE(holds(found.output, AppHarness::kKey)) << found.output;
}

TEST_F(MessageVerbs, TakeTheKeyOfTheEnvironmentForItsMerchantOnly) {
    const std::string theirs = "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c";
    const std::string of_another =
        file("another.xml", AppHarness::xml(AppHarness::sign(
                                AppHarness::order("E1", {{"mch_id", "1900000110"}}), theirs)));
    const std::string official = file("official.xml", with_sign(kMd5));
    const auto verify = [&](const std::string& message, const std::string& whose,
                            std::vector<std::string> more = {}) {
        more.insert(more.begin(), {"verify", message});
        return run_to_end(
            kProgram, more,
            {{"WXPAY_SANDBOX_API_KEY", AppHarness::kKey}, {"WXPAY_SANDBOX_MCH_ID", whose}});
    };
    EXPECT_EQ(verify(of_another, "1900000109").status, 0);
    EXPECT_EQ(verify(of_another, "").status, 0);
    EXPECT_EQ(verify(of_another, "1900000110").status, 1) << "the environment says that it is its";
    EXPECT_EQ(verify(official, "10000100").status, 0);
    EXPECT_EQ(verify(official, "").status, 0) << "nobody else has a key for it";
    EXPECT_EQ(verify(official, "1900000109").status, 2) << "the key is another merchant's";
    const auto other = verify(of_another, "1900000110", {"--key", theirs});
    EXPECT_EQ(other.status, 0) << other.output;
    const auto demo = run({"verify", of_another, "--key", std::string(32, '0')});
    EXPECT_TRUE(
        holds(demo.output, "signed with the demo key of 1900000110, not with the key given"))
        << demo.output;
}

TEST_F(MessageVerbs, WorkOnWhatTheServerSaw) {
    ServerProcess sandbox(kProgram, {"--port", "0", "--control-token", "secret-token"});
    const Fields wrong =
        AppHarness::sign(AppHarness::order("M1"), "7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c");
    const auto refused = sandbox.call("POST", "/pay/unifiedorder", AppHarness::xml(wrong));
    const std::string id(refused.headers.get("Wxpay-Sandbox-Exchange"));
    const auto ask = [&](const std::string& verb, const std::string& which, bool json = true) {
        std::vector<std::string> arguments{
            verb, which, "--url", sandbox.url(), "--control-token", "secret-token"};
        if (json) arguments.insert(arguments.end(), {"--output", "json"});
        return run(arguments);
    };
    const auto last = ask("explain", "last");
    EXPECT_EQ(last.status, 1);
    EXPECT_EQ(last.json()["hint"], "signed with the API key of merchant 1900000110") << last.output;
    EXPECT_EQ(ask("explain", id).output, last.output);
    EXPECT_TRUE(holds(ask("explain", id, false).output, "refused: 签名错误"));
    EXPECT_EQ(ask("verify", id).json()["mistakes"], nlohmann::json({"other_merchants_key"}));
    const auto mended = ask("sign", id);
    ASSERT_EQ(mended.status, 0) << mended.output;
    EXPECT_TRUE(
        holds(sandbox.call("POST", "/pay/unifiedorder", mended.json()["xml"]).body, "prepay_id"));
    EXPECT_EQ(ask("explain", "last").status, 0) << "a good exchange is no finding";
    for (const char* const verb : {"explain", "verify", "sign"}) {
        const auto unknown = ask(verb, "999");
        EXPECT_EQ(unknown.status, 1) << "it is not so: " << unknown.output;
        EXPECT_TRUE(holds(unknown.output, R"({"error":{"code":"not_found",)")) << unknown.output;
        const auto in_words = ask(verb, "999", false);
        EXPECT_EQ(in_words.status, 1);
        EXPECT_FALSE(holds(in_words.output, "{")) << in_words.output;
    }
    const auto stranger = run({"explain", "last", "--url", sandbox.url(), "--output", "json"});
    EXPECT_EQ(stranger.status, 2) << "without the token nothing is known";
    EXPECT_TRUE(holds(stranger.output, R"({"error":)")) << stranger.output;
}

TEST_F(MessageVerbs, FindNothingInAServerThatHasSeenNothing) {
    ServerProcess sandbox(kProgram, {"--port", "0"});
    const auto found = run({"explain", "last", "--url", sandbox.url()});
    EXPECT_EQ(found.status, 1);
    EXPECT_TRUE(holds(found.output, "no exchange yet")) << found.output;
    EXPECT_TRUE(holds(run({"verify", "last", "--url", sandbox.url(), "--output", "json"}).output,
                      "not_found"));
}

/// The call of a demo merchant as it stands on the wire.
std::string v3_call(const std::string& authorization, const std::string& body) {
    return "POST /v3/x?a=1 HTTP/1.1\r\nHost: api.mch.weixin.qq.com\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nAuthorization: " + authorization + "\r\n\r\n" + body;
}

TEST_F(MessageVerbs, VerifyACallOfV3) {
    const auto signed_call =
        run({"sign", file("body.json", "{}"), "--target", "/v3/x?a=1", "--method", "POST",
             "--timestamp", "1717214400", "--nonce", "N", "--output", "json"})
            .json();
    const std::string authorization = signed_call["authorization"];
    const auto good = run({"verify", file("call.http", v3_call(authorization, "{}") + "\n")});
    EXPECT_EQ(good.status, 0) << good.output;
    EXPECT_TRUE(holds(good.output, "right: WECHATPAY2-SHA256-RSA2048 under the certificate of"))
        << good.output;

    const std::string wrong = file("wrong.http", v3_call(authorization, "{ }"));
    const auto found = run({"verify", wrong, "--output", "json"});
    EXPECT_EQ(found.status, 1);
    EXPECT_EQ(found.json()["mistakes"], nlohmann::json({"v3_body_serialised_anew"}))
        << found.output;
    EXPECT_EQ(found.json()["string_to_sign"], "POST\n/v3/x?a=1\n1717214400\nN\n{ }\n");
    const std::string mine = signed_call["string_to_sign"];
    const auto compared = run({"explain", wrong, "--mine", file("mine", mine)});
    EXPECT_TRUE(holds(compared.output, "at the body")) << compared.output;
    const auto cut = run({"explain", file("call.http", v3_call(authorization, "{}")), "--mine",
                          file("cut", mine.substr(0, mine.size() - 1))});
    EXPECT_EQ(cut.status, 1);
    EXPECT_TRUE(holds(cut.output, "lacks the last line end")) << cut.output;

    const auto stranger = run(
        {"verify",
         file("s.http", v3_call(std::string(authorization)
                                    .replace(authorization.find("1900000109"), 10, "1900009999"),
                                "{}"))});
    EXPECT_EQ(stranger.status, 2);
    EXPECT_TRUE(holds(stranger.output, "1900009999")) << stranger.output;
    EXPECT_EQ(run({"verify", file("cut.http", "GET / HTTP/1.1\r\nHost: x")}).status, 1);
    EXPECT_EQ(run({"verify", file("unsigned.http", "GET / HTTP/1.1\nHost: x\n\n")}).status, 1);
}

TEST_F(MessageVerbs, WorkOnWhatTheServerSawOfV3) {
    ServerProcess sandbox(kProgram, {"--port", "0"});
    const auto call = [&](const std::string& signed_target) {
        const auto json = run({"sign", "--target", signed_target, "--output", "json"}).json();
        http::Request request;
        request.path = "/v3/certificates";
        request.headers.add("Authorization", json["authorization"].get<std::string>());
        request.headers.add("Accept", "application/json");
        request.headers.add("User-Agent", "test");
        return std::pair(sandbox.send(request), json["string_to_sign"].get<std::string>());
    };
    const auto ask = [&](const std::vector<std::string>& arguments) {
        std::vector<std::string> all = arguments;
        all.insert(all.end(), {"--url", sandbox.url()});
        return run(all);
    };
    const auto [answer, right_text] = call("/v3/certificates");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(ask({"verify", "last"}).status, 0);
    const auto equal = ask({"explain", "last", "--mine", file("right", right_text)});
    EXPECT_EQ(equal.status, 0) << equal.output;

    // The answer as curl -i prints it is verified by the platform's key.
    std::string printed = "HTTP/1.1 200 OK\n";
    for (const auto& [name, value] : answer.headers) {
        if (name.starts_with("Wechatpay")) printed.append(name).append(": ").append(value) += '\n';
    }
    const auto verified = run({"verify", file("answer.http", printed + "\n" + answer.body)});
    EXPECT_EQ(verified.status, 0) << verified.output;
    const auto changed = run({"explain", file("answer.http", printed + "\n" + answer.body + " ")});
    EXPECT_EQ(changed.status, 1);
    EXPECT_TRUE(holds(changed.output, "Verify the raw bytes")) << changed.output;

    const auto [refused, wrong_text] = call("/v3/certificates?x=1");
    EXPECT_EQ(refused.status, 401);
    const auto found = ask({"verify", "last"});
    EXPECT_EQ(found.status, 1) << found.output;
    const auto compared = ask({"explain", "last", "--mine", file("wrong", wrong_text)});
    EXPECT_TRUE(holds(compared.output, "at the path and query")) << compared.output;
}

TEST_F(MessageVerbs, RefuseWrongUseInOneLine) {
    const std::string message = file("official.xml", kOfficial);
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"sign", (directory / "none.xml").string()}, "none.xml"},
        {{"sign", directory.path().string()}, "cannot be read"},
        {{"sign", message}, "--key"},
        {{"sign", message, "--mch-id", "1900009999"}, "--key"},
        {{"sign", message, "--key", "k", "--sign-type", "SHA1"}, "--sign-type"},
        {{"sign", file("x", "hello")}, "not the XML"},
        {{"verify", message, "--output", "yaml"}, "--output"},
        {{"explain", message, "--mime", "x"}, "--mime"},
        {{"explain", "last", "--url", "http://127.0.0.1:1"}, "--url"},
        {{"explain", "last", "--url", "nowhere"}, "--url"},
        {{"explain", message, "--key", "k", "--mine", (directory / "none").string()}, "none"},
    };
    for (const auto& [arguments, names] : cases) {
        const auto ran = run(arguments);
        EXPECT_EQ(ran.status, 2) << ran.output;
        EXPECT_TRUE(holds(ran.output, names)) << ran.output;
        EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 1) << ran.output;
    }
    for (const char* verb : {"sign", "verify", "explain"})
        EXPECT_EQ(run({verb, "--help"}).status, 0) << verb;
    EXPECT_TRUE(holds(run({"--help"}).output, "explain"));
}

}  // namespace
}  // namespace wxpay::test
