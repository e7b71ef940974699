#include "merchant/store/sqlite_store.hpp"

#include <array>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>

#include "core/sqlite/sqlite.hpp"

#include "embedded/kMerchantSchema0001.hpp"
#include "embedded/kMerchantSchema0002.hpp"
#include "embedded/kMerchantSchema0003.hpp"
#include "merchant/limits.hpp"

namespace wxpay::merchant {
namespace {

std::int64_t stored(Instant at) { return at.time_since_epoch().count(); }
std::optional<std::int64_t> stored(const std::optional<Instant>& at) {
    if (!at) return std::nullopt;
    return stored(*at);
}
Instant instant(std::int64_t millis) { return Instant(Millis(millis)); }

/// What we wrote ourselves reads back; anything else is a damaged file.
template <class T>
T read_back(Result<T> value) {
    if (!value) throw std::runtime_error("merchant.db is damaged: " + value.error().detail);
    return *std::move(value);
}

OrderState read_state(std::string_view word) {
    const auto state = parse_order_state(word);
    if (!state)
        throw std::runtime_error("merchant.db is damaged: order state " + std::string(word));
    return *state;
}

/// credits and refunded are counted, not kept: numbers of their own could drift away from the
/// books.
constexpr const char* kSelectOrder =
    "SELECT id, out_trade_no, openid, body, total, notify_url, created_at, state, prepay_asked_at,"
    " (SELECT count(*) FROM payments WHERE order_id = orders.id),"
    " (SELECT max(transaction_id) FROM payments WHERE order_id = orders.id),"
    " (SELECT coalesce(sum(fee), 0) FROM refunds WHERE order_id = orders.id AND"
    " state = 'succeeded') FROM orders ";

Order read_order(Rows& row) {
    Order order;
    order.id = row.text();
    order.out_trade_no = read_back(OutTradeNo::parse(row.text()));
    order.openid = read_back(OpenId::parse(row.text()));
    order.body = row.text();
    order.total = Fen{row.number()};
    order.notify_url = row.text();
    order.created_at = instant(row.number());
    order.state = read_state(row.text());
    if (const auto asked_at = row.optional_number()) order.prepay_asked_at = instant(*asked_at);
    order.credits = static_cast<int>(row.number());
    order.transaction_id = row.text();
    order.refunded = Fen{row.number()};
    if (order.state == OrderState::paid && order.refunded >= order.total)
        order.state = OrderState::refunded;
    return order;
}

constexpr const char* kSelectRefund =
    "SELECT out_refund_no, order_id, request, fee, notify_url, asked_at, state, refund_id, ended_at"
    " FROM refunds ";

Refund read_refund(Rows& row) {
    Refund refund;
    refund.out_refund_no = row.text();
    refund.order_id = row.text();
    refund.request = row.text();
    refund.fee = Fen{row.number()};
    refund.notify_url = row.text();
    refund.asked_at = instant(row.number());
    const auto state = parse_refund_state(row.text());
    if (!state) throw std::runtime_error("merchant.db is damaged: a refund's state");
    refund.state = *state;
    refund.refund_id = row.optional_text().value_or("");
    if (const auto ended_at = row.optional_number()) refund.ended_at = instant(*ended_at);
    return refund;
}

template <class Record>
std::vector<Record> all(Rows&& row, Record (*read)(Rows&)) {
    std::vector<Record> out;
    while (row.next()) out.push_back(read(row));
    return out;
}

struct Statements {
    explicit Statements(Database& db) : db_(db) {}

    Database& db_;
    Statement begin{db_, "BEGIN IMMEDIATE"};
    Statement commit{db_, "COMMIT"};

    Statement order{db_, fmt::format("{} WHERE id = ?", kSelectOrder)};
    Statement order_by_number{db_, fmt::format("{} WHERE out_trade_no = ?", kSelectOrder)};
    Statement insert_order{db_,
                           "INSERT INTO orders (id, out_trade_no, openid, body, total, notify_url,"
                           " created_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    Statement mark_prepay_asked{db_,
                                "UPDATE orders SET prepay_asked_at = coalesce(prepay_asked_at, ?1),"
                                " prepay_asked_last = ?1 WHERE id = ?2"};
    Statement forget_prepay{
        db_, "UPDATE orders SET prepay_asked_at = NULL WHERE id = ? AND prepay_asked_last < ?"};
    Statement close{db_, "UPDATE orders SET state = 'closed' WHERE id = ? AND state = 'unpaid'"};

    Statement insert_payment{db_,
                             "INSERT INTO payments (transaction_id, order_id, openid, total,"
                             " paid_at, credited_at) VALUES (?, ?, ?, ?, ?, ?)"
                             " ON CONFLICT DO NOTHING"};
    Statement mark_paid{db_, "UPDATE orders SET state = 'paid' WHERE id = ?"};

