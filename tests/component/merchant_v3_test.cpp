// The shop on API V3, with a WeChat that the tests script.
#include <algorithm>
#include <functional>
#include <latch>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/codec/base64.hpp"
#include "core/codec/hex.hpp"
#include "core/codec/json.hpp"
#include "core/crypto/digest.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/notification.hpp"
#include "core/v3/sign.hpp"

#include "merchant/gateway/v3_gateway.hpp"
#include "merchant/limits.hpp"
#include "merchant/reconcile/bill_check.hpp"
#include "tests/component/merchant_harness.hpp"
#include "tests/support/v3_vectors.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Json = nlohmann::ordered_json;

constexpr const char* kFirst = "platform_certificate_1";
constexpr const char* kSecond = "platform_certificate_2";
constexpr const char* kPublicKey = "wechatpay_public_key";
constexpr const char* kYes = R"({"code":"SUCCESS","message":"成功"})";

/// Checks that each call is signed by the merchant, signs each answer.
class FakeWechatV3 final : public http::Transport {
  public:
    struct Reply {
        int status;
        std::string body;
    };
    using Answer = std::function<Reply(const http::Request&)>;

    explicit FakeWechatV3(const Clock& clock) : clock_(clock) {}

    Result<http::Response> send(const http::Request& request) override {
        if (request.path == "/sns/jscode2session") return login_answer(request);
        expect_signed(request);
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        const auto answer = answers.find(request.method + " " + path_without_number(request.path));
        if (answer == answers.end()) return signed_by(signer, {404, R"({"code":"NOT_FOUND"})"});
        const Reply reply = answer->second(request);
        if (reply.status == 401) return http::Response{401, {}, reply.body};
        return signed_by(signer, reply);
    }

    http::Response signed_by(const char* key, const Reply& reply) const {
        http::Response response{reply.status, {}, reply.body};
        v3::add_signature(response.headers, v3_key(key), v3_serial(key), clock_.now(), "nonce",
                          response.body);
        return response;
    }

    Reply certificates() const {
        Json data = Json::array();
        for (const char* name : published) {
            const std::string pem = v3_vectors().at("keys").at(name).at("certificate_pem");
            const v3::Resource sealed =
                v3::seal(v3_api_key(), "", "certificate", "61f9c719728a", pem);
            data.push_back({{"serial_no", v3_serial(name)},
                            {"encrypt_certificate",
                             {{"algorithm", v3::kResourceAlgorithm},
                              {"associated_data", sealed.associated_data},
                              {"ciphertext", sealed.ciphertext},
                              {"nonce", sealed.nonce}}}});
        }
        return {200, dump_json(Json{{"data", data}})};
    }

    std::vector<http::Request> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }
    std::size_t downloads() const {
        const auto all = requests();
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [](const auto& r) { return r.path == "/v3/certificates"; }));
    }

    std::vector<const char*> published{kFirst};  ///< by /v3/certificates
    const char* signer = kFirst;                 ///< of answers
    /// By method and path; "{}" stands for the number at its end.
    std::map<std::string, Answer> answers{
        {"GET /v3/certificates", [this](const http::Request&) { return certificates(); }},
        {"POST /v3/pay/transactions/jsapi",
         [](const http::Request&) {
             return Reply{200, R"({"prepay_id":"wx01120000123456a1b2c3d4e5f607180000"})"};
         }},
        {"POST /v3/refund/domestic/refunds", [](const http::Request& request) {
             return Reply{200, refund_of(nlohmann::json::parse(request.body), "PROCESSING")};
         }}};

    /// A refund's answer.
    static std::string refund_of(const nlohmann::json& call, const char* status) {
        const std::string number = call.at("out_refund_no");
        return dump_json(Json{{"refund_id", "5030" + number.substr(1)},
                              {"out_refund_no", number},
                              {"transaction_id", Shop::kTransactionId},
                              {"out_trade_no", call.at("out_trade_no")},
                              {"status", status},
                              {"amount", call.at("amount")}});
    }

  private:
    static std::string path_without_number(const std::string& path) {
        for (const char* parent :
             {"/v3/pay/transactions/out-trade-no/", "/v3/refund/domestic/refunds/"})
            if (path.starts_with(parent)) return parent + std::string("{}");
        return path;
    }
    static void expect_signed(const http::Request& request) {
        const auto said = v3::parse_authorization(request.headers.get("Authorization"));
        ASSERT_TRUE(said) << request.path;
        EXPECT_EQ(said->mchid, Shop::kMchId);
        EXPECT_EQ(said->serial_no, v3_serial("merchant"));
        EXPECT_TRUE(
            v3_key("merchant")
                .public_key()
                .verify_sha256(v3::request_string(request.method, http::target_of(request),
                                                  said->timestamp, said->nonce_str, request.body),
                               *base64_decode(said->signature)))
            << request.path;
    }

    const Clock& clock_;
    mutable std::mutex mutex_;
    std::vector<http::Request> requests_;
};

