#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "sandbox/store/store.hpp"

namespace wxpay::sandbox {

/// The ledger in SQLite: in memory, or in DIRECTORY/wxpay-sandbox.db, where it survives a killed
/// process.
class SqliteStore final : public Store {
  public:
    /// Makes the directory when there is none, brings an older schema up to date, and keeps other
    /// servers out. Throws std::runtime_error, with a line that names the directory and the way
    /// out.
    static std::unique_ptr<SqliteStore> open(const std::optional<std::filesystem::path>& directory);
    ~SqliteStore() override;
    /// How often the directory was opened before: what is drawn from a seed must differ each time,
    /// or ids would come again.
    std::uint64_t earlier_starts() const;
    std::unique_ptr<Transaction> begin() override;
    /// In a file; in memory a commit costs so little that sharing it does not pay.
    std::unique_ptr<Transaction> join() override;

  private:
    class Impl;
    explicit SqliteStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::sandbox
