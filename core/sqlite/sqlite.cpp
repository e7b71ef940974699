#include "core/sqlite/sqlite.hpp"

#include <limits>
#include <stdexcept>

#include <sqlite3.h>

namespace wxpay {
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
    // SQLite's statistics of its memory cost a global lock at each allocation. Only the first call
    // counts.
    static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(configured);
    // A store lets one thread in at a time, so that SQLite needs no mutex of its own.
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    // SQLite's ":memory:" visits all its pages at the commit after a page was split: an order costs
    // 4 µs at first, 12 with 100,000 of them, 37 with 400,000 (3.40). Its files in memory do not.
    const bool in_memory = path == kInMemory;
    if (sqlite3_open_v2(in_memory ? "memory" : path.c_str(), &handle_, kFlags,
                        in_memory ? "memdb" : nullptr) == SQLITE_OK) {
        if (in_memory) {
            sqlite3_int64 bytes_max = std::numeric_limits<sqlite3_int64>::max();
            sqlite3_file_control(handle_, "main", SQLITE_FCNTL_SIZE_LIMIT, &bytes_max);
            execute(
                "PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; "
                "PRAGMA synchronous = OFF");
        }
        return;
    }
    const std::string words = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
    sqlite3_close(handle_);
    throw std::runtime_error("SQLite: " + words);
}

Database::~Database() { sqlite3_close(handle_); }

void Database::survive_kills() {
    execute("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
}

void Database::roll_back() noexcept {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);  // fails when there is none
}

void Database::migrate(std::span<const std::string_view> migrations) {
    execute("BEGIN IMMEDIATE");  // before looking: another program may be at it too
    std::size_t version = 0;
    {
        Statement statement(*this, "PRAGMA user_version");
        auto rows = statement.query();
        if (rows.next()) version = static_cast<std::size_t>(rows.number());
    }
    if (version > migrations.size()) {
        throw std::runtime_error("its schema is version " + std::to_string(version) +
                                 ", this program knows up to " + std::to_string(migrations.size()) +
                                 ": use a newer program or another directory");
    }
    for (const std::string_view migration : migrations.subspan(version))
        execute(std::string(migration));
    execute("PRAGMA user_version = " + std::to_string(migrations.size()) + "; COMMIT");
}

void Database::execute(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_);
}

int Database::changes() const { return sqlite3_changes(handle_); }

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_); }

Rows::~Rows() { sqlite3_reset(handle_); }

bool Rows::next() {
    column_ = 0;
    const int result = sqlite3_step(handle_);
    if (result != SQLITE_ROW && result != SQLITE_DONE) fail(sqlite3_db_handle(handle_));
    return result == SQLITE_ROW;
}

std::string_view Rows::text() {
    const auto* const data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column_));
    ++column_;
    return data == nullptr ? std::string_view{} : std::string_view(data, size);
}

std::int64_t Rows::number() { return sqlite3_column_int64(handle_, column_++); }

bool Rows::take_null() {
    const bool is_null = sqlite3_column_type(handle_, column_) == SQLITE_NULL;
    if (is_null) ++column_;
    return is_null;
}

std::optional<std::string_view> Rows::optional_text() {
    if (take_null()) return std::nullopt;
    return text();
}

std::optional<std::int64_t> Rows::optional_number() {
    if (take_null()) return std::nullopt;
    return number();
}

Statement::Statement(Database& database, std::string_view sql) {
    if (sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &handle_, nullptr) != SQLITE_OK) {
        fail(database.handle());
    }
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Rows Statement::query_all(std::span<const Value> values) {
    int parameter = 0;
    for (const Value& value : values) {
        ++parameter;
        std::visit([&](const auto& each) { bind(parameter, each); }, value);
    }
    return Rows(handle_);
}

void Statement::bind(int parameter, std::string_view text) {
    // A null pointer would bind NULL, and an empty view may hold one.
    const char* const data = text.empty() ? "" : text.data();
    check(sqlite3_bind_text(handle_, parameter, data, static_cast<int>(text.size()), SQLITE_STATIC),
          handle_);
}

void Statement::bind(int parameter, std::int64_t number) {
    check(sqlite3_bind_int64(handle_, parameter, number), handle_);
}

void Statement::bind_null(int parameter) { check(sqlite3_bind_null(handle_, parameter), handle_); }

}  // namespace wxpay
