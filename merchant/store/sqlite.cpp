#include "merchant/store/sqlite.hpp"

#include <stdexcept>

#include <sqlite3.h>

namespace wxpay::merchant {
namespace {

[[noreturn]] void fail(sqlite3* handle) {
    throw std::runtime_error(std::string("SQLite: ") +
                             (handle == nullptr ? "out of memory" : sqlite3_errmsg(handle)));
}

void check(int result, sqlite3_stmt* statement) {
    if (result != SQLITE_OK) fail(sqlite3_db_handle(statement));
}

}  // namespace

Database::Database(const std::string& path) {
    // The store lets one thread in at a time, so that SQLite needs no mutex of its own.
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path.c_str(), &handle_, kFlags, nullptr) == SQLITE_OK) return;
    const std::string words = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
    sqlite3_close(handle_);
    throw std::runtime_error("SQLite: " + words);
}

Database::~Database() { sqlite3_close(handle_); }

void Database::execute(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_);
}

int Database::changes() const { return sqlite3_changes(handle_); }

Rows::~Rows() { sqlite3_reset(handle_); }

bool Rows::next() {
    column_ = 0;
    const int result = sqlite3_step(handle_);
    if (result != SQLITE_ROW && result != SQLITE_DONE) fail(sqlite3_db_handle(handle_));
    return result == SQLITE_ROW;
}

std::string Rows::text() {
    const auto* const data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column_));
    ++column_;
    return data == nullptr ? std::string{} : std::string(data, size);
}

std::int64_t Rows::number() { return sqlite3_column_int64(handle_, column_++); }

bool Rows::is_null() const { return sqlite3_column_type(handle_, column_) == SQLITE_NULL; }

Statement::Statement(Database& database, std::string_view sql) {
    if (sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &handle_, nullptr) != SQLITE_OK) {
        fail(database.handle());
    }
}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::bind(int parameter, std::string_view text) {
    // A null pointer would bind NULL, and an empty view may hold one.
    const char* const data = text.empty() ? "" : text.data();
    check(sqlite3_bind_text(handle_, parameter, data, static_cast<int>(text.size()), SQLITE_STATIC),
          handle_);
}

void Statement::bind(int parameter, std::int64_t number) {
    check(sqlite3_bind_int64(handle_, parameter, number), handle_);
}

}  // namespace wxpay::merchant
