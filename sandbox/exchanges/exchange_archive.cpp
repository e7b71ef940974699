#include "sandbox/exchanges/exchange_archive.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "core/codec/pieces.hpp"
#include "core/sqlite/sqlite.hpp"

#include "embedded/kExchangesSchema0001.hpp"
#include "embedded/kExchangesSchema0002.hpp"
#include "sandbox/exchanges/exchange_log.hpp"
#include "sandbox/faults/fault_json.hpp"

namespace wxpay::sandbox {
namespace {

/// Waiting at once; more than that come only when the disk hangs.
constexpr std::size_t kWaitingMax = 10'000;

constexpr std::array kMigrations{kExchangesSchema0001, kExchangesSchema0002};

std::string text_of(const http::Headers& headers) {
    std::string out;
    for (const auto& [name, value] : headers)
        out.append(name).append(": ").append(value).append("\n");
    return out;
}

http::Headers headers_from(std::string_view text) {
    http::Headers out;
    for (const std::string_view line : pieces_of(text, '\n')) {
        const std::size_t colon = line.find(": ");
        if (colon != std::string_view::npos) out.add(line.substr(0, colon), line.substr(colon + 2));
    }
    return out;
}

std::string text_of(const std::vector<std::string>& notes) {
    std::string out;
    for (const std::string& note : notes) out.append(note).append("\n");
    return out;
}

std::vector<std::string> notes_from(std::string_view text) {
    const auto lines = pieces_of(text, '\n');
    return {lines.begin(), lines.end()};
}

std::string text_of(const std::optional<Injection>& fault) {
    if (!fault) return {};
    return nlohmann::ordered_json{{"id", fault->id}, {"do", to_json(fault->effect)}}.dump(
        -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// What to_json() wrote down; nothing when it cannot be read any more.
std::optional<Injection> fault_from(std::string_view text, Exchange::Kind kind) {
    auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    std::string id = json.value("id", "");
    json.erase("id");
    json["on"] = kind == Exchange::Kind::api ? "api" : "notify";
    auto fault = fault_from_json(json);
    if (!fault) return std::nullopt;
    return Injection{std::move(id), std::move(fault->effect)};
}

std::unique_ptr<Database> open(const std::string& path) try {
    auto database = std::make_unique<Database>(path);
    database->survive_kills();
    database->migrate(kMigrations);
    return database;
} catch (const std::runtime_error& problem) {
    throw std::runtime_error(fmt::format(
        "{}: {}; it holds exchanges alone: without it they are forgotten", path, problem.what()));
}

}  // namespace

class ExchangeArchive::Table {
  public:
    Table(const std::string& path, std::size_t count_max, std::size_t bytes_max)
        : database_(open(path)), count_max_(count_max), bytes_max_(bytes_max) {
        count();
    }

    std::vector<Exchange> all() {
        std::vector<Exchange> out;
        out.reserve(kept_.size());
        Statement select(
            *database_,
            "SELECT kind, number, at, url, latency, endpoint, mch_id, out_trade_no, verdict, "
            "error, hint, explanation, fault, notes, method, path, query, target, "
            "request_headers, request_body, remote_address, secure, status, response_headers, "
            "response_body "
            "FROM exchanges ORDER BY id");
        for (auto rows = select.query(); rows.next();) out.push_back(read(rows));
        return out;
    }

    /// All or none.
    void insert(const Batch& batch) {
        database_->execute("BEGIN IMMEDIATE");
        try {
            for (const auto& each : batch) insert(*each);
            trim();
            database_->execute("COMMIT");
        } catch (const std::runtime_error&) {
            undo();
            throw;
        }
    }

    void remove(const std::string& mch_id) {
        if (mch_id.empty()) {
            database_->execute("DELETE FROM exchanges");
        } else {
            remove_.run(mch_id);
        }
        count();
    }

  private:
    struct Kept {
        std::int64_t id;
        std::size_t bytes;
    };

    static Exchange read(Rows& row) {
        Exchange out;
        out.kind = row.text() == "api" ? Exchange::Kind::api : Exchange::Kind::callback;
        out.id = row.number();
        out.at = Instant(Millis(row.number()));
        out.url = row.text();
        out.latency = Millis(row.number());
        for (std::string* const text : {&out.endpoint, &out.mch_id, &out.out_trade_no, &out.verdict,
                                        &out.error, &out.hint, &out.explanation})
            *text = row.text();
        out.fault = fault_from(row.text(), out.kind);
        out.notes = notes_from(row.text());
        for (std::string* const text :
             {&out.request.method, &out.request.path, &out.request.query, &out.request.target})
            *text = row.text();
        out.request.headers = headers_from(row.text());
        out.request.body = row.text();
        out.request.remote_address = row.text();
        out.request.secure = row.number() != 0;
        out.response.status = static_cast<int>(row.number());
        out.response.headers = headers_from(row.text());
        out.response.body = row.text();
        return out;
    }

    void insert(const Exchange& exchange) {
        const std::size_t bytes = bytes_of(exchange);
        const http::Request& request = exchange.request;
        insert_.run(exchange.kind == Exchange::Kind::api ? "api" : "callback", exchange.id,
                    exchange.at.time_since_epoch().count(), exchange.url, exchange.latency.count(),
                    exchange.endpoint, exchange.mch_id, exchange.out_trade_no, exchange.verdict,
                    exchange.error, exchange.hint, exchange.explanation, text_of(exchange.fault),
                    text_of(exchange.notes), request.method, request.path, request.query,
                    request.target, text_of(request.headers), request.body, request.remote_address,
                    std::int64_t{request.secure}, std::int64_t{exchange.response.status},
                    text_of(exchange.response.headers), exchange.response.body,
                    static_cast<std::int64_t>(bytes));
        kept_.push_back({database_->last_id(), bytes});
        bytes_ += bytes;
    }

    void trim() {
        std::int64_t last = 0;
        while (kept_.size() > count_max_ || bytes_ > bytes_max_) {
            last = kept_.front().id;
            bytes_ -= kept_.front().bytes;
            kept_.pop_front();
        }
        if (last != 0) trim_.run(last);
    }

    void undo() {
        database_->roll_back();
        count();
    }

    void count() {
        kept_.clear();
        bytes_ = 0;
        for (auto rows = sizes_.query(); rows.next();) {
            const std::int64_t id = rows.number();
            kept_.push_back({id, static_cast<std::size_t>(rows.number())});
            bytes_ += kept_.back().bytes;
        }
    }

    const std::unique_ptr<Database> database_;
    const std::size_t count_max_;
    const std::size_t bytes_max_;
    Statement insert_{
        *database_,
        "INSERT INTO exchanges (kind, number, at, url, latency, endpoint, mch_id, "
        "out_trade_no, verdict, error, hint, explanation, fault, notes, method, "
        "path, query, target, request_headers, request_body, remote_address, secure, status, "
        "response_headers, response_body, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    Statement trim_{*database_, "DELETE FROM exchanges WHERE id <= ?"};
    Statement remove_{*database_, "DELETE FROM exchanges WHERE mch_id = ?"};
    Statement sizes_{*database_, "SELECT id, bytes FROM exchanges ORDER BY id"};
    std::deque<Kept> kept_;
    std::size_t bytes_ = 0;
};

ExchangeArchive::ExchangeArchive(const std::filesystem::path& directory, std::size_t count_max,
                                 std::size_t bytes_max)
    : table_(std::make_unique<Table>((directory / "exchanges.db").string(), count_max, bytes_max)),
      thread_([this] { loop(); }) {}

ExchangeArchive::~ExchangeArchive() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

std::vector<Exchange> ExchangeArchive::load() {
    const std::lock_guard lock(table_mutex_);
    return table_->all();
}

void ExchangeArchive::keep(std::shared_ptr<const Exchange> exchange) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() == kWaitingMax) waiting_.pop_front();
        waiting_.push_back(std::move(exchange));
    }
    changed_.notify_one();
}

void ExchangeArchive::forget(const std::string& mch_id) {
    const std::lock_guard table_lock(table_mutex_);
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(waiting_,
                      [&](const auto& each) { return mch_id.empty() || each->mch_id == mch_id; });
    }
    try {
        table_->remove(mch_id);
    } catch (const std::runtime_error& problem) {
        spdlog::error("forgotten exchanges will be back at the next start: {}", problem.what());
    }
}

void ExchangeArchive::loop() {
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
        }
        const std::lock_guard table_lock(table_mutex_);
        Batch batch;
        {
            const std::lock_guard lock(mutex_);
            batch.swap(waiting_);
        }
        write(batch);
    }
}

void ExchangeArchive::write(const Batch& batch) {
    try {
        table_->insert(batch);
        is_failing_ = false;
    } catch (const std::runtime_error& problem) {
        if (!std::exchange(is_failing_, true))
            spdlog::error("exchanges are not kept for the next start: {}", problem.what());
    }
}

}  // namespace wxpay::sandbox
