#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/faults/fault_set.hpp"
#include "sandbox/store/store.hpp"
#include "sandbox/timers/virtual_clock.hpp"

namespace wxpay::sandbox {

/// The ledger in SQLite: in memory, or in DIRECTORY/wxpay-sandbox.db, where it survives a killed
/// process.
class SqliteStore final : public Store, public FaultKeeper {
  public:
    /// Business time as it was at a commit.
    struct KeptTime {
        Instant now;
        ClockMode mode;
        Instant real;  ///< the machine's clock at that moment
    };

    /// Makes the directory when there is none, brings an older schema up to date, and keeps other
    /// servers out. Throws std::runtime_error, with a line that names the directory and the way
    /// out.
    static std::unique_ptr<SqliteStore> open(const std::optional<std::filesystem::path>& directory);
    ~SqliteStore() override;
    /// How often the directory was opened before: what is drawn from a seed must differ each time,
    /// or ids would come again.
    std::uint64_t earlier_starts() const;
    /// What the last server over this directory has kept; nothing when there was none.
    std::optional<KeptTime> kept_time() const;
    std::optional<std::uint64_t> kept_seed() const;
    /// For the next start. Before the first transaction.
    void keep_seed(std::uint64_t seed);
    /// From now on each commit in a file keeps the time that `clock` shows then, if it is not what
    /// was kept already; a real clock goes on by itself. `real` is the machine's. Both must outlive
    /// the last transaction.
    void follow(const VirtualClock& clock, const Clock& real);

    std::unique_ptr<Transaction> begin() override;
    /// In a file; in memory a commit costs so little that sharing it does not pay.
    std::unique_ptr<Transaction> join() override;

    std::vector<KeptFault> kept_faults() override;
    void keep(const KeptFault& fault) override;
    void count(const std::string& id, std::uint64_t matched, std::uint64_t injected) override;
    void forget(const std::string& id) override;

  private:
    class Impl;
    explicit SqliteStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::sandbox
