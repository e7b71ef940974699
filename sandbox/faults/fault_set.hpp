#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/result.hpp"

#include "sandbox/faults/fault.hpp"

namespace wxpay::sandbox {

/// A fault as it is kept from start to start.
struct KeptFault {
    std::string id;
    std::string definition;   ///< what fault_from_json() reads
    bool configured = false;  ///< it stands in the configuration, and goes with its line there
    std::uint64_t matched = 0;
    std::uint64_t injected = 0;
};

/// Where faults are kept. Throws std::runtime_error when it cannot.
class FaultKeeper {
  public:
    virtual ~FaultKeeper() = default;
    /// In the order in which they came.
    virtual std::vector<KeptFault> kept_faults() = 0;
    /// Adds it, or puts it in the place of the one with its id.
    virtual void keep(const KeptFault& fault) = 0;
    virtual void count(const std::string& id, std::uint64_t matched, std::uint64_t injected) = 0;
    virtual void forget(const std::string& id) = 0;
};

/// The faults that are in force, in the order in which they came. Thread-safe.
class FaultSet {
  public:
    struct Counted {
        Fault fault;
        std::uint64_t matched = 0;   ///< how many calls or callbacks it was asked about
        std::uint64_t injected = 0;  ///< how many of them it struck
        bool configured = false;     ///< it came by start_with()
    };

    /// The dice are the seed's too, but not those of the ids: a fault changes no id.
    /// keeper  null: they live as long as this; must not be in use by a caller of the set
    explicit FaultSet(std::uint64_t seed, FaultKeeper* keeper = nullptr);

    /// Those of the configuration, and behind them those that were added before a restart. Counts
    /// go on; so do those of the configuration's faults that stand there as before.
    void start_with(const std::vector<Fault>& configured);
    /// Takes the place of the one with the same id, if there is one, and counts from nought.
    /// Errors: too_large when there are kFaultsMax.
    Result<Counted> add(Fault fault);
    /// Empty: all; else those that name this merchant.
    std::vector<Counted> list(std::string_view mch_id = {}) const;
    std::optional<Counted> find(std::string_view id) const;
    bool remove(std::string_view id);
    /// Returns how many went.
    std::size_t clear(std::string_view mch_id = {});

    /// Whether there is nothing to ask draw() about. Costs nothing.
    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    /// The first fault that strikes this one. Those behind it are not asked, and do not count it.
    std::optional<Injection> draw(const FaultTarget& target);
    /// An effect that was asked for by a call itself.
    Injection demand(Effect effect);

  private:
    Injection strike(std::string id, Effect effect);
    bool strikes(Counted& counted);
    bool is_named(std::string_view id) const;
    std::string next_id();
    void keep(const Counted& counted);
    std::size_t remove_if(const std::function<bool(const Counted&)>& goes);

    SeededRandom dice_;
    FaultKeeper* const keeper_;
    std::atomic<std::size_t> count_{0};
    mutable std::mutex mutex_;
    std::vector<Counted> faults_;
    std::uint64_t last_id_ = 0;
};

}  // namespace wxpay::sandbox