/// A whole shop on V3 without sockets. Without `keys` it downloads what it trusts.
class V3Shop final : public ShopFront {
  public:
    explicit V3Shop(v3::PlatformKeys keys = {})
        : gateway({kAppId, kMchId, v3_serial("merchant"), v3_key("merchant"), v3_api_key()},
                  std::move(keys), Secret("app-secret"), wechat, random, clock) {}

    StandingClock clock;
    FakeWechatV3 wechat{clock};
    merchant::SqliteStore store{std::nullopt};
    SeededRandom random{1};
    merchant::V3Gateway gateway;
    merchant::Settings settings{"http://127.0.0.1:12190/wxpay/notify", 30s,
                                "http://127.0.0.1:12190/wxpay/refund_notify"};
    merchant::Context context{settings, store,  gateway,
                              clock,    random, [](merchant::Severity, const std::string&) {}};
    merchant::App app{context};

  private:
    const merchant::App& shop_app() const override { return app; }
    merchant::Store& shop_store() override { return store; }
};

/// How a callback is made; each test spoils one thing.
struct Making {
    std::string path = "/wxpay/notify";
    std::string event_type = "TRANSACTION.SUCCESS";
    std::string original_type = "transaction";
    const char* key = kFirst;
    Millis age = {};
    Secret api_v3_key = v3_api_key();
};

/// A shop on V3 with one order of 88 fen.
class MerchantV3 : public testing::Test {
  protected:
    std::string number() const { return order_.at("out_trade_no"); }
    std::string id() const { return order_.at("id"); }
    nlohmann::json now() const { return shop_.order_of(id(), session_); }

    http::Request callback(const Json& plain, const Making& making = {}) const {
        http::Request request;
        request.method = "POST";
        request.path = making.path;
        request.remote_address = "127.0.0.1";
        request.body = v3::render_notification(
            {"7f8fcdb2-573a-547a-901e-4c34f9761293", "2024-06-01T12:00:00+08:00", making.event_type,
             "支付成功",
             v3::seal(making.api_v3_key, making.original_type, making.original_type, "0123456789ab",
                      dump_json(plain))});
        v3::add_signature(request.headers, v3_key(making.key), v3_serial(making.key),
                          shop_.clock.now() - making.age, "nonce", request.body);
        return request;
    }
    /// What WeChat says when the order is paid, with `changes` merged in.
    Json paid(const nlohmann::json& changes = nlohmann::json::object()) const {
        Json plain{{"appid", Shop::kAppId},
                   {"mchid", Shop::kMchId},
                   {"out_trade_no", number()},
                   {"transaction_id", Shop::kTransactionId},
                   {"trade_type", "JSAPI"},
                   {"trade_state", "SUCCESS"},
                   {"trade_state_desc", "支付成功"},
                   {"success_time", "2024-06-01T12:01:05+08:00"},
                   {"payer", {{"openid", Shop::kOpenId}}},
                   {"amount", {{"total", 88}, {"payer_total", 88}, {"currency", "CNY"}}}};
        plain.merge_patch(Json::parse(changes.dump()));
        return plain;
    }
    /// What it says of a refund.
    Json refunded(const std::string& out_refund_no, std::int64_t fee,
                  const nlohmann::json& changes = nlohmann::json::object()) const {
        Json plain{{"mchid", Shop::kMchId},
                   {"out_trade_no", number()},
                   {"transaction_id", Shop::kTransactionId},
                   {"out_refund_no", out_refund_no},
                   {"refund_id", "5030" + out_refund_no.substr(1)},
                   {"refund_status", "SUCCESS"},
                   {"success_time", "2024-06-01T12:05:00+08:00"},
                   {"amount", {{"total", 88}, {"refund", fee}}}};
        plain.merge_patch(Json::parse(changes.dump()));
        return plain;
    }
    static Making refund_event(const char* event_type = "REFUND.SUCCESS") {
        Making making;
        making.path = "/wxpay/refund_notify";
        making.event_type = event_type;
        making.original_type = "refund";
        return making;
    }
    int notify(const Json& plain, const Making& making = {}) const {
        return shop_.send(callback(plain, making)).status;
    }
    /// Nothing was credited, and neither was the order.
    void expect_untouched() const {
        EXPECT_EQ(now().at("state"), "unpaid");
        EXPECT_EQ(now().at("credits"), 0);
    }
    void answer(const std::string& call, int status, const std::string& body) {
        shop_.wechat.answers[call] = [status, body](const http::Request&) {
            return FakeWechatV3::Reply{status, body};
        };
    }
    static std::string refusal(const char* code) {
        return dump_json(Json{{"code", code}, {"message", "no"}});
    }

