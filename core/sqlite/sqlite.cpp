#include "core/sqlite/sqlite.hpp"

#include <stdexcept>

#include <sqlite3.h>

namespace wxpay {
namespace {

[[noreturn]] void fail(sqlite3* handle) {
    throw std::runtime_error(std::string("SQLite: ") +
                             (handle != nullptr ? sqlite3_errmsg(handle) : "out of memory"));
}

}  // namespace

Database::Database(const std::string& path) {
    // SQLite's statistics of its memory cost a global lock at each allocation. Only the first call counts.
    static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(configured);
    // One connection behind the store's own lock: SQLite's would be a second one.
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path.c_str(), &handle_, kFlags, nullptr) != SQLITE_OK) {
        const std::string message = handle_ != nullptr ? sqlite3_errmsg(handle_) : "out of memory";
        sqlite3_close(handle_);
        throw std::runtime_error("SQLite: " + message);
    }
}

Database::~Database() { sqlite3_close(handle_); }

void Database::migrate(std::span<const std::string_view> migrations) {
    std::size_t version = 0;
    {
        Statement statement(*this, "PRAGMA user_version");
        if (statement.start().step()) version = static_cast<std::size_t>(statement.number());
    }
    if (version > migrations.size()) {
        throw std::runtime_error("its schema is version " + std::to_string(version) +
                                 ", this program knows up to " + std::to_string(migrations.size()) +
                                 ": use a newer program or another directory");
    }
    for (; version < migrations.size(); ++version) {
        execute("BEGIN; " + std::string(migrations[version]) +
                " PRAGMA user_version = " + std::to_string(version + 1) + "; COMMIT");
    }
}

void Database::execute(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_);
}

int Database::changes() const { return sqlite3_changes(handle_); }

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_); }

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
    if (sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &handle_, nullptr) != SQLITE_OK) {
        fail(database.handle());
    }
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::start() {
    sqlite3_reset(handle_);
    parameter_ = 0;
    column_ = 0;
    return *this;
}

Statement& Statement::bind(std::string_view text) {
    // A null pointer would bind NULL; an empty view may have one.
    const char* const data = text.empty() ? "" : text.data();
    if (sqlite3_bind_text(handle_, ++parameter_, data, static_cast<int>(text.size()),
                          SQLITE_STATIC) != SQLITE_OK) {
        fail(database_.handle());
    }
    return *this;
}

Statement& Statement::bind(std::int64_t number) {
    if (sqlite3_bind_int64(handle_, ++parameter_, number) != SQLITE_OK) fail(database_.handle());
    return *this;
}

Statement& Statement::bind_null() {
    if (sqlite3_bind_null(handle_, ++parameter_) != SQLITE_OK) fail(database_.handle());
    return *this;
}

bool Statement::step() {
    column_ = 0;
    const int result = sqlite3_step(handle_);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) {
        const std::string message = sqlite3_errmsg(database_.handle());
        sqlite3_reset(handle_);
        throw std::runtime_error("SQLite: " + message);
    }
    sqlite3_reset(handle_);
    return false;
}

void Statement::run() {
    while (step()) {
    }
}

std::string_view Statement::text() {
    const auto* const data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column_));
    ++column_;
    return data == nullptr ? std::string_view{} : std::string_view(data, size);
}

std::int64_t Statement::number() { return sqlite3_column_int64(handle_, column_++); }

bool Statement::skip_null() {
    const bool is_null = sqlite3_column_type(handle_, column_) == SQLITE_NULL;
    if (is_null) ++column_;
    return is_null;
}

}  // namespace wxpay
