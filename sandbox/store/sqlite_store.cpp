#include "sandbox/store/sqlite_store.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/sqlite/sqlite.hpp"

#include "embedded/kSchema0001.hpp"
#include "embedded/kSchema0002.hpp"
#include "embedded/kSchema0003.hpp"
#include "embedded/kSchema0004.hpp"
#include "embedded/kSchema0005.hpp"
#include "embedded/kSchema0006.hpp"
#include "embedded/kSchema0007.hpp"
#include "embedded/kSchema0008.hpp"
#include "sandbox/acceptance_twin.hpp"
#include "sandbox/ledger/comment.hpp"
#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/payout.hpp"
#include "sandbox/ledger/refund.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/store/brief_mutex.hpp"
#include "sandbox/store/shared_commit.hpp"

namespace wxpay::sandbox {
namespace {

/// The migrations, oldest first.
constexpr std::array kMigrations{kSchema0001, kSchema0002, kSchema0003, kSchema0004,
                                 kSchema0005, kSchema0006, kSchema0007, kSchema0008};

constexpr std::string_view kOrderColumns =
    "mch_id, out_trade_no, appid, sub_mch_id, sub_appid, api, trade_type, state, total, body, "
    "attach, device_info, "
    "openid, sub_openid, notify_url, nonce_str, sign_type, limit_pay, creation, prepay_id, "
    "prepaid_at, code_url, "
    "mweb_url, created_at, expires_at, transaction_id, paid_at, bank_type, coupons, "
    "platform_serial, combine_out_trade_no";

constexpr std::string_view kPayoutColumns =
    "id, kind, mch_id, number, appid, openid, amount, name, remark, wishing, activity, terms, "
    "state, detail_id, created_at, ended_at";
/// Columns that a new order does not set.
constexpr std::string_view kLaterOrderColumns = "payer, refunded, refund_outcome";

constexpr std::string_view kRefundColumns =
    "order_id, mch_id, out_refund_no, refund_id, api, state, total, fee, cash, coupons, reason, "
    "account, notify_url, created_at, succeeded_at, platform_serial";

constexpr std::string_view kFundColumns =
    "mch_id, at, kind, business_id, voucher, note, amount, balance";

constexpr std::string_view kNotificationColumns =
    "id, kind, mch_id, out_trade_no, url, body, state, retries, next_at, api, platform_serial";

constexpr std::string_view kDocumentColumns = "id, kind, mch_id, name, text";

std::int64_t stored(Instant at) { return at.time_since_epoch().count(); }
Instant instant(std::int64_t millis) { return Instant(Millis(millis)); }

std::optional<std::int64_t> stored(const std::optional<Instant>& at) {
    if (!at) return std::nullopt;
    return stored(*at);
}

std::optional<Instant> optional_instant(Rows& row) {
    const auto millis = row.optional_number();
    if (!millis) return std::nullopt;
    return instant(*millis);
}

/// NULL for a text that is not there.
std::optional<std::string_view> unless_empty(std::string_view text) {
    if (text.empty()) return std::nullopt;
    return text;
}

/// What we wrote ourselves reads back; anything else is a damaged file.
template <class T>
T known(std::optional<T> value, std::string_view word) {
    if (!value)
        throw std::runtime_error(
            fmt::format("the store holds '{}', which this version does not know", word));
    return *value;
}

ApiVersion api_version(std::string_view word) {
    return word == wire_name(ApiVersion::v3) ? ApiVersion::v3 : ApiVersion::v2;
}

template <class Id>
Id id_from(std::string_view text) {
    if (text.empty()) return Id();
    auto id = Id::parse(text);
    if (!id)
        throw std::runtime_error(fmt::format("the store holds '{}', {}", text, id.error().detail));
    return *id;
}

std::string coupons_to_text(const std::vector<v2::Coupon>& coupons) {
    if (coupons.empty()) return {};  // almost every order: no JSON for nothing
    auto json = nlohmann::json::array();
    for (const v2::Coupon& coupon : coupons)
        json.push_back({coupon.id, coupon.type, coupon.fee.count()});
    return json.dump();
}

std::vector<v2::Coupon> coupons_from_text(std::string_view text) {
    std::vector<v2::Coupon> out;
    for (const auto& row : nlohmann::json::parse(text)) {
        out.push_back({row.at(0).get<std::string>(), row.at(1).get<std::string>(),
                       Fen{row.at(2).get<std::int64_t>()}});
    }
    return out;
}

Order order_from(Rows& row) {
    Order order;
    const auto text = [&row] { return std::string(row.text()); };
    order.id = row.number();
    order.mch_id = id_from<MchId>(row.text());
    order.out_trade_no = id_from<OutTradeNo>(row.text());
    order.appid = id_from<AppId>(row.text());
    order.sub_mch_id = text();
    order.sub_appid = text();
    order.api = api_version(row.text());
    const std::string_view type = row.text();
    order.trade_type = known(parse_trade_type(type), type);
    const std::string_view state = row.text();
    order.state = known(parse_trade_state(state), state);
    order.total = Fen{row.number()};
    order.body = text();
    order.attach = text();
    order.device_info = text();
    order.openid = text();
    order.sub_openid = text();
    order.notify_url = text();
    order.nonce_str = text();
    const std::string_view sign_type = row.text();
    order.sign_type = known(v2::parse_sign_type(sign_type), sign_type);
    order.limit_pay = text();
    order.creation = text();
    order.prepay_id = id_from<PrepayId>(row.text());
    order.prepaid_at = instant(row.number());
    order.code_url = text();
    order.mweb_url = text();
    order.created_at = instant(row.number());
    order.expires_at = optional_instant(row);
    order.transaction_id = id_from<TransactionId>(row.optional_text().value_or(""));
    order.paid_at = optional_instant(row);
    order.bank_type = text();
    if (const auto coupons = row.optional_text()) order.coupons = coupons_from_text(*coupons);
    order.platform_serial = text();
    order.combine_out_trade_no = text();
    order.payer = text();
    order.refunded = Fen{row.number()};
    const std::string_view outcome = row.text();
    order.refund_outcome = known(parse_refund_outcome(outcome), outcome);
    return order;
}

Refund refund_from(Rows& row) {
    Refund refund;
    refund.id = row.number();
    refund.order_id = row.number();
    refund.mch_id = id_from<MchId>(row.text());
    refund.out_refund_no = row.text();
    refund.refund_id = row.text();
    refund.api = api_version(row.text());
    const std::string_view state = row.text();
    refund.state = known(parse_refund_state(state), state);
    refund.total = Fen{row.number()};
    refund.fee = Fen{row.number()};
    refund.cash = Fen{row.number()};
    if (const auto coupons = row.optional_text()) refund.coupons = coupons_from_text(*coupons);
    refund.reason = row.text();
    refund.account = row.text();
    refund.notify_url = row.text();
    refund.created_at = instant(row.number());
    refund.succeeded_at = optional_instant(row);
    refund.platform_serial = row.text();
    return refund;
}

FundEntry fund_entry_from(Rows& row) {
    FundEntry entry;
    entry.id = row.number();
    entry.mch_id = id_from<MchId>(row.text());
    entry.at = instant(row.number());
    entry.kind = static_cast<FundKind>(row.number());
    entry.business_id = row.text();
    entry.voucher = row.text();
    entry.note = row.text();
    entry.amount = Fen{row.number()};
    entry.balance = Fen{row.number()};
    return entry;
}

Notification notification_from(Rows& row) {
    Notification notification;
    notification.id = row.number();
    const std::string_view kind = row.text();
    notification.kind = known(parse_notification_kind(kind), kind);
    notification.mch_id = id_from<MchId>(row.text());
    notification.out_trade_no = id_from<OutTradeNo>(row.text());
    notification.url = row.text();
    notification.body = row.text();
    const std::string_view state = row.text();
    notification.state = known(parse_notification_state(state), state);
    notification.retries = static_cast<int>(row.number());
    notification.next_at = optional_instant(row);
    notification.api = api_version(row.text());
    notification.platform_serial = row.text();
    return notification;
}

Document document_from(Rows& row) {
    Document document;
    document.id = row.number();
    document.kind = row.text();
    document.mch_id = id_from<MchId>(row.text());
    document.name = row.text();
    document.text = row.text();
    return document;
}

Payout payout_from(Rows& row) {
    Payout payout;
    const auto text = [&row] { return std::string(row.text()); };
    payout.id = row.number();
    payout.kind = row.text() == wire_name(PayoutKind::transfer) ? PayoutKind::transfer
                                                                : PayoutKind::red_packet;
    payout.mch_id = id_from<MchId>(row.text());
    payout.number = text();
    payout.appid = id_from<AppId>(row.text());
    payout.openid = text();
    payout.amount = Fen{row.number()};
    payout.name = text();
    payout.desc = text();
    payout.wishing = text();
    payout.activity = text();
    payout.terms = text();
    const std::string_view state = row.text();
    payout.state = known(parse_payout_state(state), state);
    payout.detail_id = text();
    payout.created_at = instant(row.number());
    payout.ended_at = optional_instant(row);
    return payout;
}

Comment comment_from(Rows& row) {
    Comment comment;
    comment.id = row.number();
    comment.mch_id = id_from<MchId>(row.text());
    comment.at = instant(row.number());
    comment.transaction_id = id_from<TransactionId>(row.text());
    comment.stars = static_cast<int>(row.number());
    comment.text = row.text();
    return comment;
}

/// WHERE and its values for a list, put together from what the caller narrows by.
class Where {
  public:
    void equal(std::string_view column, std::string_view value) {
        if (value.empty()) return;
        add(column, "=");
        values_.emplace_back(value);
    }
    void below(std::string_view column, std::optional<std::int64_t> value) {
        if (!value) return;
        add(column, "<");
        values_.emplace_back(*value);
    }
    const std::string& sql() const { return sql_; }
    std::span<const Statement::Value> values() const { return values_; }