    V3Shop shop_;
    std::string session_ = shop_.login();
    nlohmann::json order_ = shop_.order(session_);
};

TEST_F(MerchantV3, OrdersAndSignsForThePhone) {
    const auto answer = shop_.pay(id(), session_);
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto sent = shop_.wechat.requests().front();
    EXPECT_EQ(sent.path, "/v3/pay/transactions/jsapi");
    EXPECT_EQ(sent.body,
              R"({"appid":"wx8888888888888888","mchid":"1900000109","description":"唐诗三百首",)"
              R"("out_trade_no":")" +
                  number() +
                  R"(","notify_url":"http://127.0.0.1:12190/wxpay/notify",)"
                  R"("amount":{"total":88,"currency":"CNY"},)"
                  R"("payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}})");
    EXPECT_EQ(shop_.wechat.downloads(), 1U) << "the key of the first answer";

    const auto fields = answer.json();
    EXPECT_EQ(fields.at("appId"), Shop::kAppId);
    EXPECT_EQ(fields.at("timeStamp"), "1717214400");
    EXPECT_EQ(fields.at("package"), "prepay_id=wx01120000123456a1b2c3d4e5f607180000");
    EXPECT_EQ(fields.at("signType"), "RSA");
    const std::string pay_sign = fields.at("paySign");
    EXPECT_TRUE(v3_key("merchant")
                    .public_key()
                    .verify_sha256(v3::pay_string(fields.at("appId").get<std::string>(),
                                                  fields.at("timeStamp").get<std::string>(),
                                                  fields.at("nonceStr").get<std::string>(),
                                                  fields.at("package").get<std::string>()),
                                   *base64_decode(pay_sign)));
    EXPECT_THAT(shop_.events(id()), ElementsAre("created", "prepay"));
}

TEST_F(MerchantV3, SendsTheSameOrderAtEveryTap) {
    EXPECT_EQ(shop_.pay(id(), session_).status, 200);
    shop_.clock.advance(1min);
    EXPECT_EQ(shop_.pay(id(), session_).status, 200);
    EXPECT_EQ(shop_.wechat.requests().front().body, shop_.wechat.requests().back().body);
}

TEST_F(MerchantV3, TellsThePhoneWhatWechatSays) {
    const auto code_for = [&](const char* code) {
        answer("POST /v3/pay/transactions/jsapi", 400, refusal(code));
        return shop_.pay(id(), session_).json().at("error").at("code").get<std::string>();
    };
    EXPECT_EQ(code_for("ORDERPAID"), "order_paid");
    EXPECT_EQ(code_for("ORDER_PAID"), "order_paid");
    EXPECT_EQ(code_for("ORDER_CLOSED"), "order_closed");
    EXPECT_EQ(code_for("PARAM_ERROR"), "payment_refused");
    expect_untouched();
}

TEST_F(MerchantV3, CreditsAndTellsTheStory) {
    const auto answer = shop_.send(callback(paid()));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, kYes);
    EXPECT_EQ(now().at("state"), "paid");
    EXPECT_EQ(now().at("credits"), 1);
    EXPECT_THAT(shop_.events(id()), ElementsAre("created", "paid"));
}

