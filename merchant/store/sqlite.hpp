#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace wxpay::merchant {

/// An open SQLite database. Whatever SQLite refuses becomes a std::runtime_error with its words.
/// Not thread-safe.
class Database {
  public:
    /// The path of a file, or ":memory:".
    explicit Database(const std::string& path);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs one or more statements that give no rows.
    void execute(const std::string& sql);
    /// How many rows the last INSERT, UPDATE or DELETE changed.
    int changes() const;
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
    /// The columns of the row, one after another.
    std::string text();
    std::int64_t number();
    /// Whether the next column is NULL; does not move on.
    bool is_null() const;

  private:
    sqlite3_stmt* handle_;
    int column_ = 0;
};

/// A statement, prepared once and run often. Values only ever travel as parameters, so that nothing
/// a client sends can become SQL.
class Statement {
  public:
    Statement(Database& database, std::string_view sql);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// Runs with these parameters, in order. Texts must outlive the rows.
    template <class... Values>
    Rows query(const Values&... values) {
        int parameter = 0;
        (bind(++parameter, values), ...);
        return Rows(handle_);
    }
    /// For statements without rows.
    template <class... Values>
    void run(const Values&... values) {
        query(values...).next();
    }

  private:
    void bind(int parameter, std::string_view text);
    void bind(int parameter, std::int64_t number);

    sqlite3_stmt* handle_ = nullptr;
};

}  // namespace wxpay::merchant
