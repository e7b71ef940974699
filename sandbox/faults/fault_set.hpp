#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/result.hpp"

#include "sandbox/faults/fault.hpp"

namespace wxpay::sandbox {

/// The faults that are in force, in the order in which they came. Thread-safe.
class FaultSet {
  public:
    struct Counted {
        Fault fault;
        std::uint64_t matched = 0;   ///< how many calls or callbacks it was asked about
        std::uint64_t injected = 0;  ///< how many of them it struck
    };

    /// The dice are the seed's too, but not those of the ids: a fault changes no id.
    explicit FaultSet(std::uint64_t seed);

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

    SeededRandom dice_;
    std::atomic<std::size_t> count_{0};
    mutable std::mutex mutex_;
    std::vector<Counted> faults_;
    std::uint64_t last_id_ = 0;
};

}  // namespace wxpay::sandbox