    Statement insert_refund{db_,
                            "INSERT INTO refunds (out_refund_no, order_id, request, fee,"
                            " notify_url, asked_at, state) VALUES (?, ?, ?, ?, ?, ?, ?)"};
    Statement refund{db_, fmt::format("{} WHERE out_refund_no = ?", kSelectRefund)};
    Statement refunds_of{db_, fmt::format("{} WHERE order_id = ? ORDER BY rowid", kSelectRefund)};
    Statement save_refund{db_,
                          "UPDATE OR IGNORE refunds SET state = ?, refund_id = ?, ended_at = ?"
                          " WHERE out_refund_no = ?"};
    Statement refunds_under_way{
        db_, fmt::format("{} WHERE state IN ('asked', 'accepted') AND asked_at <= ?"
                         " ORDER BY queried_at, asked_at LIMIT ?",
                         kSelectRefund)};
    Statement mark_refund_queried{db_, "UPDATE refunds SET queried_at = ? WHERE out_refund_no = ?"};
    Statement orders_paid{
        db_, fmt::format("{} WHERE id IN (SELECT order_id FROM payments WHERE paid_at >= ? AND"
                         " paid_at < ?) ORDER BY created_at, id",
                         kSelectOrder)};
    Statement refunds_succeeded{
        db_, fmt::format("{} WHERE state = 'succeeded' AND ended_at >= ? AND ended_at < ?"
                         " ORDER BY ended_at, out_refund_no",
                         kSelectRefund)};

    Statement insert_log{db_, "INSERT INTO log (order_id, at, event, detail) VALUES (?, ?, ?, ?)"};
    Statement trim_log{db_,
                       "DELETE FROM log WHERE id IN (SELECT id FROM log WHERE order_id = ? AND"
                       " event = ? ORDER BY id DESC LIMIT -1 OFFSET ?)"};
    Statement log_of{db_, "SELECT at, event, detail FROM log WHERE order_id = ? ORDER BY id"};

    Statement unpaid{db_, fmt::format("{} WHERE state = 'unpaid' AND prepay_asked_at <= ?"
                                      " ORDER BY queried_at, prepay_asked_at LIMIT ?",
                                      kSelectOrder)};
    Statement mark_queried{db_, "UPDATE orders SET queried_at = ? WHERE id = ?"};

    Statement expire_sessions{db_, "DELETE FROM sessions WHERE expires_at <= ?"};
    Statement insert_session{
        db_, "INSERT INTO sessions (token_digest, openid, expires_at) VALUES (?, ?, ?)"};
    Statement session{
        db_, "SELECT token_digest, openid, expires_at FROM sessions WHERE token_digest = ?"};
};

class SqliteTransaction final : public Transaction {
  public:
    /// IMMEDIATE: the write lock is taken before anything is read, so that what was read still
    /// holds when it is acted on, also against other programs.
    SqliteTransaction(std::mutex& mutex, Database& db, Statements& statements)
        : lock_(mutex), db_(db), s_(statements) {
        s_.begin.run();
    }
    ~SqliteTransaction() override {
        if (!committed_) db_.roll_back();
    }

    std::optional<Order> find_order(std::string_view id) override { return one(s_.order, id); }
    std::optional<Order> find_order_by_number(std::string_view out_trade_no) override {
        return one(s_.order_by_number, out_trade_no);
    }
    void insert_order(const Order& o) override {
        s_.insert_order.run(o.id, o.out_trade_no.str(), o.openid.str(), o.body, o.total.count(),
                            o.notify_url, stored(o.created_at), name(o.state));
    }
    void mark_prepay_asked(const std::string& id, Instant at) override {
        s_.mark_prepay_asked.run(stored(at), id);
    }
    void forget_prepay(const std::string& id, Instant asked_at) override {
        s_.forget_prepay.run(id, stored(asked_at));
    }
    bool close_order(const std::string& id) override {
        s_.close.run(id);
        return db_.changes() == 1;
    }

    bool credit(const std::string& order_id, const PaymentReport& report, Instant at) override {
        s_.insert_payment.run(report.transaction_id, order_id, report.openid, report.total.count(),
                              stored(report.paid_at), stored(at));
        if (db_.changes() != 1) return false;
        s_.mark_paid.run(order_id);
        return true;
    }

