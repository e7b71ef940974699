#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unistd.h>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/xml.hpp"

#include "merchant/app.hpp"
#include "merchant/gateway/v2_gateway.hpp"
#include "merchant/store/sqlite_store.hpp"

namespace wxpay::test {

using Fields = std::map<std::string, std::string>;

/// Time that stands until a test moves it.
class StandingClock final : public Clock {
  public:
    Instant now() const override { return Instant(Millis(now_)); }
    void advance(Millis by) { now_ += by.count(); }

  private:
    std::atomic<std::int64_t> now_{
        parse_rfc3339("2024-06-01T12:00:00+08:00").value().time_since_epoch().count()};
};

/// What jscode2session answers. The code is the openid, as with the sandbox's test users.
inline http::Response login_answer(const http::Request& request) {
    const std::string code = request.parameter("js_code").value_or("");
    http::Response response;
    response.body = code.starts_with('o')
                        ? nlohmann::json{{"openid", code}, {"session_key", "a2V5"}}.dump()
                        : nlohmann::json{{"errcode", 40029}, {"errmsg", "invalid code"}}.dump();
    return response;
}

/// WeChat as a table of functions. Checks that each call is signed with the merchant's key.
class FakeWechat final : public http::Transport {
  public:
    /// Gets the fields of the call, gives those of the answer, which is then signed.
    using Answer = std::function<Result<Fields>(const Fields&)>;

    explicit FakeWechat(v2::Account account) : account_(std::move(account)) {}

    Result<http::Response> send(const http::Request& request) override {
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
        }
        if (request.path == "/sns/jscode2session") return answer_login(request);
        const auto message = XmlMessage::parse(request.body);
        if (!message) return Failure{message.error()};
        EXPECT_TRUE(v2::verify(message->fields(), message->get("sign"), account_.api_key,
                               account_.sign_type))
            << request.body;
        Fields call;
        for (const auto& [name, value] : message->fields()) call.emplace(name, value);
        if (request.path == "/pay/downloadbill") {
            http::Response response;
            response.body = bill(call);
            return response;
        }
        auto fields = answer_to(request.path)(call);
        if (!fields) return Failure{fields.error()};
        http::Response response;
        response.body = sign(*fields, account_.api_key, account_.sign_type);
        return response;
    }

    /// Adds what every answer has, and the sign.
    static std::string sign(const Fields& fields, const Secret& key, v2::SignType type) {
        v2::Message message;
        for (const auto& [name, value] : fields) message.text(name, value);
        return message.sign(key, type, "").render();
    }

    std::vector<http::Request> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

    Answer unified_order = [](const Fields&) {
        return Fields{{"return_code", "SUCCESS"},
                      {"result_code", "SUCCESS"},
                      {"prepay_id", "wx01120000123456a1b2c3d4e5f607180000"}};
    };
    Answer order_query = [](const Fields& call) {
        return Fields{{"return_code", "SUCCESS"},
                      {"result_code", "SUCCESS"},
                      {"out_trade_no", call.at("out_trade_no")},
                      {"trade_state", "NOTPAY"}};
    };
    /// Takes every refund on.
    Answer refund = [](const Fields& call) {
        return Fields{{"return_code", "SUCCESS"},
                      {"result_code", "SUCCESS"},
                      {"transaction_id", "4200002288202406010123456789"},
                      {"out_trade_no", call.at("out_trade_no")},
                      {"out_refund_no", call.at("out_refund_no")},
                      {"refund_id", "5030" + call.at("out_refund_no").substr(1)},
                      {"refund_fee", call.at("refund_fee")},
                      {"total_fee", call.at("total_fee")}};
    };
    Answer refund_query = [](const Fields&) {
        return Fields{{"return_code", "SUCCESS"},
                      {"result_code", "FAIL"},
                      {"err_code", "REFUNDNOTEXIST"},
                      {"err_code_des", "not exist"}};
    };
    /// What /pay/downloadbill answers; it is not signed.
    std::function<std::string(const Fields&)> bill = [](const Fields&) { return std::string(); };
    std::optional<Error> login_error;

  private:
    const Answer& answer_to(const std::string& path) const {
        if (path == "/pay/unifiedorder") return unified_order;
        if (path == "/secapi/pay/refund") return refund;
        if (path == "/pay/refundquery") return refund_query;
        return order_query;
    }
    Result<http::Response> answer_login(const http::Request& request) const {
        if (login_error) return Failure{*login_error};
        return login_answer(request);
    }

    const v2::Account account_;
    mutable std::mutex mutex_;
    std::vector<http::Request> requests_;
};

/// A directory that is gone with the object.
class ScratchDirectory {
  public:
    ScratchDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "merchant-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~ScratchDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// What a phone, and a test, can do with a shop.
class ShopFront {
  public:
    static constexpr const char* kAppId = "wx8888888888888888";
    static constexpr const char* kMchId = "1900000109";
    static constexpr const char* kOpenId = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";
    static constexpr const char* kTransactionId = "4200002288202406010123456789";