  private:
    void add(std::string_view column, std::string_view op) {
        sql_ += fmt::format("{}{} {} ?", sql_.empty() ? " WHERE " : " AND ", column, op);
    }
    std::string sql_;
    std::vector<Statement::Value> values_;
};

/// Everything that is run often, prepared once.
struct Statements {
    explicit Statements(Database& db)
        : begin(db, "BEGIN"),
          commit(db, "COMMIT"),
          savepoint(db, "SAVEPOINT own"),
          release(db, "RELEASE own"),
          rollback_to(db, "ROLLBACK TO own"),
          insert_order(db, fmt::format("INSERT INTO orders (id, {}) VALUES (?, ?, ?, ?, ?, ?, ?, "
                                       "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                       "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                                       "ON CONFLICT (mch_id, out_trade_no) DO NOTHING",
                                       kOrderColumns)),
          update_order(
              db,
              "UPDATE orders SET state = ?, total = ?, device_info = ?, openid = ?, nonce_str = ?, "
              "sign_type = ?, "
              "prepay_id = ?, prepaid_at = ?, code_url = ?, mweb_url = ?, transaction_id "
              "= ?, paid_at = ?, "
              "bank_type = ?, coupons = ?, payer = ?, refunded = ?, refund_outcome = ? "
              "WHERE id = ?"),
          update_creation(db, "UPDATE orders SET creation = ? WHERE id = ?"),
          order_by_id(db, orders_where("id = ?")),
          order_by_number(db, orders_where("mch_id = ? AND out_trade_no = ?")),
          order_by_prepay_id(db, orders_where("prepay_id = ? AND prepay_id <> ''")),
          order_by_transaction_id(db, orders_where("transaction_id = ?")),
          orders_paid(db, orders_where("mch_id = ? AND paid_at >= ? AND paid_at < ? "
                                       "ORDER BY paid_at, id")),
          // Behind the watermark none is unpaid; the literals are wire_name()'s.
          unpaid(db, orders_where(fmt::format(
                         "id > ? AND coalesce(expires_at <= created_at + {}, 1) "
                         "AND state IN ('NOTPAY', 'USERPAYING', 'PAYERROR') ORDER BY id LIMIT ?",
                         Millis(kUnpaidLife).count()))),
          insert_refund(db, fmt::format("INSERT INTO refunds ({}) VALUES "
                                        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                        kRefundColumns)),
          update_refund(db, "UPDATE refunds SET state = ?, succeeded_at = ? WHERE id = ?"),
          refund_by_id(db, refunds_where("id = ?")),
          refund_by_number(
              db, refunds_where("mch_id = ? AND out_refund_no = ? AND out_refund_no <> ''")),
          refund_by_refund_id(db, refunds_where("refund_id = ?")),
          refunds_of(db, refunds_where("order_id = ? ORDER BY id")),
          refunds_made(db, refunds_where("mch_id = ? AND created_at >= ? AND created_at < ? "
                                         "ORDER BY created_at, id")),
          insert_fund_entry(db, fmt::format("INSERT INTO fund_entries ({}) VALUES "
                                            "(?, ?, ?, ?, ?, ?, ?, ?)",
                                            kFundColumns)),
          balance(db, "SELECT balance FROM fund_entries WHERE mch_id = ? ORDER BY id DESC LIMIT 1"),
          fund_entries(db, fmt::format("SELECT id, {} FROM fund_entries WHERE mch_id = ? AND "
                                       "at >= ? AND at < ? ORDER BY id",
                                       kFundColumns)),
          burn(db, "INSERT INTO burnt_numbers VALUES (?, ?) ON CONFLICT DO NOTHING"),
          is_burnt(db, "SELECT 1 FROM burnt_numbers WHERE mch_id = ? AND out_trade_no = ?"),
          use_code(db, "INSERT INTO login_codes VALUES (?, ?) ON CONFLICT DO NOTHING"),
          add_openid(db, "INSERT INTO openids VALUES (?, ?) ON CONFLICT DO NOTHING"),
          is_openid_of_another_app(db,
                                   "SELECT 1 FROM openids WHERE openid = ?1 AND NOT EXISTS "
                                   "(SELECT 1 FROM openids WHERE openid = ?1 AND appid = ?2)"),
          insert_payout(db,
                        "INSERT INTO payouts (kind, mch_id, number, appid, openid, amount, name, "
                        "remark, wishing, activity, terms, state, detail_id, created_at, ended_at) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
          update_payout(db, "UPDATE payouts SET state = ?, ended_at = ? WHERE id = ?"),
          short_code(db, "SELECT code FROM short_links WHERE long_url = ?"),
          insert_short(db, "INSERT INTO short_links (code, long_url) VALUES (?, ?)"),
          long_url(db, "SELECT long_url FROM short_links WHERE code = ?"),
          put_merchant(db,
                       "INSERT INTO merchants (mch_id, definition) VALUES (?, ?) "
                       "ON CONFLICT (mch_id) DO UPDATE SET definition = excluded.definition"),
          merchants(db, "SELECT definition FROM merchants ORDER BY id"),
          notification_tally(db, "SELECT state, COUNT(*) FROM notifications GROUP BY state"),
          timer_tally(db, "SELECT COUNT(*) FROM timers"),
          transferred(db,
                      "SELECT coalesce(sum(amount), 0) FROM payouts WHERE kind = 'transfer' AND "
                      "mch_id = ? AND openid = ? AND created_at >= ? AND state <> 'FAILED'"),
          payout_by_id(db, fmt::format("SELECT {} FROM payouts WHERE id = ?", kPayoutColumns)),
          payout_by_number(
              db, fmt::format("SELECT {} FROM payouts WHERE kind = ? AND mch_id = ? AND number = ?",
                              kPayoutColumns)),
          insert_comment(db,
                         "INSERT INTO comments (mch_id, at, transaction_id, stars, text) "
                         "VALUES (?, ?, ?, ?, ?)"),
          comments(db,
                   "SELECT id, mch_id, at, transaction_id, stars, text FROM comments WHERE mch_id "
                   "= ? AND at >= ? AND at <= ? ORDER BY at, id LIMIT ? OFFSET ?"),
          insert_notification(db,
                              "INSERT INTO notifications (kind, mch_id, out_trade_no, url, body, "
                              "state, retries, next_at, api, platform_serial) "
                              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
          update_notification(
              db, "UPDATE notifications SET state = ?, retries = ?, next_at = ? WHERE id = ?"),
          notification_by_id(
              db, fmt::format("SELECT {} FROM notifications WHERE id = ?", kNotificationColumns)),
          insert_attempt(db, "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
          attempts(db,
                   "SELECT n, at, http_status, latency, verdict, reason, response_body, probe FROM "
                   "attempts "
                   "WHERE notification_id = ? ORDER BY n"),
          insert_document(db,
                          "INSERT INTO documents (kind, mch_id, name, text) VALUES (?, ?, ?, ?) "
                          "ON CONFLICT DO NOTHING"),
          update_document(db, "UPDATE documents SET text = ? WHERE id = ?"),
          erase_document(db, "DELETE FROM documents WHERE id = ?"),
          document_by_id(db,
                         fmt::format("SELECT {} FROM documents WHERE id = ?", kDocumentColumns)),
          document_by_name(
              db, fmt::format("SELECT {} FROM documents WHERE kind = ? AND mch_id = ? AND name = ?",
                              kDocumentColumns)),
          documents_of(db, fmt::format("SELECT {} FROM documents WHERE kind = ? AND mch_id = ? AND "
                                       "name >= ?3 AND name < ?3 || char(0x10FFFF) ORDER BY id",
                                       kDocumentColumns)),
          insert_timer(db, "INSERT INTO timers (due, kind, subject) VALUES (?, ?, ?)"),
          erase_timer(db, "DELETE FROM timers WHERE id = ?"),
          erase_timers(db, "DELETE FROM timers WHERE kind = ? AND subject = ?"),
          due_timers(db,
                     "SELECT id, due, kind, subject FROM timers WHERE claimed = 0 AND due <= ? "
                     "ORDER BY due, id LIMIT ?"),
          claim_timer(db, "UPDATE timers SET claimed = 1 WHERE id = ?"),
          next_due(db, "SELECT due FROM timers WHERE claimed = 0 ORDER BY due, id LIMIT 1"),
          keep_time(db,
                    "INSERT INTO business_time (one, now, mode, real) VALUES (1, ?, ?, ?) "
                    "ON CONFLICT (one) DO UPDATE SET now = excluded.now, mode = excluded.mode, "
                    "real = excluded.real"),
          count_fault(db, "UPDATE faults SET matched = ?, injected = ? WHERE name = ?") {
        Statement count(db, "SELECT EXISTS (SELECT 1 FROM burnt_numbers)");
        auto rows = count.query();
        known.has_burnt = rows.next() && rows.number() != 0;
        Statement last(db, "SELECT max(id) FROM orders");
        auto last_rows = last.query();
        if (last_rows.next()) last_order_id = last_rows.number();
        look_for_close_unpaid(db);
    }

    void look_for_close_unpaid(Database& db) {
        Statement timers(db, fmt::format("SELECT EXISTS (SELECT 1 FROM timers WHERE kind = {})",
                                         static_cast<int>(TimerKind::close_unpaid)));
        auto rows = timers.query();
        known.will_close_unpaid = rows.next() && rows.number() != 0;
    }

    static std::string orders_where(std::string_view condition) {
        return fmt::format("SELECT id, {}, {} FROM orders WHERE {}", kOrderColumns,
                           kLaterOrderColumns, condition);
    }
    static std::string refunds_where(std::string_view condition) {
        return fmt::format("SELECT id, {} FROM refunds WHERE {}", kRefundColumns, condition);
    }

    Statement begin, commit, savepoint, release, rollback_to;
    Statement insert_order, update_order, update_creation;
    Statement order_by_id, order_by_number, order_by_prepay_id, order_by_transaction_id,
        orders_paid, unpaid;
    Statement insert_refund, update_refund, refund_by_id, refund_by_number, refund_by_refund_id,
        refunds_of, refunds_made;
    Statement insert_fund_entry, balance, fund_entries;
    Statement burn, is_burnt, use_code, add_openid, is_openid_of_another_app;
    Statement insert_payout, update_payout;
    Statement short_code, insert_short, long_url;
    Statement put_merchant, merchants, notification_tally, timer_tally;
    Statement transferred, payout_by_id, payout_by_number;
    Statement insert_comment, comments;
    Statement insert_notification, update_notification, notification_by_id, insert_attempt,
        attempts;
    Statement insert_document, update_document, erase_document, document_by_id, document_by_name,
        documents_of;
    Statement insert_timer, erase_timer, erase_timers, due_timers, claim_timer, next_due;
    Statement keep_time, count_fault;
    /// What is known of the tables' content, and must go back with them.
    struct Known {
        bool has_burnt = false;  // whether burnt_numbers may hold a row
        bool will_close_unpaid = false;
        std::int64_t paid_until_id = 0;             // no order up to this one is unpaid
        std::optional<SqliteStore::KeptTime> time;  // by this server
    };
    Known known;
    // Counted here: SQLite would give the ids of a reset's orders again, and what was in flight at
    // the reset (a fired timer, a long poll) would take a new order for the old one. AUTOINCREMENT
    // would cost each order a write.
    std::int64_t last_order_id = 0;
};

/// Keeps a second server out of the directory for as long as this one lives, however it dies.
class DirectoryLock {
  public:
    explicit DirectoryLock(const std::filesystem::path& directory) {
        const std::string path = (directory / "lock").string();
        handle_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (handle_ < 0) {
            throw std::runtime_error(
                fmt::format("--data {}: {}; choose a directory that can be written",
                            directory.string(), std::strerror(errno)));
        }
        if (flock(handle_, LOCK_EX | LOCK_NB) != 0) {
            const int problem = errno;
            ::close(handle_);
            throw std::runtime_error(
                problem == EWOULDBLOCK
                    ? fmt::format("--data {}: another wxpay-sandbox{} uses this directory; stop "
                                  "it, or choose another directory",
                                  directory.string(), pid_in(path))
                    : fmt::format("--data {}: it cannot be locked ({}); choose another directory",
                                  directory.string(), std::strerror(problem)));
        }
        std::ofstream(path) << ::getpid() << '\n';  // for who comes second; without it, no harm
    }
    ~DirectoryLock() { ::close(handle_); }
    DirectoryLock(const DirectoryLock&) = delete;
    DirectoryLock& operator=(const DirectoryLock&) = delete;

  private:
    static std::string pid_in(const std::string& path) {
        pid_t pid = 0;
        std::ifstream(path) >> pid;
        return pid > 0 ? fmt::format(" (pid {})", pid) : std::string();
    }

    int handle_ = -1;
};

/// The one connection to the database, and whose turn it is.
class Connection {
  public:
    explicit Connection(const std::string& path) : db(prepare(path)), statements(*db) {}

    /// Commits what is shared by now, or takes it back; those who wait for it know.
    void settle() {
        const auto shared = std::exchange(open_commit, nullptr);
        if (!shared) return;
        try {
            statements.commit.run();
            shared->succeed();
        } catch (const std::runtime_error& problem) {
            give_up(*shared, problem.what());
        }
    }
    /// The same when it cannot be committed any more.
    void give_up(SharedCommit& shared, const char* problem) {
        statements.known = known_before;
        db->roll_back();
        shared.fail(problem);
    }

    std::unique_ptr<Database> db;
    Statements statements;
    std::atomic<int> waiting{0};                // for the mutex
    BriefMutex mutex;                           // guards all but `waiting`
    std::shared_ptr<SharedCommit> open_commit;  // of those who came before; null: there are none
    Statements::Known known_before;             // … when it was opened
    const VirtualClock* clock = nullptr;        // whose time commits keep; null: nobody's
    const Clock* real_clock = nullptr;

  private:
    static std::unique_ptr<Database> connect(const std::string& path) try {
        auto db = std::make_unique<Database>(path);
        db->execute("PRAGMA foreign_keys = ON");
        if (path != Database::kInMemory) {
            db->survive_kills();
            db->execute("PRAGMA temp_store = MEMORY");
        }
        return db;
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(fmt::format("{}; choose another directory", error.what()));
    }

    static std::unique_ptr<Database> prepare(const std::string& path) {
        auto db = connect(path);
        db->migrate(kMigrations);
        db->execute(
            "UPDATE timers SET claimed = 0 WHERE claimed = 1; UPDATE starts SET count = count + 1");
        return db;
    }
};

/// Holds the store's mutex for its whole life.
class SqliteTransaction final : public Transaction {
  public:
    /// shares  whether the commit may be one for several
    SqliteTransaction(Connection& connection, bool shares)
        : connection_(connection), lock_(wait_for_turn()) {
        if (!shares) connection_.settle();
        known_before_ = s_.known;
        if (connection_.open_commit) {
            s_.savepoint.run();
            is_first_ = false;
        } else {
            s_.begin.run();
            if (shares) {
                connection_.open_commit = std::make_shared<SharedCommit>();
                connection_.known_before = s_.known;
            }
        }
        shared_ = connection_.open_commit;
    }
    ~SqliteTransaction() override {
        if (has_ended_) return;
        s_.known = known_before_;
        if (is_first_) {
            connection_.db->roll_back();
            connection_.open_commit = nullptr;
            return;
        }
        try {
            s_.rollback_to.run();
            s_.release.run();
        } catch (const std::runtime_error& problem) {
            // Those whose work is lost with it hear of it; nothing of this one was to be kept.
            if (const auto shared = std::exchange(connection_.open_commit, nullptr))
                connection_.give_up(*shared, problem.what());
            return;
        }
        try {
            leave();
        } catch (const std::runtime_error&) {
            // That is for those who wanted to keep something.
        }
    }
    SqliteTransaction(const SqliteTransaction&) = delete;
    SqliteTransaction& operator=(const SqliteTransaction&) = delete;

    void commit() override {
        keep_time();
        if (!shared_) {
            s_.commit.run();
            has_ended_ = true;
            return;
        }
        if (!is_first_) s_.release.run();
        leave();
    }

    bool insert_order(Order& order) override {
        if (is_burnt(order.mch_id, order.out_trade_no)) return false;
        const std::string coupons = coupons_to_text(order.coupons);
        const std::int64_t id = s_.last_order_id + 1;
        s_.insert_order.run(
            id, order.mch_id.str(), order.out_trade_no.str(), order.appid.str(), order.sub_mch_id,
            order.sub_appid, wire_name(order.api), wxpay::wire_name(order.trade_type),
            wxpay::wire_name(order.state), order.total.count(), order.body, order.attach,
            order.device_info, order.openid, order.sub_openid, order.notify_url, order.nonce_str,
            v2::wire_name(order.sign_type), order.limit_pay, order.creation, order.prepay_id.str(),
            stored(order.prepaid_at), order.code_url, order.mweb_url, stored(order.created_at),
            stored(order.expires_at), unless_empty(order.transaction_id.str()),
            stored(order.paid_at), order.bank_type, unless_empty(coupons), order.platform_serial,
            order.combine_out_trade_no);
        if (db_.changes() == 0) return false;
        s_.last_order_id = id;
        order.id = id;
        return true;
    }

    void update_creation(const Order& order) override {
        s_.update_creation.run(order.creation, order.id);
    }
    void update_order(const Order& order) override {
        const std::string coupons = coupons_to_text(order.coupons);
        s_.update_order.run(wxpay::wire_name(order.state), order.total.count(), order.device_info,
                            order.openid, order.nonce_str, v2::wire_name(order.sign_type),
                            order.prepay_id.str(), stored(order.prepaid_at), order.code_url,
                            order.mweb_url, unless_empty(order.transaction_id.str()),
                            stored(order.paid_at), order.bank_type, unless_empty(coupons),
                            order.payer, order.refunded.count(), wire_name(order.refund_outcome),
                            order.id);
    }

    std::optional<Order> find_order(std::int64_t id) override {
        return one<order_from>(s_.order_by_id.query(id));
    }
    std::optional<Order> find_order(const MchId& mch_id, const OutTradeNo& out_trade_no) override {
        return one<order_from>(s_.order_by_number.query(mch_id.str(), out_trade_no.str()));
    }
    std::optional<Order> find_order(const PrepayId& prepay_id) override {
        return one<order_from>(s_.order_by_prepay_id.query(prepay_id.str()));
    }
    std::optional<Order> find_order(const TransactionId& transaction_id) override {
        return one<order_from>(s_.order_by_transaction_id.query(transaction_id.str()));
    }

    std::vector<Order> orders(const OrderFilter& filter) override {
        Where where;
        where.equal("mch_id", filter.mch_id);
        where.equal("out_trade_no", filter.out_trade_no);
        if (filter.state) where.equal("state", wxpay::wire_name(*filter.state));
        where.below("id", filter.before_id);
        Statement list(db_,
                       fmt::format("SELECT id, {}, {} FROM orders{} ORDER BY id DESC LIMIT {}",
                                   kOrderColumns, kLaterOrderColumns, where.sql(), filter.limit));
        return all<order_from>(list.query_all(where.values()));
    }
    std::vector<Order> unpaid_orders(Instant created, std::size_t limit) override {
        // Orders come in the order in which they were made: all behind a younger one are younger.
        std::vector<Order> out;
        Rows rows = s_.unpaid.query(s_.known.paid_until_id, static_cast<std::int64_t>(limit));
        while (rows.next()) {
            Order order = order_from(rows);
            if (order.created_at > created) break;
            out.push_back(std::move(order));
        }
        return out;
    }
    std::optional<Instant> oldest_unpaid() override {
        const auto oldest =
            one<order_from>(s_.unpaid.query(s_.known.paid_until_id, std::int64_t{1}));
        if (oldest) s_.known.paid_until_id = oldest->id - 1;
        return oldest ? std::optional(oldest->created_at) : std::nullopt;
    }
    std::vector<Order> orders_paid(const MchId& mch_id, Instant from, Instant to) override {
        return all<order_from>(s_.orders_paid.query(mch_id.str(), stored(from), stored(to)));
    }

    void insert_refund(Refund& refund) override {
        const std::string coupons = coupons_to_text(refund.coupons);
        s_.insert_refund.run(refund.order_id, refund.mch_id.str(), refund.out_refund_no,
                             refund.refund_id, wire_name(refund.api), wire_name(refund.state),
                             refund.total.count(), refund.fee.count(), refund.cash.count(),
                             unless_empty(coupons), refund.reason, refund.account,
                             refund.notify_url, stored(refund.created_at),
                             stored(refund.succeeded_at), refund.platform_serial);
        refund.id = db_.last_id();
    }
    void update_refund(const Refund& refund) override {
        s_.update_refund.run(wire_name(refund.state), stored(refund.succeeded_at), refund.id);
    }
    std::optional<Refund> find_refund(std::int64_t id) override {
        return one<refund_from>(s_.refund_by_id.query(id));
    }
    std::optional<Refund> find_refund(const MchId& mch_id,
                                      const std::string& out_refund_no) override {
        return one<refund_from>(s_.refund_by_number.query(mch_id.str(), out_refund_no));
    }
    std::optional<Refund> find_refund_by_id(const std::string& refund_id) override {
        return one<refund_from>(s_.refund_by_refund_id.query(refund_id));
    }
    std::vector<Refund> refunds_of(std::int64_t order_id) override {
        return all<refund_from>(s_.refunds_of.query(order_id));
    }
    std::vector<Refund> refunds_made(const MchId& mch_id, Instant from, Instant to) override {
        return all<refund_from>(s_.refunds_made.query(mch_id.str(), stored(from), stored(to)));
    }

    void insert_fund_entry(FundEntry& entry) override {
        s_.insert_fund_entry.run(entry.mch_id.str(), stored(entry.at),
                                 std::int64_t{static_cast<int>(entry.kind)}, entry.business_id,
                                 entry.voucher, entry.note, entry.amount.count(),
                                 entry.balance.count());
        entry.id = db_.last_id();
    }
    std::optional<Fen> balance(const MchId& mch_id) override {
        auto rows = s_.balance.query(mch_id.str());
        if (!rows.next()) return std::nullopt;
        return Fen{rows.number()};
    }
    std::vector<FundEntry> fund_entries(const MchId& mch_id, Instant from, Instant to) override {
        return all<fund_entry_from>(s_.fund_entries.query(mch_id.str(), stored(from), stored(to)));
    }

    void burn_number(const MchId& mch_id, const OutTradeNo& out_trade_no) override {
        s_.burn.run(mch_id.str(), out_trade_no.str());
        s_.known.has_burnt = true;
    }
    bool is_burnt(const MchId& mch_id, const OutTradeNo& out_trade_no) override {
        // Such numbers are rare, and each new order would ask: a store that never had one does not
        // look.
        return s_.known.has_burnt && s_.is_burnt.query(mch_id.str(), out_trade_no.str()).next();
    }
    void put_merchant(const MchId& mch_id, const std::string& definition) override {
        s_.put_merchant.run(mch_id.str(), definition);
    }

    std::vector<std::string> merchants() override {
        std::vector<std::string> out;
        for (auto rows = s_.merchants.query(); rows.next();) out.emplace_back(rows.text());
        return out;
    }

    Tally tally() override {
        Tally out;
        for (auto rows = s_.notification_tally.query(); rows.next();) {
            const auto state = parse_notification_state(rows.text());
            const auto count = static_cast<std::size_t>(rows.number());
            if (state == NotificationState::pending) out.notifications_pending = count;
            if (state == NotificationState::delivered) out.notifications_delivered = count;
            if (state == NotificationState::exhausted) out.notifications_exhausted = count;
        }
        if (auto rows = s_.timer_tally.query(); rows.next())
            out.timers = static_cast<std::size_t>(rows.number());
        return out;
    }

    std::string shorten(const std::string& long_url, const std::string& code) override {
        if (auto rows = s_.short_code.query(long_url); rows.next()) return std::string(rows.text());
        s_.insert_short.run(code, long_url);
        return code;
    }
    std::optional<std::string> long_url(const std::string& code) override {
        auto rows = s_.long_url.query(code);
        if (!rows.next()) return std::nullopt;
        return std::string(rows.text());
    }

    bool use_login_code(const AppId& appid, const std::string& code) override {
        s_.use_code.run(appid.str(), code);
        return db_.changes() > 0;
    }
    void add_openid(const AppId& appid, const std::string& openid) override {
        s_.add_openid.run(openid, appid.str());
    }
    bool is_openid_of_another_app(const AppId& appid, const std::string& openid) override {
        return s_.is_openid_of_another_app.query(openid, appid.str()).next();
    }

    void insert_payout(Payout& payout) override {
        s_.insert_payout.run(wire_name(payout.kind), payout.mch_id.str(), payout.number,
                             payout.appid.str(), payout.openid, payout.amount.count(), payout.name,
                             payout.desc, payout.wishing, payout.activity, payout.terms,
                             wire_name(payout.state), payout.detail_id, stored(payout.created_at),
                             stored(payout.ended_at));
        payout.id = db_.last_id();
    }
    void update_payout(const Payout& payout) override {
        s_.update_payout.run(wire_name(payout.state), stored(payout.ended_at), payout.id);
    }
    Fen transferred(const MchId& mch_id, const std::string& openid, Instant since) override {
        Rows row = s_.transferred.query(mch_id.str(), openid, stored(since));
        row.next();
        return Fen{row.number()};
    }
    std::optional<Payout> find_payout(std::int64_t id) override {
        return one<payout_from>(s_.payout_by_id.query(id));
    }
    std::optional<Payout> find_payout(PayoutKind kind, const MchId& mch_id,
                                      const std::string& number) override {
        return one<payout_from>(s_.payout_by_number.query(wire_name(kind), mch_id.str(), number));
    }

    void insert_comment(Comment& comment) override {
        s_.insert_comment.run(comment.mch_id.str(), stored(comment.at),
                              comment.transaction_id.str(), std::int64_t{comment.stars},
                              comment.text);
        comment.id = db_.last_id();
    }
    std::vector<Comment> comments(const MchId& mch_id, Instant from, Instant to,
                                  std::int64_t offset, std::int64_t limit) override {
        return all<comment_from>(
            s_.comments.query(mch_id.str(), stored(from), stored(to), limit, offset));
    }

    bool insert_document(Document& document) override {
        s_.insert_document.run(document.kind, document.mch_id.str(), document.name, document.text);
        if (db_.changes() == 0) return false;
        document.id = db_.last_id();
        return true;
    }
    void update_document(const Document& document) override {
        s_.update_document.run(document.text, document.id);
    }
    void erase_document(std::int64_t id) override { s_.erase_document.run(id); }
    std::optional<Document> find_document(std::int64_t id) override {
        return one<document_from>(s_.document_by_id.query(id));
    }
    std::optional<Document> find_document(std::string_view kind, const MchId& mch_id,
                                          std::string_view name) override {
        return one<document_from>(s_.document_by_name.query(kind, mch_id.str(), name));
    }
    std::vector<Document> documents(std::string_view kind, const MchId& mch_id,
                                    std::string_view prefix) override {
        return all<document_from>(s_.documents_of.query(kind, mch_id.str(), prefix));
    }

    void insert_notification(Notification& notification) override {
        s_.insert_notification.run(wire_name(notification.kind), notification.mch_id.str(),
                                   notification.out_trade_no.str(), notification.url,
                                   notification.body, wire_name(notification.state),
                                   std::int64_t{notification.retries}, stored(notification.next_at),
                                   wire_name(notification.api), notification.platform_serial);
        notification.id = db_.last_id();
    }

    void update_notification(const Notification& notification) override {
        s_.update_notification.run(wire_name(notification.state),
                                   std::int64_t{notification.retries}, stored(notification.next_at),
                                   notification.id);
    }

    void insert_attempt(std::int64_t notification_id, const Attempt& attempt) override {
        s_.insert_attempt.run(notification_id, std::int64_t{attempt.n}, stored(attempt.at),
                              std::int64_t{attempt.http_status},
                              std::int64_t{attempt.latency.count()}, name(attempt.verdict),
                              attempt.reason, attempt.response_body,
                              std::int64_t{attempt.is_probe});
    }

    std::optional<Notification> find_notification(std::int64_t id) override {
        auto rows = s_.notification_by_id.query(id);
        if (!rows.next()) return std::nullopt;
        Notification notification = notification_from(rows);
        add_attempts(notification);
        return notification;
    }

    std::vector<Notification> notifications(const NotificationFilter& filter) override {
        Where where;
        where.equal("mch_id", filter.mch_id);
        where.equal("out_trade_no", filter.out_trade_no);
        if (filter.state) where.equal("state", wire_name(*filter.state));
        where.below("id", filter.before_id);
        Statement list(db_, fmt::format("SELECT {} FROM notifications{} ORDER BY id DESC LIMIT {}",
                                        kNotificationColumns, where.sql(), filter.limit));
        auto rows = list.query_all(where.values());
        std::vector<Notification> out;
        while (rows.next()) out.push_back(notification_from(rows));
        for (Notification& each : out) add_attempts(each);
        return out;
    }

    void insert_timer(Timer& timer) override {
        s_.insert_timer.run(stored(timer.due), std::int64_t{static_cast<int>(timer.kind)},
                            timer.subject);
        timer.id = db_.last_id();
        if (timer.kind == TimerKind::close_unpaid) s_.known.will_close_unpaid = true;
    }
    bool will_close_unpaid() override { return s_.known.will_close_unpaid; }
    void erase_timer(std::int64_t id) override { s_.erase_timer.run(id); }
    void erase_timers(TimerKind kind, std::int64_t subject) override {
        s_.erase_timers.run(std::int64_t{static_cast<int>(kind)}, subject);
        if (kind == TimerKind::close_unpaid) s_.known.will_close_unpaid = false;
    }

    std::vector<Timer> claim_due(Instant now, std::size_t limit) override {
        std::vector<Timer> out;
        auto rows = s_.due_timers.query(stored(now), static_cast<std::int64_t>(limit));
        while (rows.next()) {
            Timer timer;
            timer.id = rows.number();
            timer.due = instant(rows.number());
            timer.kind = static_cast<TimerKind>(rows.number());
            timer.subject = rows.number();
            out.push_back(timer);
        }
        for (const Timer& timer : out) s_.claim_timer.run(timer.id);
        return out;
    }

    std::optional<Instant> next_due() override {
        auto rows = s_.next_due.query();
        if (!rows.next()) return std::nullopt;
        return instant(rows.number());
    }

    void reset(const std::optional<MchId>& mch_id) override {
        if (!mch_id) {
            for (const char* const table :
                 {"timers", "attempts", "notifications", "refunds", "orders", "fund_entries",
                  "payouts", "comments", "burnt_numbers", "short_links", "login_codes", "openids",
                  "documents"}) {
                db_.execute(fmt::format("DELETE FROM {}", table));
            }
            s_.known.will_close_unpaid = false;
            return;
        }
        // A merchant number is digits, a twin's an 's' and digits, so it can stand in the
        // statement.
        const std::string mine = fmt::format("WHERE mch_id = '{}'", mch_id->str());
        // Every other kind of timer is an order's, but for close_unpaid, which is nobody's.
        constexpr int kDeliver = static_cast<int>(TimerKind::deliver);
        constexpr int kSettle = static_cast<int>(TimerKind::settle_refund);
        constexpr int kPayout = static_cast<int>(TimerKind::settle_payout);
        constexpr int kDocument = static_cast<int>(TimerKind::document);
        const auto forget_timers = [&](const std::string& kinds, const char* subjects) {
            db_.execute(fmt::format(
                "DELETE FROM timers WHERE kind {} AND subject IN (SELECT id FROM {} {})", kinds,
                subjects, mine));
        };
        forget_timers(fmt::format("= {}", kDeliver), "notifications");
        forget_timers(fmt::format("= {}", kSettle), "refunds");
        forget_timers(fmt::format("= {}", kPayout), "payouts");
        forget_timers(fmt::format("= {}", kDocument), "documents");
        forget_timers(fmt::format("NOT IN ({}, {}, {}, {})", kDeliver, kSettle, kPayout, kDocument),
                      "orders");
        // Attempts go with their notification, refunds with their order.
        for (const char* const table : {"notifications", "orders", "fund_entries", "payouts",
                                        "comments", "burnt_numbers", "documents"})
            db_.execute(fmt::format("DELETE FROM {} {}", table, mine));
    }

  private:
    template <auto from>
    static auto one(Rows rows) -> std::optional<decltype(from(rows))> {
        if (!rows.next()) return std::nullopt;
        return from(rows);
    }
    template <auto from>
    static auto all(Rows rows) -> std::vector<decltype(from(rows))> {
        std::vector<decltype(from(rows))> out;
        while (rows.next()) out.push_back(from(rows));
        return out;
    }

    void keep_time() {
        if (connection_.clock == nullptr) return;
        const SqliteStore::KeptTime time{connection_.clock->now(), connection_.clock->mode(),
                                         connection_.real_clock->now()};
        if (s_.known.time && is_known_by(*s_.known.time, time)) return;
        s_.keep_time.run(stored(time.now), time.mode.str(), stored(time.real));
        s_.known.time = time;
    }
    /// Whether a restart would find this time from what was kept before.
    static bool is_known_by(const SqliteStore::KeptTime& kept, const SqliteStore::KeptTime& time) {
        constexpr Millis kDrift{1000};  // of the machine's two clocks against each other
        if (kept.mode != time.mode) return false;
        if (time.mode.kind != ClockMode::Kind::real) return kept.now == time.now;
        const Millis moved = (time.now - kept.now) - (time.real - kept.real);
        return moved < kDrift && moved > -kDrift;
    }

    void add_attempts(Notification& notification) {
        auto rows = s_.attempts.query(notification.id);
        while (rows.next()) {
            Attempt attempt;
            attempt.n = static_cast<int>(rows.number());
            attempt.at = instant(rows.number());
            attempt.http_status = static_cast<int>(rows.number());
            attempt.latency = Millis(rows.number());
            const std::string_view verdict = rows.text();
            attempt.verdict = known(parse_verdict(verdict), verdict);
            attempt.reason = rows.text();
            attempt.response_body = rows.text();
            attempt.is_probe = rows.number() != 0;
            notification.attempts.push_back(std::move(attempt));
        }
    }

    std::unique_lock<BriefMutex> wait_for_turn() {
        ++connection_.waiting;
        std::unique_lock lock(connection_.mutex);
        --connection_.waiting;
        return lock;
    }
    /// Who finds nobody waiting for his turn commits for all; the others leave that to the next.
    void leave() {
        has_ended_ = true;
        if (connection_.waiting == 0) connection_.settle();
        lock_.unlock();
        shared_->wait();
    }

    Connection& connection_;
    std::unique_lock<BriefMutex> lock_;
    Database& db_ = *connection_.db;
    Statements& s_ = connection_.statements;
    Statements::Known known_before_;
    std::shared_ptr<SharedCommit> shared_;  // null: the commit is its own
    bool is_first_ = true;                  // of those who share; nothing is open before it
    bool has_ended_ = false;
};

}  // namespace

class SqliteStore::Impl {
  public:
    explicit Impl(std::unique_ptr<DirectoryLock> directory_lock, const std::string& path)
        : lock(std::move(directory_lock)), connection(path) {}

    std::unique_ptr<DirectoryLock> lock;  // null: in memory
    Connection connection;
};

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;

std::unique_ptr<SqliteStore> SqliteStore::open(
    const std::optional<std::filesystem::path>& directory) {
    if (!directory)
        return std::unique_ptr<SqliteStore>(
            new SqliteStore(std::make_unique<Impl>(nullptr, std::string(Database::kInMemory))));
    std::error_code problem;
    if (std::filesystem::create_directories(*directory, problem)) {
        std::filesystem::permissions(*directory, std::filesystem::perms::owner_all, problem);
    } else if (problem) {
        throw std::runtime_error(
            fmt::format("--data {}: {}; choose a directory that can be written",
                        directory->string(), problem.message()));
    }
    auto lock = std::make_unique<DirectoryLock>(*directory);
    try {
        return std::unique_ptr<SqliteStore>(new SqliteStore(
            std::make_unique<Impl>(std::move(lock), (*directory / "wxpay-sandbox.db").string())));
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(fmt::format("--data {}: {}", directory->string(), error.what()));
    }
}

std::uint64_t SqliteStore::earlier_starts() const {
    Statement starts(*impl_->connection.db, "SELECT count FROM starts");
    auto rows = starts.query();
    return rows.next() ? static_cast<std::uint64_t>(rows.number() - 1) : 0;
}

std::optional<std::uint64_t> SqliteStore::kept_seed() const {
    Statement kept(*impl_->connection.db, "SELECT value FROM seed");
    auto rows = kept.query();
    if (!rows.next()) return std::nullopt;
    return static_cast<std::uint64_t>(rows.number());  // SQLite's numbers have a sign
}

void SqliteStore::keep_seed(std::uint64_t seed) {
    Statement keep(*impl_->connection.db, "INSERT OR REPLACE INTO seed (one, value) VALUES (1, ?)");
    keep.run(static_cast<std::int64_t>(seed));
}

std::optional<SqliteStore::KeptTime> SqliteStore::kept_time() const {
    Statement kept(*impl_->connection.db, "SELECT now, mode, real FROM business_time");
    auto rows = kept.query();
    if (!rows.next()) return std::nullopt;
    KeptTime time;
    time.now = instant(rows.number());
    const std::string_view mode = rows.text();
    time.mode = known(ClockMode::parse(mode), mode);
    time.real = instant(rows.number());
    return time;
}

void SqliteStore::follow(const VirtualClock& clock, const Clock& real) {
    if (impl_->lock == nullptr) return;  // in memory nothing outlives the clock
    impl_->connection.clock = &clock;
    impl_->connection.real_clock = &real;
}

std::vector<KeptFault> SqliteStore::kept_faults() {
    const auto turn = begin();
    Statement kept(*impl_->connection.db,
                   "SELECT name, definition, configured, matched, injected FROM faults "
                   "ORDER BY id");
    auto rows = kept.query();
    std::vector<KeptFault> out;
    while (rows.next()) {
        KeptFault& fault = out.emplace_back();
        fault.id = rows.text();
        fault.definition = rows.text();
        fault.configured = rows.number() != 0;
        fault.matched = static_cast<std::uint64_t>(rows.number());
        fault.injected = static_cast<std::uint64_t>(rows.number());
    }
    return out;
}

void SqliteStore::keep(const KeptFault& fault) {
    const auto transaction = begin();
    Statement put(*impl_->connection.db,
                  "INSERT INTO faults (name, definition, configured, matched, injected) "
                  "VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                  "definition = excluded.definition, configured = excluded.configured, "
                  "matched = excluded.matched, injected = excluded.injected");
    put.run(fault.id, fault.definition, std::int64_t{fault.configured ? 1 : 0},
            static_cast<std::int64_t>(fault.matched), static_cast<std::int64_t>(fault.injected));
    transaction->commit();
}

void SqliteStore::count(const std::string& id, std::uint64_t matched, std::uint64_t injected) {
    const auto transaction = join();
    impl_->connection.statements.count_fault.run(static_cast<std::int64_t>(matched),
                                                 static_cast<std::int64_t>(injected), id);
    transaction->commit();
}

void SqliteStore::forget(const std::string& id) {
    const auto transaction = begin();
    Statement erase(*impl_->connection.db, "DELETE FROM faults WHERE name = ?");
    erase.run(id);
    transaction->commit();
}

std::unique_ptr<Transaction> SqliteStore::begin() {
    return std::make_unique<SqliteTransaction>(impl_->connection, false);
}

std::unique_ptr<Transaction> SqliteStore::join() {
    return std::make_unique<SqliteTransaction>(impl_->connection, impl_->lock != nullptr);
}

}  // namespace wxpay::sandbox
