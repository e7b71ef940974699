#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox {

/// What the verdict remembers of the traffic: a trace for each order of which something is worth a
/// look. Bounded in everything: the oldest order is judged by its calls and goes when there is no
/// room. Thread-safe.
class Traces {
  public:
    /// since  business time, from which on it sees everything
    explicit Traces(Instant since) : since_(since) {}
    Traces(const Traces&) = delete;
    Traces& operator=(const Traces&) = delete;

    /// A call was answered, or a callback's attempt has ended. Cheap for what is as it should be.
    void see(const Exchange& exchange);
    /// A phone refused what a page gave it.
    void see(const verdict::Invocation& invocation);

    struct Counts {
        std::uint64_t calls = 0;
        std::uint64_t refused = 0;
        std::uint64_t attempts = 0;
        std::uint64_t queries = 0;  ///< of orders
        std::uint64_t bills = 0;    ///< asked for and not refused

        Counts& operator+=(const Counts& other);
    };
    struct Snapshot {
        Instant since;
        std::map<std::string, Counts> counts;  ///< by merchant
        std::vector<verdict::Trace> traces;
        verdict::Found left;  ///< what was found in orders that had to go
        std::uint64_t orders_left = 0;
        std::uint64_t steps_left = 0;
    };
    /// All of it, or of one merchant.
    Snapshot snapshot(const std::string& mch_id) const;
    /// Forgets all, or those of one merchant.
    void clear(const std::string& mch_id, Instant now);
    /// How many orders it remembers.
    std::size_t size() const;

  private:
    struct Key {
        std::string_view mch_id;  // into the trace
        std::string_view out_trade_no;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const;
    };
    using List = std::list<verdict::Trace>;

    // All under the lock.
    Counts& counts_of(const std::string& mch_id);
    verdict::Trace* find(const Key& key);
    verdict::Trace& insert(std::string mch_id, std::string out_trade_no);
    struct Left {
        verdict::Found found;
        std::uint64_t orders = 0;
    };
    Left& left_of(const std::string& mch_id);
    void place(verdict::Reading reading);
    void share_details(const verdict::Trace* trace, verdict::Step& step);
    void append(verdict::Trace& trace, verdict::Step step);
    void let_go_of_oldest();
    void remember_open_refund(const verdict::Trace& trace, const verdict::Step& step);

    mutable std::mutex mutex_;
    List traces_;  // oldest first
    std::unordered_map<Key, List::iterator, KeyHash> by_key_;
    std::map<std::string, Counts, std::less<>> counts_;
    /// Refunds whose result is unknown: whose they are, by merchant and number.
    std::unordered_map<std::uint64_t, std::pair<std::string, std::string>> open_refunds_;
    Instant since_;
    std::uint64_t last_n_ = 0;
    std::shared_ptr<const verdict::Details> last_details_;  // the same again is not kept twice
    std::map<std::string, Left, std::less<>> left_;         // what had to go, by merchant
};

}  // namespace wxpay::sandbox