TEST_F(MerchantV3, CreditsDuplicatesOnce) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(notify(paid()), 200);
    EXPECT_EQ(now().at("credits"), 1);
    EXPECT_THAT(shop_.events(id()), ElementsAre("created", "paid", "duplicate", "duplicate"));
}

TEST_F(MerchantV3, CreditsOnceWhenFiftyComeTogether) {
    const auto request = callback(paid());
    std::vector<int> answers(50);
    std::latch start(50);
    {
        std::vector<std::jthread> threads;
        for (int& answer : answers) {
            threads.emplace_back([&] {
                start.arrive_and_wait();
                answer = shop_.send(request).status;
            });
        }
    }
    EXPECT_THAT(answers, Each(200));
    EXPECT_EQ(now().at("credits"), 1);
    const auto events = shop_.events(id());
    EXPECT_EQ(std::count(events.begin(), events.end(), "duplicate"), 49);
    EXPECT_EQ(shop_.wechat.downloads(), 1U);
}

TEST_F(MerchantV3, BelievesNoSignatureButTheRightOne) {
    const auto good = callback(paid());
    std::vector<http::Request> bad(9, good);
    bad[0].headers.set(
        "Wechatpay-Signature",
        "WECHATPAY/SIGNTEST/" + std::string(good.headers.get("Wechatpay-Signature")));
    bad[1].headers.set("Wechatpay-Nonce", "another");
    bad[2].headers.set("Wechatpay-Timestamp", "1717214401");
    bad[3].headers.set("Wechatpay-Signature", "");
    bad[4].headers.set("Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3");
    bad[5].body.insert(1, " ");  // the same JSON in other bytes
    bad[6].headers = {};
    bad[7].headers.set("Wechatpay-Serial", v3_serial(kSecond));
    bad[8] = callback(paid(), {.key = "merchant"});
    bad[8].headers.set("Wechatpay-Serial", v3_serial(kFirst));
    for (const auto& request : bad) {
        const auto answer = shop_.send(request);
        EXPECT_EQ(answer.status, 401) << answer.body;
        EXPECT_EQ(answer.json().at("code"), "FAIL");
        EXPECT_NE(answer.json().at("message"), "");
    }
    expect_untouched();
    // Who sent them is unknown, so that they are not the order's story but the shop's.
    EXPECT_THAT(shop_.events(id()), ElementsAre("created"));
    EXPECT_EQ(shop_.events("").size(), bad.size());
    EXPECT_EQ(shop_.send(good).status, 200) << "a probe is followed by the same news, signed well";
}

TEST_F(MerchantV3, RefusesWhatIsOld) {
    EXPECT_EQ(notify(paid(), {.age = 301s}), 401);
    EXPECT_EQ(notify(paid(), {.age = -301s}), 401);
    expect_untouched();
    EXPECT_EQ(notify(paid(), {.age = 300s}), 200);
}

TEST_F(MerchantV3, RefusesWhatIsSealedUnderAnotherKey) {
    const auto answer =
        shop_.send(callback(paid(), {.api_v3_key = Secret("0123456789abcdef0123456789abcdef")}));
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.body, R"({"code":"FAIL","message":"ciphertext is wrong"})");
    expect_untouched();
}

TEST_F(MerchantV3, RefusesAnothersPaymentThoughTheSignatureIsRight) {
    EXPECT_EQ(notify(paid({{"appid", "wx1111111111111111"}})), 400);
    EXPECT_EQ(notify(paid({{"mchid", "1900000110"}})), 400);
    expect_untouched();
}

TEST_F(MerchantV3, RefusesAnotherAmountThoughTheSignatureIsRight) {
    for (const int total : {1, 87, 89, 8800})
        EXPECT_EQ(notify(paid({{"amount", {{"total", total}}}})), 400) << total;
    EXPECT_EQ(notify(paid({{"amount", {{"currency", "USD"}}}})), 400);
    EXPECT_EQ(notify(paid({{"amount", {{"total", nullptr}}}})), 401) << "no payment without one";
    // What the user paid is less with coupons, and we are paid in full all the same.
    expect_untouched();
    EXPECT_THAT(shop_.events(id()), Contains("alarm").Times(5));
    EXPECT_EQ(notify(paid({{"amount", {{"payer_total", 80}}}})), 200);
}

