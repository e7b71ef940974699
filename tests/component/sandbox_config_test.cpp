// The configuration, and merchants that come while the server runs.
#include <atomic>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "sandbox/certificates/issue.hpp"
#include "sandbox/config/reader.hpp"
#include "sandbox/config/stored_merchants.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;
namespace config = sandbox::config;

constexpr const char* kOtherKey = "0123456789abcdef0123456789abcdef";

std::string problem(const std::string& text) {
    const auto contents = config::parse(text);
    return contents ? "" : contents.error();
}

TEST(Config, NamesTheLineAndTheKeyOfEachMistake) {
    const std::pair<const char*, const char*> cases[] = {
        {"{\n\"merchants\":[\n{\"mch_id\":\"1900000120\",\n\"api_kye\":\"x\"}]}",
         "4: merchants[0].api_kye: unknown key; did you mean 'api_key'?"},
        {"{\n\n\"merchant\":[]}", "3: merchant: unknown key; did you mean 'merchants'?"},
        {"{\"merchants\":[\n{\"mch_id\":\"1900000120\"}]}",
         "2: merchants[0].api_key: 32 letters, digits, '-' or '_' are wanted"},
        {"{\"schedule\":{\"notify\":[\"1s\",\n\"soon\"]}}",
         "2: schedule.notify[1]: a duration like 15s is wanted (a number and one of ms, s, m, h, "
         "d)"},
        {"{\"openids\":[{\"prefix\":\"oB\",\n\"outcome\":\"broke\"}]}",
         "2: openids[0].outcome: success, cancel, notenough, payerror or userpaying is wanted"},
        {"{\n\"options\": {\"strict\": 1}}", "2: options.strict: true or false is wanted"},
        {"{\"faults\":[{\"on\":\"api\",\n\"do\":{\"dealy\":\"1s\"}}]}",
         "2: faults[0].do.dealy: unknown member; known: delay, err_code, http_status, drop, "
         "truncate, corrupt_sign, duplicate, reorder, tamper, forge, lose"},
        {"{\"merchant_range\":{\"from\":\"1230000000\",\n\"to\":\"1229999999\"}}",
         "2: merchant_range.to: a number of as many digits as \"from\" is wanted, not before it, "
         "and "
         "less than 100000 behind it"},
        {"{\"options\":\n{\"clok\":\"x2\"}}",
         "2: options.clok: unknown key; did you mean 'clock'?"},
        {"{\"merchants\":[{\"mch_id\":\"1900000120\",\n"
         "\"api_key\":\"0123456789abcdef0123456789abcdef\",\n\"notify_sign_type\":\"MD5\"}]}",
         "3: merchants[0].notify_sign_type: send or omit is wanted"},
        {"{\n\n,}", "3: not JSON"},
        {"[]", "1: an object is wanted"},
    };
    for (const auto& [text, wanted] : cases) EXPECT_EQ(problem(text), wanted) << text;
    EXPECT_EQ(problem(std::string(40, '[') + std::string(40, ']')), "1: deeper than 32 levels");
}

TEST(Config, NeverQuotesASecret) {
    const std::string said = problem(R"({"merchants":[{"mch_id":"1900000120","api_key":"hush"}]})");
    EXPECT_FALSE(said.empty());
    EXPECT_EQ(said.find("hush"), std::string::npos);
}

TEST(Config, HasASchemaThatKnowsTheKeysThatTheReaderKnows) {
    const Json schema = Json::parse(config::schema());
    for (const auto& [path, keys] : config::known_keys()) {
        Json part = schema;
        if (path.ends_with("[]")) {
            part = schema["properties"][path.substr(0, path.size() - 2)]["items"];
        } else if (!path.empty()) {
            part = schema["properties"][path];
        }
        std::set<std::string> ours(keys.begin(), keys.end());
        std::set<std::string> published;
        for (const auto& [key, value] : part["properties"].items()) published.insert(key);
        EXPECT_EQ(ours, published) << path;
        EXPECT_EQ(part["additionalProperties"], false) << path;
    }
}

