#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/domain/ids.hpp"

#include "sandbox/ledger/order.hpp"
#include "sandbox/notify/notification.hpp"
#include "sandbox/timers/timer.hpp"

namespace wxpay::sandbox {

struct Comment;
struct FundEntry;
struct Payout;
struct Refund;
enum class PayoutKind;

/// Narrows a list; empty members do not narrow. Newest first.
struct OrderFilter {
    std::string mch_id = {};
    std::string out_trade_no = {};
    std::optional<TradeState> state = {};
    std::size_t limit = 100;
    std::optional<std::int64_t> before_id =
        {};  ///< only older ones: the last id of the page before
};

struct NotificationFilter {
    std::string mch_id = {};
    std::string out_trade_no = {};
    std::optional<NotificationState> state = {};
    std::size_t limit = 100;
    std::optional<std::int64_t> before_id = {};
};

/// A record of a product beside payment (combined orders, transfer bills, profit sharing), which
/// the ledger keeps but does not look into.
struct Document {
    std::int64_t id = 0;  ///< given by the store
    std::string kind;     ///< whose it is; each product has its own
    MchId mch_id;
    std::string name;  ///< unique for (kind, mch_id); ASCII
    std::string text;  ///< JSON
};

/// How many there are.
struct Tally {
    std::size_t notifications_pending = 0;
    std::size_t notifications_delivered = 0;
    std::size_t notifications_exhausted = 0;
    std::size_t timers = 0;
};

/// One unit of work. Everything in it happens or nothing does: destroying it without commit() takes
/// it all back. Transactions of a store exclude each other, so keep them short and never send or
/// wait inside one. A store that cannot go on (disk full, corrupt file) throws std::runtime_error.
class Transaction {
  public:
    virtual ~Transaction() = default;
    virtual void commit() = 0;

    /// Sets order.id. False, and nothing is stored, when (mch_id, out_trade_no) is taken or burnt.
    virtual bool insert_order(Order& order) = 0;
    /// Everything but the keys and the creation parameters.
    virtual void update_order(const Order& order) = 0;
    /// The creation parameters alone: a payment code may be scanned again for the same order.
    virtual void update_creation(const Order& order) = 0;
    virtual std::optional<Order> find_order(std::int64_t id) = 0;
    virtual std::optional<Order> find_order(const MchId& mch_id,
                                            const OutTradeNo& out_trade_no) = 0;
    virtual std::optional<Order> find_order(const PrepayId& prepay_id) = 0;
    virtual std::optional<Order> find_order(const TransactionId& transaction_id) = 0;
    virtual std::vector<Order> orders(const OrderFilter& filter) = 0;

    /// Not paid and not closed, made until `created`, oldest first; without those that can be paid
    /// for more than kUnpaidLife.
    virtual std::vector<Order> unpaid_orders(Instant created, std::size_t limit) = 0;
    /// When the oldest of such orders was made.
    virtual std::optional<Instant> oldest_unpaid() = 0;
    /// Paid from `from` on and before `to`, in the order of their payment.
    virtual std::vector<Order> orders_paid(const MchId& mch_id, Instant from, Instant to) = 0;

    /// Sets refund.id. Its number must not be taken: find_refund() first.
    virtual void insert_refund(Refund& refund) = 0;
    virtual void update_refund(const Refund& refund) = 0;  ///< state, succeeded_at
    virtual std::optional<Refund> find_refund(std::int64_t id) = 0;
    virtual std::optional<Refund> find_refund(const MchId& mch_id,
                                              const std::string& out_refund_no) = 0;
    virtual std::optional<Refund> find_refund_by_id(const std::string& refund_id) = 0;
    /// Oldest first, reversals included.
    virtual std::vector<Refund> refunds_of(std::int64_t order_id) = 0;
    /// Made from `from` on and before `to`, oldest first.
    virtual std::vector<Refund> refunds_made(const MchId& mch_id, Instant from, Instant to) = 0;

    virtual void insert_fund_entry(FundEntry& entry) = 0;  ///< sets entry.id
    /// Behind the last entry; nothing when there is none.
    virtual std::optional<Fen> balance(const MchId& mch_id) = 0;
    /// From `from` on and before `to`, oldest first.
    virtual std::vector<FundEntry> fund_entries(const MchId& mch_id, Instant from, Instant to) = 0;

    /// A number that was closed without ever having been ordered: it cannot be ordered any more.
    virtual void burn_number(const MchId& mch_id, const OutTradeNo& out_trade_no) = 0;
    virtual bool is_burnt(const MchId& mch_id, const OutTradeNo& out_trade_no) = 0;

