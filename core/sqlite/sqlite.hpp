#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace wxpay {

/// An open SQLite database. What SQLite refuses is thrown as std::runtime_error with its message.
class Database {
  public:
    /// A file's path, or ":memory:".
    explicit Database(const std::string& path);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs the migrations that it has not seen yet, each in a transaction; PRAGMA user_version
    /// counts them. Refuses a database that knows more migrations than these.
    void migrate(std::span<const std::string_view> migrations);
    /// Runs statements that give no rows.
    void execute(const std::string& sql);
    /// Rows changed by the last INSERT, UPDATE or DELETE.
    int changes() const;
    std::int64_t last_id() const;
    sqlite3* handle() const { return handle_; }

  private:
    sqlite3* handle_ = nullptr;
};

/// A prepared statement, used again and again: bind in order, then run() or step through the rows.
class Statement {
  public:
    Statement(Database& database, std::string_view sql);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// Begins anew: forgets rows and values.
    Statement& start();
    /// The next parameter. Texts must live until the statement has run.
    Statement& bind(std::string_view text);
    Statement& bind(std::int64_t number);
    Statement& bind_null();

    /// Moves to the next row; false when there is none.
    bool step();
    /// For statements without rows.
    void run();

    /// The next column of the row.
    std::string_view text();
    std::int64_t number();
    /// Skips the next column and returns true when it is NULL; otherwise it stays the next one.
    bool skip_null();

  private:
    Database& database_;
    sqlite3_stmt* handle_ = nullptr;
    int parameter_ = 0;
    int column_ = 0;
};

}  // namespace wxpay