TEST(Config, SaysWhoExistsAndWhatUsersDo) {
    const auto contents = config::parse(R"({
        "apps":[{"appid":"wx2222222222222222","secret":"0b1c2d3e4f5061728394a5b6c7d8e9f0"}],
        "merchants":[{"mch_id":"1900000120","api_key":"0123456789abcdef0123456789abcdef",
                      "appids":["wx2222222222222222"],"products":["NATIVE"],
                      "notify_sign_type":"omit"}],
        "schedule":{"notify":["1s","2s"]},
        "openids":[{"prefix":"oBROKE","outcome":"notenough"}]})");
    ASSERT_TRUE(contents) << contents.error();
    const sandbox::Merchant* const added = contents->directory.find_merchant("1900000120");
    ASSERT_NE(added, nullptr);
    EXPECT_EQ(added->products, std::set{TradeType::native});
    EXPECT_FALSE(added->announces_sign_type);
    EXPECT_NE(contents->directory.find_merchant(AppHarness::kMchId), nullptr) << "demo stays";

    AppHarness sandbox;
    sandbox.settings.notify_waits = *contents->notify_waits;
    sandbox.settings.test_openids = contents->openids;
    sandbox.v2("/pay/unifiedorder", AppHarness::order("C1", {{"openid", "oBROKE_1"}}));
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:C1/pay");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders/1900000109:C1").body["state"], "NOTPAY");
    sandbox.sender.answer = [](const auto&) { return RecordingSender::unreachable(); };
    sandbox.v2("/pay/unifiedorder", AppHarness::order("C2"));
    sandbox.control("POST", "/_sandbox/v1/orders/1900000109:C2/pay");
    sandbox.advance(10s);
    EXPECT_EQ(sandbox.only_notification()["state"], "exhausted");
    EXPECT_EQ(sandbox.only_notification()["attempts"].size(), 3U);
}

TEST(Config, TakesAsManyAsTheLimitsSayAndNoMore) {
    const auto text_with = [](std::size_t merchants, std::size_t openids) {
        Json json{{"merchants", Json::array()}, {"openids", Json::array()}};
        for (std::size_t i = 0; i < merchants; ++i)
            json["merchants"].push_back(
                {{"mch_id", std::to_string(1900001000 + i)}, {"api_key", kOtherKey}});
        for (std::size_t i = 0; i < openids; ++i)
            json["openids"].push_back({{"prefix", "o" + std::to_string(i)}, {"outcome", "cancel"}});
        return json.dump();
    };
    EXPECT_EQ(problem(text_with(1000, 100)), "");
    EXPECT_EQ(problem(text_with(1001, 0)), "1: merchants: an array of at most 1000 is wanted");
    EXPECT_EQ(problem(text_with(0, 101)), "1: openids: an array of at most 100 is wanted");
    EXPECT_EQ(problem(R"({"options":{"data":")" + std::string(1025, 'x') + "\"}}"),
              "1: options.data: a text of at most 1024 bytes is wanted");
}

/// What stands beside a configuration.
struct Files {
    std::map<std::string, std::string> content;
    config::ReadFile reader() const {
        return [this](const std::string& path) -> Result<std::string, std::string> {
            const auto found = content.find(path);
            if (found == content.end()) return Failure{path + " cannot be read"};
            return found->second;
        };
    }
};

sandbox::Identity certificate_from(const std::string& authority, const std::string& owner) {
    SeededRandom random(1);
    const sandbox::Validity validity{Instant{0s}, Instant{std::chrono::hours(24 * 365 * 100)}};
    return sandbox::issue(sandbox::make_authority(authority, {}, validity, random), owner, {},
                          validity, random);
}

std::string text_with_certificate() {
    return R"({"merchants":[{"mch_id":"1900000120","api_key":")" + std::string(kOtherKey) +
           "\",\n\"certificate_file\":\"cert.pem\",\"key_file\":\"key.pem\"}]}";
}

TEST(Config, ReadsAMerchantsCertificateFromFiles) {
    const auto good = certificate_from("Our own CA", "1900000120");
    const auto check = [](const sandbox::Identity& identity) -> std::string {
        const Files files{
            {{"cert.pem", identity.certificate}, {"key.pem", std::string(identity.key.reveal())}}};
        const auto contents = config::parse(text_with_certificate(), files.reader());
        if (!contents) return contents.error();
        EXPECT_TRUE(contents->directory.find_merchant("1900000120")->certificate);
        return "";
    };
    EXPECT_EQ(check(good), "");
    EXPECT_EQ(check({good.certificate, certificate_from("A", "1900000120").key}),
              "1: merchants[0].certificate: certificate and key, both PEM, do not belong together");
    EXPECT_EQ(check(certificate_from("A", "1900000109")),
              "1: merchants[0].certificate: its subject's CN is '1900000109', not the mch_id");
    EXPECT_EQ(check(certificate_from("Tenpay.com Root CA", "1900000120")),
              "1: merchants[0].certificate: a real certificate, issued by Tenpay: this tool must "
              "not hold production credentials");
    const auto missing = config::parse(text_with_certificate(), Files{}.reader());
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error(), "2: merchants[0].certificate_file: cert.pem cannot be read");
}

