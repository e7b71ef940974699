#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

struct sqlite3;
struct sqlite3_stmt;

namespace wxpay {

/// An open SQLite database. Whatever SQLite refuses becomes a std::runtime_error with its words.
/// Not thread-safe.
class Database {
  public:
    /// Instead of a path: kept in memory, and gone with the Database.
    static constexpr std::string_view kInMemory = ":memory:";

    /// A file's path, or kInMemory.
    explicit Database(const std::string& path);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// For a file: what is committed outlives a killed process; only a power cut may take back the
    /// last commits. Another program that looks into the file is waited for.
    void survive_kills();
    /// Takes back the transaction that is open. SQLite may have done it by itself, as when the disk
    /// is full: then there is nothing left to do.
    void roll_back() noexcept;
    /// Runs the migrations that it has not seen yet, all or none; PRAGMA user_version counts them.
    /// Refuses a database that knows more migrations than these.
    void migrate(std::span<const std::string_view> migrations);
    /// Runs one or more statements that give no rows.
    void execute(const std::string& sql);
    /// How many rows the last INSERT, UPDATE or DELETE changed.
    int changes() const;
    /// The rowid of the last INSERT.
    std::int64_t last_id() const;
    sqlite3* handle() const { return handle_; }

  private:
    sqlite3* handle_ = nullptr;
};

/// What a running statement gives; while it lives the statement cannot run again.
class Rows {
  public:
    explicit Rows(sqlite3_stmt* handle) : handle_(handle) {}
    ~Rows();
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;

    /// Moves to the next row; false when there are no more.
    bool next();
    /// The columns of the row, one after another. A text lives until the next row.
    std::string_view text();
    std::int64_t number();
    /// Nothing for NULL.
    std::optional<std::string_view> optional_text();
    std::optional<std::int64_t> optional_number();

  private:
    bool take_null();

    sqlite3_stmt* handle_;
    int column_ = 0;
};

/// A statement, prepared once and run often. Values only ever travel as parameters, so that nothing
/// a client sends can become SQL.
class Statement {
  public:
    using Value = std::variant<std::string_view, std::int64_t>;

    Statement(Database& database, std::string_view sql);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// Runs with these parameters, in order: texts, integers, optional ones for NULL. Texts must
    /// outlive the rows.
    template <class... Values>
    Rows query(const Values&... values) {
        int parameter = 0;
        (bind(++parameter, values), ...);
        return Rows(handle_);
    }
    /// The same, when their number is only known at run time.
    Rows query_all(std::span<const Value> values);

    /// For statements without rows.
    template <class... Values>
    void run(const Values&... values) {
        query(values...).next();
    }

  private:
    void bind(int parameter, std::string_view text);
    void bind(int parameter, std::int64_t number);
    void bind_null(int parameter);
    template <class Value>
    void bind(int parameter, const std::optional<Value>& value) {
        if (value) {
            bind(parameter, *value);
        } else {
            bind_null(parameter);
        }
    }

    sqlite3_stmt* handle_ = nullptr;
};

}  // namespace wxpay
