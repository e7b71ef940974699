#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"

namespace wxpay::sandbox {

/// A WeChat Pay for a test in C++: it runs in the test's process, on a free port of 127.0.0.1, in
/// memory. Its clock stands until advance() moves it. Point the shop at url(), let it order, then
/// pay().
///
/// An order is named by the demo merchant's out_trade_no, or as in the control API: by its
/// prepay_id, its transaction_id or "mch_id:out_trade_no". Words such as "NOTPAY", "cancel" and
/// "delivered" are those of the control API, too; see the README. Money is fen.
///
/// Calls that it refuses and callbacks that fail are logged with the likely cause, by spdlog's
/// default logger.
///
/// What cannot be done throws std::runtime_error with the reason. Thread-safe. As many as you like
/// may run at the same time.
class Sandbox {
  public:
    struct Options {
        std::uint64_t seed = 1;             ///< the same seed gives the same ids and nonces
        std::optional<Instant> start_time;  ///< where its clock stands at first; nothing: now
        bool strict = false;                ///< no hints, and stricter checks
    };

    Sandbox();
    explicit Sandbox(const Options& options);
    ~Sandbox();  ///< stops
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    /// "http://127.0.0.1:PORT", instead of https://api.mch.weixin.qq.com and
    /// https://api.weixin.qq.com.
    std::string url() const;

    /// Who the shop is, unless it brings a merchant of its own.
    struct Merchant {
        std::string appid;
        std::string app_secret;
        std::string mch_id;
        std::string api_key;  ///< of API V2
    };
    static const Merchant& merchant();

    struct Order {
        std::string mch_id;
        std::string out_trade_no;
        std::string prepay_id;       ///< empty: code payment
        std::string transaction_id;  ///< empty: not paid
        std::string trade_type;      ///< "JSAPI", …
        std::string state;           ///< "NOTPAY", "SUCCESS", "REFUND", "CLOSED", …
        std::string openid;
        std::int64_t total_fee = 0;
        std::int64_t refunded_fee = 0;
        std::optional<Instant> paid_at;
    };
    /// Fails when there is no such order.
    Order order(std::string_view id) const;

    /// The user pays, or does not: "success", "cancel", "notenough", "payerror", "userpaying".
    /// (With "success" the openid may decide otherwise; see the README's test users.) Returns the
    /// order as it is then. Fails when there is no such order, or when it cannot be paid any more.
    Order pay(std::string_view id, std::string_view outcome = "success");

    struct Advanced {
        Instant now;
        int fired = 0;      ///< timers of any kind
        int delivered = 0;  ///< callbacks that the shop has taken
        int failed = 0;     ///< attempts that it has not; each is made again on schedule
    };
    /// Moves the clock, and returns when all that fell due on the way has happened, callbacks
    /// included. Without a duration: what is due already, such as the callback of an order that was
    /// just paid. The counts are those since the last advance.
    Advanced advance(Millis by = Millis{0});
    /// What time it is for the business.
    Instant now() const;

    /// One try to deliver a callback.
    struct Attempt {
        Instant at;
        int http_status = 0;  ///< 0: no answer
        std::string verdict;  ///< "ok", "refused", "bad_answer", "timeout", "unreachable"
        std::string reason;
        std::string response_body;
    };
    struct Notification {
        std::string id;
        std::string kind;  ///< "payment", "refund"
        std::string mch_id;
        std::string out_trade_no;
        std::string url;
        std::string state;  ///< "pending", "delivered", "exhausted"
        std::vector<Attempt> attempts;
    };
    /// The callbacks of one order, or all of them; newest first, at most 1000.
    std::vector<Notification> notifications(std::string_view order_id = {}) const;

    /// Makes something go wrong until reset(): R"({"on":"api","do":{"http_status":502}})"; see the
    /// README's "Faults". Returns the fault's id. Fails when the JSON is no fault.
    std::string add_fault(std::string_view json);

    /// Forgets orders, callbacks, faults and exchanges. The clock stays where it is.
    void reset();

    /// Any other call of the control API, without a socket: control("POST", "comments", R"({…})").
    /// `target` is what follows /_sandbox/v1/, with its query. Returns the answer's body; fails
    /// when its status is 400 or more. The stream of events is not to be had so.
    std::string control(std::string_view method, std::string_view target,
                        std::string_view body = {});

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::sandbox