TEST(Merchants, AreRecognisedByTheirConfiguredCertificate) {
    const auto identity = certificate_from("Our own CA", "1900000120");
    AppHarness sandbox;
    const Json body{{"mch_id", "1900000120"},
                    {"api_key", kOtherKey},
                    {"certificate", identity.certificate},
                    {"key", std::string(identity.key.reveal())}};
    ASSERT_EQ(sandbox.control("POST", "/_sandbox/v1/merchants", body).status, 200);
    http::Request request;
    request.method = "POST";
    request.path = "/secapi/pay/refund";
    request.secure = true;
    request.body = AppHarness::xml(AppHarness::sign({{"mch_id", "1900000120"},
                                                     {"out_trade_no", "T1"},
                                                     {"out_refund_no", "R1"},
                                                     {"total_fee", "1"},
                                                     {"refund_fee", "1"}},
                                                    kOtherKey));
    const auto ask_with = [&](const std::string& issuer, const std::string& fingerprint) {
        request.certificate = std::make_shared<const http::ClientCertificate>(
            http::ClientCertificate{"1900000120", "01", false, issuer, fingerprint});
        return sandbox.call(request).body;
    };
    const std::string mine = sandbox::fingerprint_of(identity.certificate);
    EXPECT_NE(ask_with("CN=Our own CA", mine).find("ORDERNOTEXIST"), std::string::npos);
    EXPECT_NE(ask_with("CN=Our own CA", std::string(64, '0')).find("The SSL certificate error"),
              std::string::npos);
}

TEST(Merchants, WithARealCertificateAreRefusedWhateverTheyCall) {
    AppHarness sandbox;
    http::Request request;
    request.method = "POST";
    request.path = "/pay/orderquery";
    request.secure = true;
    request.body = AppHarness::xml(AppHarness::sign({{"out_trade_no", "T1"}}));
    request.certificate = std::make_shared<const http::ClientCertificate>(http::ClientCertificate{
        "1900000109", "01", true, "CN=Tenpay.com Root CA,OU=Tenpay.com CA Center,O=Tenpay.com,C=CN",
        std::string(64, '0')});
    const http::Response answer = sandbox.call(request);
    EXPECT_EQ(answer.status, 400);
    EXPECT_NE(std::string(*answer.headers.find("Wxpay-Sandbox-Hint")).find("issued by Tenpay"),
              std::string::npos);
}

TEST(Merchants, OfTheControlApiAreThereAtTheNextStart) {
    AppHarness sandbox;
    const Json first{{"mch_id", "1900000120"}, {"api_key", kOtherKey}};
    Json changed = first;
    changed["products"] = {"NATIVE"};
    ASSERT_EQ(sandbox.control("POST", "/_sandbox/v1/merchants", first).status, 200);
    ASSERT_EQ(sandbox
                  .control("POST", "/_sandbox/v1/merchants",
                           {{"mch_id", "1900000121"}, {"api_key", kOtherKey}})
                  .status,
              200);
    ASSERT_EQ(sandbox.control("POST", "/_sandbox/v1/merchants", changed).status, 200);
    sandbox.control("POST", "/_sandbox/v1/reset");

    sandbox::Directory anew = sandbox::demo_directory();
    config::add_stored_merchants(anew, *sandbox.store);
    ASSERT_EQ(anew.merchants().size(), 5U);
    EXPECT_EQ(anew.merchants()[3]->mch_id.str(), "1900000120");
    EXPECT_EQ(anew.merchants()[3]->products, std::set{TradeType::native});
    EXPECT_EQ(anew.merchants()[3]->origin, sandbox::MerchantOrigin::api);
}

TEST(Merchants, MayNotNameFilesByTheControlApi) {
    AppHarness sandbox;
    const auto refused =
        sandbox.control("POST", "/_sandbox/v1/merchants",
                        {{"mch_id", "1900000120"}, {"api_key", kOtherKey}, {"key_file", "/etc/x"}});
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.body["error"]["field"], "key_file");
}

TEST(Merchants, HaveTheirKeysMaskedWhereverAClientPutsThem) {
    AppHarness sandbox;
    sandbox.control("POST", "/_sandbox/v1/merchants",
                    {{"mch_id", "1900000120"}, {"api_key", kOtherKey}});
    sandbox.control("POST", "/_sandbox/v1/merchants",
                    {{"mch_id", "1900000120"}, {"api_key", std::string(32, 'z')}});
    for (const std::string& key : {std::string(kOtherKey), std::string(32, 'z')}) {
        sandbox.post("/pay/unifiedorder", "<xml><a>x" + key + "y" + key + "</a></xml>");
        const std::string told =
            sandbox
                .control("GET", "/_sandbox/v1/exchanges/" + std::to_string(key[0] == 'z' ? 2 : 1))
                .body.dump();
        EXPECT_EQ(told.find(key), std::string::npos) << told;
        EXPECT_NE(told.find("<a>x***y***</a>"), std::string::npos) << told;
    }
}