    virtual ~ShopFront() = default;

    struct Answer {
        int status;
        std::string body;
        nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
    };

    Answer call(const std::string& method, const std::string& path, const std::string& body = {},
                const std::string& session = {}) const {
        http::Request request;
        request.method = method;
        request.path = path;
        request.body = body;
        request.remote_address = "127.0.0.1";
        if (!session.empty()) request.headers.add("Authorization", "Bearer " + session);
        return send(request);
    }
    Answer send(const http::Request& request) const {
        auto response = std::get<http::Response>(shop_app().handle(request));
        return {response.status, std::move(response.body)};
    }

    std::string login(const std::string& openid = kOpenId) const {
        return call("POST", "/api/login", nlohmann::json{{"code", openid}}.dump())
            .json()
            .at("session");
    }
    /// One book for 88 fen.
    nlohmann::json order(const std::string& session) const {
        return call("POST", "/api/orders", R"({"product_id":"tangshi","quantity":1})", session)
            .json();
    }
    nlohmann::json order_of(const std::string& id, const std::string& session) const {
        return call("GET", "/api/orders/" + id, {}, session).json();
    }
    Answer pay(const std::string& id, const std::string& session) const {
        return call("POST", "/api/orders/" + id + "/pay", "{}", session);
    }
    Answer refund(const std::string& id, const std::string& session, std::int64_t fee,
                  const std::string& request_id = {}) const {
        nlohmann::json body{{"fee", fee}};
        if (!request_id.empty()) body["request_id"] = request_id;
        return call("POST", "/api/orders/" + id + "/refund", body.dump(), session);
    }

    std::vector<std::string> events(const std::string& order_id) {
        std::vector<std::string> out;
        for (auto& line : shop_store().begin()->log_of(order_id))
            out.push_back(std::move(line.event));
        return out;
    }

  private:
    virtual const merchant::App& shop_app() const = 0;
    virtual merchant::Store& shop_store() = 0;
};

/// A whole shop on V2 without sockets.
class Shop final : public ShopFront {
  public:
    static constexpr const char* kKey = "192006250b4c09247ec02edce69f6a2d";

    explicit Shop(v2::SignType sign_type = v2::SignType::md5,
                  const std::optional<std::filesystem::path>& data = std::nullopt,
                  std::uint64_t seed = 1)
        : account{kAppId, kMchId, Secret(kKey), sign_type, Secret("app-secret")},
          wechat(account),
          store(data),
          random(seed) {}

    /// What WeChat says when the order is paid; `changes` override, "-" removes.
    static Fields paid(const std::string& out_trade_no, const Fields& changes = {}) {
        Fields fields{{"appid", kAppId},
                      {"bank_type", "OTHERS"},
                      {"cash_fee", "88"},
                      {"fee_type", "CNY"},
                      {"is_subscribe", "N"},
                      {"mch_id", kMchId},
                      {"nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"},
                      {"openid", kOpenId},
                      {"out_trade_no", out_trade_no},
                      {"result_code", "SUCCESS"},
                      {"return_code", "SUCCESS"},
                      {"time_end", "20240601120105"},
                      {"total_fee", "88"},
                      {"trade_type", "JSAPI"},
                      {"transaction_id", kTransactionId}};
        for (const auto& [name, value] : changes) {
            if (value == "-") {
                fields.erase(name);
            } else {
                fields[name] = value;
            }
        }
        return fields;
    }
    std::string signed_xml(const Fields& fields) const {
        return FakeWechat::sign(fields, account.api_key, account.sign_type);
    }
    /// return_code of the shop's answer, which must be 200 and XML.
    std::string notify(const std::string& body, const std::string& path = "/wxpay/notify") const {
        const Answer answer = call("POST", path, body);
        EXPECT_EQ(answer.status, 200) << answer.body;
        const auto xml = XmlMessage::parse(answer.body);
        EXPECT_TRUE(xml) << answer.body;
        return xml ? std::string(xml->get("return_code")) : "no XML";
    }

    v2::Account account;
    FakeWechat wechat;
    merchant::SqliteStore store;
    StandingClock clock;
    SeededRandom random;
    merchant::V2Gateway gateway{account, wechat, random, clock};
    merchant::Settings settings{"http://127.0.0.1:12190/wxpay/notify", std::chrono::seconds(30),
                                "http://127.0.0.1:12190/wxpay/refund_notify"};
    std::mutex reports_mutex;
    std::vector<std::string> reports;
    merchant::Context context{settings,
                              store,
                              gateway,
                              clock,
                              random,
                              [this](merchant::Severity, const std::string& line) {
                                  const std::lock_guard lock(reports_mutex);
                                  reports.push_back(line);
                              }};
    merchant::App app{context};

  private:
    const merchant::App& shop_app() const override { return app; }
    merchant::Store& shop_store() override { return store; }
};

}  // namespace wxpay::test
