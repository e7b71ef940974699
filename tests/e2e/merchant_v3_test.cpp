// wxpay-merchant --api v3 as it is started: what it demands, and that it then runs.
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/process.hpp"
#include "tests/support/v3_vectors.hpp"

namespace wxpay::test {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

const std::string kProgram = WXPAY_MERCHANT_PROGRAM;

/// The keys of the vectors as files.
class MerchantOnV3 : public testing::Test {
  protected:
    std::string file(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name) << text;
        return (directory_ / name).string();
    }
    std::string of(const char* name, const char* member) const {
        return file(std::string(name) + "_" + member,
                    v3_vectors().at("keys").at(name).at(member).get<std::string>());
    }

    const TemporaryDirectory directory_;
    const std::string certificate_ = of("merchant", "certificate_pem");
    const std::string key_ = of("merchant", "private_key_pkcs8_pem");
    const std::string other_key_ = of("platform_certificate_1", "private_key_pkcs8_pem");
    const std::string platform_ = of("platform_certificate_1", "certificate_pem");
    const std::string none_ = file("none", "no PEM");
    const std::vector<std::string> good_{"--api",      "v3",         "--cert-file",
                                         certificate_, "--key-file", key_};
};

TEST_F(MerchantOnV3, NamesTheOptionAtFault) {
    const auto with = [&](std::vector<std::string> more) {
        std::vector<std::string> all = good_;
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"--api", "v4"}, "--api 'v4': v2 or v3"},
        {{"--api", "v3", "--mch-id", "1900000110"}, "--cert-file and --key-file"},
        {{"--api", "v3", "--cert-file", certificate_}, "--key-file with it"},
        {{"--api", "v3", "--cert-file", none_, "--key-file", key_}, "a certificate in PEM"},
        {{"--api", "v3", "--cert-file", certificate_, "--key-file", none_}, "an RSA key in PEM"},
        {{"--api", "v3", "--cert-file", certificate_, "--key-file", other_key_},
         "the key of the --cert-file"},
        {with({"--api-v3-key", "short"}), "--api-v3-key: the merchant's APIv3 key of 32 bytes"},
        {with({"--public-key-id", "PUB_KEY_ID_1"}), "--public-key-id with it"},
        {with({"--public-key-id", "1", "--public-key-file", platform_}), "--public-key-id '1'"},
        {with({"--public-key-id", "PUB_KEY_ID_1", "--public-key-file", none_}),
         "an RSA public key in PEM"},
        {with({"--platform-cert-file", "/nonexistent"}),
         "--platform-cert-file '/nonexistent': cannot be read"},
        {with({"--platform-cert-file", none_}), "--platform-cert-file"},
    };
    for (const auto& [arguments, words] : cases) {
        Process process(kProgram, arguments);
        EXPECT_EQ(process.wait(), 2) << arguments.back();
        EXPECT_THAT(process.output(), HasSubstr(words));
        EXPECT_EQ(process.output().find("short"), std::string::npos) << "a key is not repeated";
    }
}

TEST(MerchantOnV3ByDefault, IsTheDemoMerchant) {
    ServerProcess wechat(WXPAY_SANDBOX_PROGRAM, {"--port", "0"});
    ServerProcess shop(kProgram,
                       {"--api", "v3", "--listen", "127.0.0.1:0", "--gateway", wechat.url()});
    const auto post = [&](const char* path, const Json& body, const std::string& session = {}) {
        const auto answer = shop.call("POST", path, body.dump(), session);
        EXPECT_EQ(answer.status / 100, 2) << answer.body;
        return Json::parse(answer.body);
    };
    const std::string session = post("/api/login", {{"code", "c1"}})["session"];
    const Json order = post("/api/orders", {{"product_id", "tangshi"}, {"quantity", 1}}, session);
    const std::string pay = "/api/orders/" + order["id"].get<std::string>() + "/pay";
    EXPECT_EQ(post(pay.c_str(), Json::object(), session)["signType"], "RSA");
}

TEST_F(MerchantOnV3, RunsWithItsKeyAlone) {
    std::vector<std::string> arguments = good_;
    arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0"});
    ServerProcess shop(kProgram, arguments);
    EXPECT_EQ(shop.call("GET", "/healthz").body, R"({"status":"ok"})");
    // Nobody signs like this.
    const auto answer = shop.call("POST", "/wxpay/notify", "{}");
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.body, R"({"code":"FAIL","message":"Wechatpay-Timestamp is missing"})");
}

}  // namespace
}  // namespace wxpay::test