TEST_F(MerchantV3, TakesNothingElseForAPayment) {
    EXPECT_EQ(notify(paid(), {.event_type = "REFUND.SUCCESS"}), 401);
    EXPECT_EQ(notify(paid({{"trade_state", "NOTPAY"}})), 401);
    EXPECT_EQ(notify(paid(), {.path = "/wxpay/refund_notify"}), 401);
    http::Request huge = callback(paid());
    huge.body = std::string(merchant::kNotifyBytesMax + 1, ' ');
    EXPECT_EQ(shop_.send(huge).status, 401);
    expect_untouched();
}

TEST_F(MerchantV3, MakesNoOrderFromACallback) {
    EXPECT_EQ(notify(paid({{"out_trade_no", "never-ordered"}})), 400);
    EXPECT_FALSE(shop_.store.begin()->find_order_by_number("never-ordered"));
    EXPECT_THAT(shop_.events(""), ElementsAre("alarm"));
}

TEST_F(MerchantV3, LearnsNewCertificatesWhileItRuns) {
    ASSERT_EQ(shop_.pay(id(), session_).status, 200);
    ASSERT_EQ(shop_.wechat.downloads(), 1U);
    // Signed under a serial that nobody publishes: one look, and none again for ten seconds.
    shop_.clock.advance(10s);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(notify(paid(), {.key = kSecond}), 401);
    EXPECT_EQ(shop_.wechat.downloads(), 2U);
    expect_untouched();

    shop_.wechat.published = {kFirst, kSecond};
    shop_.clock.advance(10s);
    EXPECT_EQ(notify(paid(), {.key = kSecond}), 200);
    EXPECT_EQ(notify(paid(), {.key = kFirst}), 200) << "both are good while they change";
    EXPECT_EQ(shop_.wechat.downloads(), 3U);
    shop_.wechat.signer = kSecond;
    shop_.wechat.published = {kSecond};
    EXPECT_EQ(shop_.refund(id(), session_, 88).status, 200);
    EXPECT_EQ(now().at("credits"), 1);
}

TEST(MerchantV3Keys, TrustsAPublicKeyWithoutDownloads) {
    v3::PlatformKeys keys;
    keys.add(v3_serial(kPublicKey), v3_key(kPublicKey).public_key());
    V3Shop shop(keys);
    shop.wechat.signer = kPublicKey;
    const std::string session = shop.login();
    const auto order = shop.order(session);
    EXPECT_EQ(shop.pay(order.at("id"), session).status, 200);
    EXPECT_EQ(shop.wechat.requests().front().headers.get("Wechatpay-Serial"),
              v3_serial(kPublicKey));
    EXPECT_EQ(shop.wechat.downloads(), 0U);
}

TEST_F(MerchantV3, AsksForAnotherTryWhenTheBooksCannotBeWritten) {
    class FullDisk final : public merchant::Store {
      public:
        std::unique_ptr<merchant::Transaction> begin() override {
            throw std::runtime_error("SQLite: database or disk is full");
        }
    } full_disk;
    const merchant::Context context{shop_.settings, full_disk,    shop_.gateway,
                                    shop_.clock,    shop_.random, shop_.context.report};
    const auto answer = std::get<http::Response>(merchant::App(context).handle(callback(paid())));
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body, R"({"code":"FAIL","message":"not now"})");
    EXPECT_EQ(notify(paid()), 200);
}

TEST_F(MerchantV3, RefundsNothingThatIsNotPaid) {
    EXPECT_EQ(shop_.refund(id(), session_, 88).json().at("error").at("code"), "order_not_paid");
    EXPECT_EQ(notify(refunded("R20240601120000000000000001", 88), refund_event()), 400);
    expect_untouched();
    EXPECT_THAT(shop_.events(""), ElementsAre("alarm"));
}

