#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"

#include "merchant/shop/order.hpp"
#include "merchant/shop/payment.hpp"
#include "merchant/shop/refund.hpp"

namespace wxpay::merchant {

/// The words of the transaction log.
namespace event {
inline constexpr std::string_view kCreated = "created";
inline constexpr std::string_view kPrepay = "prepay";  ///< the user was given something to pay with
inline constexpr std::string_view kPrepayFailed = "prepay_failed";
inline constexpr std::string_view kPaid = "paid";            ///< money came and was credited
inline constexpr std::string_view kDuplicate = "duplicate";  ///< the same news again
inline constexpr std::string_view kRefused = "refused";      ///< a report that was not believed
inline constexpr std::string_view kWarning = "warning";
inline constexpr std::string_view kAlarm = "alarm";           ///< a person must look
inline constexpr std::string_view kRefundDue = "refund_due";  ///< paid, but the order was closed
inline constexpr std::string_view kClosed = "closed";
inline constexpr std::string_view kRefundAsked = "refund_asked";
inline constexpr std::string_view kRefundAccepted = "refund_accepted";
inline constexpr std::string_view kRefundFailed = "refund_failed";
inline constexpr std::string_view kRefunded = "refunded";  ///< money is back with the user
}  // namespace event

struct LogLine {
    Instant at;
    std::string event;
    std::string detail;
};

/// A login. Only the token's digest is kept: who reads the database cannot log in with it.
struct Session {
    std::string token_digest;
    OpenId openid;
    Instant expires_at;
};

/// One unit of work on the shop's books: all of it happens, or nothing. While it lives nobody else
/// writes, so it must be short: never ask WeChat in between. Without commit() it leaves no trace.
/// A store that fails (disk full, locked by another program) throws std::runtime_error.
class Transaction {
  public:
    virtual ~Transaction() = default;

    virtual std::optional<Order> find_order(std::string_view id) = 0;
    virtual std::optional<Order> find_order_by_number(std::string_view out_trade_no) = 0;
    /// A new order. Both its ids must be new; else it throws.
    virtual void insert_order(const Order& order) = 0;
    /// From now on WeChat may take money for it; keeps the first moment, and the last.
    virtual void mark_prepay_asked(const std::string& id, Instant at) = 0;
    /// WeChat, asked at `asked_at`, knows nothing of it after all. Harmless when WeChat was asked
    /// to take it since: it may know by now.
    virtual void forget_prepay(const std::string& id, Instant asked_at) = 0;
    /// Unpaid → closed; false when it is no longer unpaid.
    virtual bool close_order(const std::string& id) = 0;

    /// Puts a payment into the books and makes its order paid. False, and nothing changes, when the
    /// order has a payment or the transaction_id is in the books: the database itself keeps both
    /// unique, whatever the caller believed.
    virtual bool credit(const std::string& order_id, const PaymentReport& report, Instant at) = 0;

    /// A new refund. Its number must be new, and so must its request for the order; else it throws.
    virtual void insert_refund(const Refund& refund) = 0;
    virtual std::optional<Refund> find_refund(std::string_view out_refund_no) = 0;
    /// Oldest first.
    virtual std::vector<Refund> refunds_of(const std::string& order_id) = 0;
    /// Keeps state, refund_id and ended_at. False, and nothing changes, when the refund_id is that
    /// of another refund.
    virtual bool save_refund(const Refund& refund) = 0;
    /// Refunds that were asked for at `before` or earlier and have not ended. Who was not asked
    /// about for longest comes first.
    virtual std::vector<Refund> refunds_under_way(Instant before, std::int64_t limit) = 0;
    virtual void mark_refund_queried(const std::string& out_refund_no, Instant at) = 0;

    /// Orders whose payment WeChat dates from `from` to before `to`.
    virtual std::vector<Order> orders_paid(Instant from, Instant to) = 0;
    /// Refunds whose success WeChat dates so.
    virtual std::vector<Refund> refunds_succeeded(Instant from, Instant to) = 0;

    /// Adds a line, for an order or, with an empty id, for the shop. Beyond kLogLinesPerEventMax
    /// the oldest line of the same order and event goes.
    virtual void log(const std::string& order_id, Instant at, std::string_view event,
                     std::string_view detail) = 0;
    /// Oldest first.
    virtual std::vector<LogLine> log_of(const std::string& order_id) = 0;

    /// Unpaid orders for which WeChat may have taken money since `before` or earlier. Who was not
    /// asked for longest comes first.
    virtual std::vector<Order> unpaid_since(Instant before, std::int64_t limit) = 0;
    virtual void mark_queried(const std::string& id, Instant at) = 0;

    /// Adds a session and forgets those that have expired by `now`.
    virtual void add_session(const Session& session, Instant now) = 0;
    virtual std::optional<Session> find_session(std::string_view token_digest) = 0;

    virtual void commit() = 0;
};

/// The shop's books. Thread-safe.
class Store {
  public:
    virtual ~Store() = default;
    /// Waits until the transaction before is over.
    virtual std::unique_ptr<Transaction> begin() = 0;
};

}  // namespace wxpay::merchant
