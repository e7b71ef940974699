#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "merchant/store/store.hpp"

namespace wxpay::merchant {

/// The shop's books in SQLite: in memory, or in DIRECTORY/merchant.db, where what is committed
/// survives a killed process and a power cut. Several programs may share one directory.
class SqliteStore final : public Store {
  public:
    /// Makes the directory when there is none. Throws std::runtime_error that says what is wrong
    /// with it.
    explicit SqliteStore(const std::optional<std::filesystem::path>& directory);
    ~SqliteStore() override;
    std::unique_ptr<Transaction> begin() override;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::merchant