TEST(Merchants, ComeAndChangeWhileTheServerRuns) {
    AppHarness sandbox;
    const Json body{{"mch_id", "1900000120"}, {"api_key", kOtherKey}};
    ASSERT_EQ(sandbox.control("POST", "/_sandbox/v1/merchants", body).status, 200);
    const auto fields =
        AppHarness::sign(AppHarness::order("M1", {{"mch_id", "1900000120"}}), kOtherKey);
    EXPECT_NE(sandbox.post("/pay/unifiedorder", AppHarness::xml(fields)).body.find("prepay_id"),
              std::string::npos);
    const auto listed = sandbox.control("GET", "/_sandbox/v1/merchants?mch_id=1900000120").body;
    ASSERT_EQ(listed["merchants"].size(), 1U);
    EXPECT_EQ(listed["merchants"][0]["origin"], "api");
    EXPECT_EQ(listed.dump().find(kOtherKey), std::string::npos);
    const auto shown = sandbox.control("GET", "/_sandbox/v1/merchants/1900000120");
    EXPECT_EQ(shown.body.dump().find(kOtherKey), std::string::npos) << "it was given to us";
    const auto wrong = sandbox.control("POST", "/_sandbox/v1/merchants", {{"mch_idd", "1"}});
    EXPECT_EQ(wrong.status, 400);
    EXPECT_EQ(wrong.body["error"]["field"], "mch_idd");
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/merchants/1900000999").status, 404);
}

TEST(Merchants, OfTheRangeHaveKeysThatFollowFromTheSeed) {
    // printf wxpay-sandbox:7:1230000001:api_key | sha256sum | cut -c 1-32
    EXPECT_EQ(sandbox::derived_secret(7, "1230000001", "api_key").reveal(),
              "08a208426dfb7e612e8dd712534eea33");
}

TEST(Merchants, OfTheRangeComeIntoBeingInManyThreadsAtOnce) {
    auto contents = config::parse(R"({"merchant_range":{"from":"1230000000","to":"1230009999"}})");
    ASSERT_TRUE(contents);
    contents->directory.set_seed(7);
    AppHarness sandbox;
    sandbox.directory = contents->directory;
    constexpr int kThreads = 8;
    constexpr int kEach = 50;
    std::atomic<int> made{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i) {
                const std::string mch_id = std::to_string(1230000000 + t / 2 * kEach + i);
                const std::string key(sandbox::derived_secret(7, mch_id, "api_key").reveal());
                const auto fields = AppHarness::sign(
                    AppHarness::order("T" + std::to_string(t), {{"mch_id", mch_id}}), key);
                http::Request request;  // the harness's own post() is for one thread
                request.method = "POST";
                request.path = "/pay/unifiedorder";
                request.body = AppHarness::xml(fields);
                const auto answer =
                    std::get<http::Response>(sandbox.app.handle(std::move(request)));
                made += answer.body.find("prepay_id") != std::string::npos ? 1 : 0;
                if (i % 10 == 0) sandbox.directory.add(*sandbox.directory.find_merchant(mch_id));
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(made, kThreads * kEach);
    const auto mine = sandbox.control("GET", "/_sandbox/v1/orders?mch_id=1230000007").body;
    EXPECT_EQ(mine["orders"].size(), 2U);
    const auto shown = sandbox.control("GET", "/_sandbox/v1/merchants/1230000007").body;
    EXPECT_EQ(shown["api_key"], sandbox::derived_secret(7, "1230000007", "api_key").reveal());
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/merchants?limit=1000").body["merchants"].size(),
              203U);
    sandbox.control("POST", "/_sandbox/v1/reset?mch_id=1230000007");
    EXPECT_TRUE(
        sandbox.control("GET", "/_sandbox/v1/orders?mch_id=1230000007").body["orders"].empty());
    EXPECT_EQ(sandbox.control("GET", "/_sandbox/v1/orders?mch_id=1230000008").body["orders"].size(),
              2U);
    EXPECT_EQ(
        sandbox.control("GET", "/_sandbox/v1/exchanges?mch_id=1230000008").body["exchanges"].size(),
        2U);
}

}  // namespace
}  // namespace wxpay::test