TEST_F(MerchantV3, PaysBackAnOrderAndTellsTheStory) {
    ASSERT_EQ(notify(paid()), 200);
    const auto asked = shop_.refund(id(), session_, 88);
    ASSERT_EQ(asked.status, 200) << asked.body;
    EXPECT_EQ(asked.json().at("state"), "accepted");
    const std::string refund = asked.json().at("out_refund_no");
    EXPECT_EQ(shop_.wechat.requests().back().body,
              fmt::format(R"({{"out_trade_no":"{}","out_refund_no":"{}",)"
                          R"("notify_url":"http://127.0.0.1:12190/wxpay/refund_notify",)"
                          R"("amount":{{"refund":88,"total":88,"currency":"CNY"}}}})",
                          number(), refund));

    EXPECT_EQ(notify(refunded(refund, 87), refund_event()), 400);
    EXPECT_EQ(notify(refunded(refund, 88, {{"mchid", "1900000110"}}), refund_event()), 400);
    EXPECT_EQ(notify(refunded(refund, 88, {{"mchid", nullptr}}), refund_event()), 400);
    EXPECT_EQ(notify(refunded(refund, 88), refund_event("REFUND.CLOSED")), 401);
    EXPECT_EQ(now().at("state"), "paid");
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(shop_.send(callback(refunded(refund, 88), refund_event())).body, kYes);
    EXPECT_EQ(now().at("state"), "refunded");
    EXPECT_THAT(shop_.events(id()),
                ElementsAre("created", "paid", "refund_asked", "refund_accepted", "alarm",
                            "refunded", "duplicate"));
}

TEST_F(MerchantV3, RecordsHowARefundCanEnd) {
    ASSERT_EQ(notify(paid()), 200);
    const auto state_after = [&](std::int64_t fee, const char* status) {
        const std::string refund = shop_.refund(id(), session_, fee).json().at("out_refund_no");
        const std::string event = std::string("REFUND.") + status;
        EXPECT_EQ(
            notify(refunded(refund, fee, {{"refund_status", status}}), refund_event(event.c_str())),
            200);
        return now().at("refunds").back().at("state").get<std::string>();
    };
    EXPECT_EQ(state_after(1, "ABNORMAL"), "abnormal");
    EXPECT_EQ(state_after(2, "CLOSED"), "closed");
    EXPECT_EQ(state_after(3, "SUCCESS"), "succeeded");
    // WeChat may be done before it answers.
    shop_.wechat.answers["POST /v3/refund/domestic/refunds"] = [](const http::Request& request) {
        return FakeWechatV3::Reply{
            200, FakeWechatV3::refund_of(nlohmann::json::parse(request.body), "SUCCESS")};
    };
    EXPECT_EQ(shop_.refund(id(), session_, 4).json().at("state"), "succeeded");
}

TEST_F(MerchantV3, KnowsARefusalFromNoAnswer) {
    ASSERT_EQ(notify(paid()), 200);
    const auto state = [&] { return now().at("refunds").at(0).at("state").get<std::string>(); };
    // Nobody signed the 401: it may be anybody's.
    answer("POST /v3/refund/domestic/refunds", 401, refusal("SIGN_ERROR"));
    EXPECT_EQ(shop_.refund(id(), session_, 88).status, 504);
    EXPECT_EQ(state(), "asked");
    answer("POST /v3/refund/domestic/refunds", 500, refusal("SYSTEM_ERROR"));
    EXPECT_EQ(shop_.refund(id(), session_, 88).status, 504);
    EXPECT_EQ(state(), "asked");
    answer("POST /v3/refund/domestic/refunds", 403, refusal("NOT_ENOUGH"));
    EXPECT_EQ(shop_.refund(id(), session_, 88).status, 502);
    EXPECT_EQ(state(), "refused");
    EXPECT_EQ(now().at("refunds").size(), 1U) << "one number for all tries";
}

TEST_F(MerchantV3, AsksAboutPaymentsThatNobodyToldOf) {
    const auto round = [&] { return shop_.call("POST", "/api/reconcile").body; };
    const std::string query = "GET /v3/pay/transactions/out-trade-no/{}";
    ASSERT_EQ(shop_.pay(id(), session_).status, 200);
    shop_.clock.advance(1min);
    answer(query, 200, dump_json(paid({{"trade_state", "NOTPAY"}, {"transaction_id", nullptr}})));
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":0})");
    answer(query, 200, dump_json(paid({{"out_trade_no", "another"}})));
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":1})");
    answer(query, 200, dump_json(paid({{"amount", {{"total", 1}}}})));
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":1})");
    expect_untouched();
    answer(query, 200, dump_json(paid()));
    EXPECT_EQ(round(), R"({"checked":1,"credited":1,"closed":0,"failed":0})");
    EXPECT_EQ(now().at("state"), "paid");
}