    /// Adds a merchant that came while the server ran, or replaces it; its definition is what
    /// config::read_merchant() reads.
    virtual void put_merchant(const MchId& mch_id, const std::string& definition) = 0;
    /// Their definitions, in the order in which they came.
    virtual std::vector<std::string> merchants() = 0;

    /// The code under which the link is known; from now on it is `code` when there was none.
    virtual std::string shorten(const std::string& long_url, const std::string& code) = 0;
    virtual std::optional<std::string> long_url(const std::string& code) = 0;

    /// False when that code was used before.
    virtual bool use_login_code(const AppId& appid, const std::string& code) = 0;
    /// Remembers whose app an openid belongs to.
    virtual void add_openid(const AppId& appid, const std::string& openid) = 0;
    /// Whether the openid is known, but only under other apps.
    virtual bool is_openid_of_another_app(const AppId& appid, const std::string& openid) = 0;

    /// Sets payout.id. Its number must not be taken: find_payout() first.
    virtual void insert_payout(Payout& payout) = 0;
    virtual void update_payout(const Payout& payout) = 0;  ///< state, ended_at
    /// What this user got or will get by the merchant's transfers since then.
    virtual Fen transferred(const MchId& mch_id, const std::string& openid, Instant since) = 0;
    virtual std::optional<Payout> find_payout(std::int64_t id) = 0;
    virtual std::optional<Payout> find_payout(PayoutKind kind, const MchId& mch_id,
                                              const std::string& number) = 0;

    virtual void insert_comment(Comment& comment) = 0;  ///< sets comment.id
    /// Made from `from` up to and including `to`, oldest first; without the first `offset`.
    virtual std::vector<Comment> comments(const MchId& mch_id, Instant from, Instant to,
                                          std::int64_t offset, std::int64_t limit) = 0;

    /// Sets document.id. False, and nothing is stored, when its name is taken.
    virtual bool insert_document(Document& document) = 0;
    virtual void update_document(const Document& document) = 0;  ///< text
    virtual void erase_document(std::int64_t id) = 0;
    virtual std::optional<Document> find_document(std::int64_t id) = 0;
    virtual std::optional<Document> find_document(std::string_view kind, const MchId& mch_id,
                                                  std::string_view name) = 0;
    /// Those whose names begin so, oldest first.
    virtual std::vector<Document> documents(std::string_view kind, const MchId& mch_id,
                                            std::string_view prefix) = 0;

    virtual void insert_notification(Notification& notification) = 0;  ///< sets notification.id
    virtual void update_notification(
        const Notification& notification) = 0;  ///< state, retries, next_at
    virtual void insert_attempt(std::int64_t notification_id, const Attempt& attempt) = 0;
    /// With their attempts.
    virtual std::optional<Notification> find_notification(std::int64_t id) = 0;
    virtual std::vector<Notification> notifications(const NotificationFilter& filter) = 0;

    virtual void insert_timer(Timer& timer) = 0;  ///< sets timer.id
    /// Whether a close_unpaid timer is set; asked for each new order, so it costs nothing.
    virtual bool will_close_unpaid() = 0;
    virtual void erase_timer(std::int64_t id) = 0;
    /// The timers of that kind and subject are gone.
    virtual void erase_timers(TimerKind kind, std::int64_t subject) = 0;
    /// Hands out timers that are due, earliest first, ties by creation. A claimed timer is not
    /// handed out again until the store is opened anew, so that what was going on at a crash
    /// happens again.
    virtual std::vector<Timer> claim_due(Instant now, std::size_t limit) = 0;
    /// When the earliest unclaimed timer is due.
    virtual std::optional<Instant> next_due() = 0;

    virtual Tally tally() = 0;

    /// Forgets everything, or everything of one merchant; but merchants stay.
    virtual void reset(const std::optional<MchId>& mch_id) = 0;
};

/// Where the ledger, its callbacks and its timers are kept.
class Store {
  public:
    virtual ~Store() = default;
    virtual std::unique_ptr<Transaction> begin() = 0;
    /// As begin(), but it may share its commit with other threads': commit() then returns, or
    /// throws, for all of them at once. It reads what they have written; so nothing that it read
    /// may be told before it has ended, by commit() or by its destructor, which both wait for that.
    virtual std::unique_ptr<Transaction> join() = 0;
};

}  // namespace wxpay::sandbox
