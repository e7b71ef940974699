#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace wxpay::sandbox {

struct Exchange;

/// Exchanges over restarts, in DIRECTORY/exchanges.db. A thread writes them behind the calls, many
/// in one commit: no answer waits for it, and a killed process may lose its last ones. When the
/// disk is full they are not kept, and a line in the log says so. Thread-safe.
class ExchangeArchive {
  public:
    /// Of more than `count_max`, or `bytes_max` in all, the oldest go. Throws std::runtime_error
    /// when the database cannot be used.
    ExchangeArchive(const std::filesystem::path& directory, std::size_t count_max,
                    std::size_t bytes_max);
    ~ExchangeArchive();  ///< writes what waits
    ExchangeArchive(const ExchangeArchive&) = delete;
    ExchangeArchive& operator=(const ExchangeArchive&) = delete;

    /// What it has from before, oldest first. Before the first keep().
    std::vector<Exchange> load();
    void keep(std::shared_ptr<const Exchange> exchange);
    /// Forgets all, or those of one merchant, before it returns; a line in the log when the disk
    /// does not let it.
    void forget(const std::string& mch_id);

  private:
    class Table;
    using Batch = std::deque<std::shared_ptr<const Exchange>>;

    void loop();
    void write(const Batch& batch);

    std::mutex table_mutex_;  // taken before mutex_, if both
    std::unique_ptr<Table> table_;
    bool is_failing_ = false;

    std::mutex mutex_;
    std::condition_variable changed_;
    Batch waiting_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace wxpay::sandbox