    void insert_refund(const Refund& r) override {
        s_.insert_refund.run(r.out_refund_no, r.order_id, r.request, r.fee.count(), r.notify_url,
                             stored(r.asked_at), name(r.state));
    }
    std::optional<Refund> find_refund(std::string_view out_refund_no) override {
        Rows row = s_.refund.query(out_refund_no);
        if (!row.next()) return std::nullopt;
        return read_refund(row);
    }
    std::vector<Refund> refunds_of(const std::string& order_id) override {
        return all(s_.refunds_of.query(order_id), read_refund);
    }
    bool save_refund(const Refund& r) override {
        const auto refund_id =
            r.refund_id.empty() ? std::nullopt : std::optional<std::string_view>(r.refund_id);
        s_.save_refund.run(name(r.state), refund_id, stored(r.ended_at), r.out_refund_no);
        return db_.changes() == 1;
    }
    std::vector<Refund> refunds_under_way(Instant before, std::int64_t limit) override {
        return all(s_.refunds_under_way.query(stored(before), limit), read_refund);
    }
    void mark_refund_queried(const std::string& out_refund_no, Instant at) override {
        s_.mark_refund_queried.run(stored(at), out_refund_no);
    }
    std::vector<Order> orders_paid(Instant from, Instant to) override {
        return all(s_.orders_paid.query(stored(from), stored(to)), read_order);
    }
    std::vector<Refund> refunds_succeeded(Instant from, Instant to) override {
        return all(s_.refunds_succeeded.query(stored(from), stored(to)), read_refund);
    }

    void log(const std::string& order_id, Instant at, std::string_view event,
             std::string_view detail) override {
        s_.insert_log.run(order_id, stored(at), event, detail);
        s_.trim_log.run(order_id, event, kLogLinesPerEventMax);
    }
    std::vector<LogLine> log_of(const std::string& order_id) override {
        std::vector<LogLine> lines;
        Rows row = s_.log_of.query(order_id);
        while (row.next()) {
            const Instant at = instant(row.number());
            std::string event(row.text());
            lines.push_back({at, std::move(event), std::string(row.text())});
        }
        return lines;
    }

    std::vector<Order> unpaid_since(Instant before, std::int64_t limit) override {
        return all(s_.unpaid.query(stored(before), limit), read_order);
    }
    void mark_queried(const std::string& id, Instant at) override {
        s_.mark_queried.run(stored(at), id);
    }

    void add_session(const Session& session, Instant now) override {
        s_.expire_sessions.run(stored(now));
        s_.insert_session.run(session.token_digest, session.openid.str(),
                              stored(session.expires_at));
    }
    std::optional<Session> find_session(std::string_view token_digest) override {
        Rows row = s_.session.query(token_digest);
        if (!row.next()) return std::nullopt;
        std::string digest(row.text());
        OpenId openid = read_back(OpenId::parse(row.text()));
        return Session{std::move(digest), std::move(openid), instant(row.number())};
    }

    void commit() override {
        s_.commit.run();
        committed_ = true;
    }

  private:
    static std::optional<Order> one(Statement& statement, std::string_view key) {
        Rows row = statement.query(key);
        if (!row.next()) return std::nullopt;
        return read_order(row);
    }

    std::lock_guard<std::mutex> lock_;
    Database& db_;
    Statements& s_;
    bool committed_ = false;
};

void set_up(Database& db, bool in_file) {
    // Another program at the same books is waited for, but not as long as WeChat waits for us.
    db.execute("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000");
    // FULL: WeChat gets its SUCCESS only when the payment is on the disk, not in a cache.
    if (in_file) db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");

    db.migrate(std::array{kMerchantSchema0001, kMerchantSchema0002, kMerchantSchema0003});
}

std::string file_in(const std::filesystem::path& directory) {
    std::error_code problem;
    std::filesystem::create_directories(directory, problem);
    if (problem) throw std::runtime_error(problem.message());
    return (directory / "merchant.db").string();
}

/// Who bought what is nobody else's business. SQLite's side files get the same mode.
void keep_private(const std::string& file) {
    namespace fs = std::filesystem;
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
}

}  // namespace

class SqliteStore::Impl {
  public:
    explicit Impl(const std::optional<std::filesystem::path>& directory)
        : db(directory ? file_in(*directory) : ":memory:") {
        if (directory) keep_private(file_in(*directory));
        set_up(db, directory.has_value());
        statements.emplace(db);
    }

    std::mutex mutex;
    Database db;
    std::optional<Statements> statements;  // they need the tables
};

SqliteStore::SqliteStore(const std::optional<std::filesystem::path>& directory)
    : impl_(std::make_unique<Impl>(directory)) {}

SqliteStore::~SqliteStore() = default;

std::unique_ptr<Transaction> SqliteStore::begin() {
    return std::make_unique<SqliteTransaction>(impl_->mutex, impl_->db, *impl_->statements);
}

}  // namespace wxpay::merchant