TEST_F(MerchantV3, ForgetsAndClosesWhatWechatDoesNotKnowOrHasClosed) {
    const auto round = [&] { return shop_.call("POST", "/api/reconcile").body; };
    const std::string query = "GET /v3/pay/transactions/out-trade-no/{}";
    ASSERT_EQ(shop_.pay(id(), session_).status, 200);
    shop_.clock.advance(1min);
    answer(query, 404, refusal("ORDER_NOT_EXIST"));
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":0,"failed":0})");
    EXPECT_EQ(round(), R"({"checked":0,"credited":0,"closed":0,"failed":0})");
    ASSERT_EQ(shop_.pay(id(), session_).status, 200);
    shop_.clock.advance(1min);
    answer(query, 200, dump_json(paid({{"trade_state", "CLOSED"}, {"transaction_id", nullptr}})));
    EXPECT_EQ(round(), R"({"checked":1,"credited":0,"closed":1,"failed":0})");
    EXPECT_EQ(now().at("state"), "closed");
}

TEST_F(MerchantV3, AsksHowARefundStands) {
    ASSERT_EQ(notify(paid()), 200);
    const std::string refund = shop_.refund(id(), session_, 88).json().at("out_refund_no");
    shop_.wechat.answers["GET /v3/refund/domestic/refunds/{}"] = [&](const http::Request&) {
        const nlohmann::json call{{"out_refund_no", refund},
                                  {"out_trade_no", number()},
                                  {"amount", {{"total", 88}, {"refund", 88}}}};
        return FakeWechatV3::Reply{200, FakeWechatV3::refund_of(call, "SUCCESS")};
    };
    EXPECT_EQ(shop_.refund(id(), session_, 88).json().at("state"), "succeeded");
    EXPECT_EQ(now().at("state"), "refunded");
}

TEST_F(MerchantV3, HoldsADaysBillAgainstTheBooks) {
    ASSERT_EQ(notify(paid()), 200);
    const std::string bill =
        "交易时间,商户号,微信订单号,商户订单号,交易状态,微信退款单号,商户退款单号,退款状态,手续费,"
        "订单金额,申请退款金额\r\n`2024-06-01 12:01:05,`1900000109,`" +
        std::string(Shop::kTransactionId) + ",`" + number() +
        ",`SUCCESS,`0,`0,`,`0.00000,`0.88,`0.00\r\n"
        "总交易单数,手续费总金额,订单总金额,申请退款总金额\r\n`1,`0.00000,`0.88,`0.00\r\n";
    std::string hash;
    append_hex(hash, sha1(bill), HexCase::lower);
    answer("GET /v3/bill/tradebill", 200,
           dump_json(
               Json{{"download_url", "https://api.mch.weixin.qq.com/v3/billdownload/file?token=x"},
                    {"hash_type", "SHA1"},
                    {"hash_value", hash}}));
    answer("GET /v3/billdownload/file", 200, bill);
    const auto day = merchant::parse_day("20240601").value();
    const auto check = merchant::check_day(day, shop_.gateway, shop_.store);
    ASSERT_TRUE(check) << check.error().detail;
    EXPECT_THAT(check->differences, IsEmpty());
    EXPECT_EQ(check->payments, 1U);
    EXPECT_THAT(shop_.wechat.requests(),
                Contains(testing::Field(&http::Request::query, HasSubstr("bill_date=2024-06-01"))));

    answer("GET /v3/bill/tradebill", 400, refusal("NO_STATEMENT_EXIST"));
    const auto none = merchant::check_day(day, shop_.gateway, shop_.store);
    ASSERT_TRUE(none) << none.error().detail;
    EXPECT_FALSE(none->has_bill);
    EXPECT_EQ(none->differences.size(), 1U);
    answer("GET /v3/bill/tradebill", 400, refusal("STATEMENT_CREATING"));
    EXPECT_FALSE(merchant::check_day(day, shop_.gateway, shop_.store));
}

}  // namespace
}  // namespace wxpay::test
