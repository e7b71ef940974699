#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/ledger/order.hpp"
#include "sandbox/notify/notification.hpp"
#include "sandbox/verdict/finding.hpp"
#include "sandbox/verdict/trace.hpp"

namespace wxpay::sandbox::verdict {

class Found;

/// How an order stands in the ledger by now.
struct Ending {
    std::optional<Order> order;  ///< nothing: it never came to be, or it is a combined one
    std::vector<Order> parts;    ///< of a combined order
    std::vector<Notification> notifications;

    /// What the user pays: the order or, for all of a combined one, its first part. Null for a part
    /// alone, which is ordered, paid and closed with the others, and when there is none.
    const Order* payable() const;
    /// Whether a callback of this kind was received.
    bool has_told(NotificationKind kind) const;
    /// Whether one is still on its way and may tell it yet.
    bool may_tell(NotificationKind kind) const;
};

/// What a rule judges: one order, or a merchant's calls that belong to none.
struct Case {
    const Trace& trace;
    const Ending* ending = nullptr;  ///< null: not known, there was no room for the order
    Instant now;                     ///< business time
    Instant since;                   ///< nothing is known of what was before
    bool is_whole = true;            ///< nothing of the order's traffic had to be forgotten
};

/// The traffic as a whole.
struct Run {
    struct Merchant {
        std::string mch_id;
        std::uint64_t queries = 0;          ///< of orders
        std::uint64_t bills = 0;            ///< asked for and not refused
        std::uint64_t told = 0;             ///< orders whose payment a callback has told
        std::optional<Instant> first_paid;  ///< when an order was paid first
    };
    std::uint64_t calls = 0;
    Instant now;  ///< business time
    std::vector<Merchant> merchants;
};

/// What merchants should do, and how traffic shows that one does not.
struct Rule {
    std::string_view id;  ///< "group/name"; stable: builds and documents name it
    Severity severity = Severity::warning;
    std::string_view meaning;  ///< what a finding says, one line
    std::string_view source;   ///< with its grade as in FIDELITY.md; "R: …" where we chose
    void (*judge)(const Case& subject, Found& found) = nullptr;
    /// Of the traffic as a whole.
    void (*judge_run)(const Run& run, Found& found) = nullptr;
};

/// The rules, in the order of reports.
std::span<const Rule> rules();

/// What the rules have found; a bounded list, and how much more there was.
class Found {
  public:
    /// A finding with the step's place in time; later ones of the same rule come behind it.
    struct Placed {
        std::size_t rule = 0;  ///< its index in rules()
        std::uint64_t n = 0;
        Finding finding;
    };

    /// Every rule on this one.
    void judge(const Case& subject);
    void judge_run(const Run& run);

    void merge(const Found& other);

    /// Called by rules. The steps are those that show it; null ones do not count.
    void add(const Case& subject, const std::vector<const Step*>& steps, std::string text);
    /// Of the traffic as a whole. mch_id  empty: no merchant's own
    void add(const std::string& mch_id, std::string text);

    std::vector<Placed> list;
    std::size_t errors = 0;  ///< also those that had no room
    std::size_t warnings = 0;
    std::size_t dropped = 0;

  private:
    void keep(Placed placed);
    std::size_t rule_ = 0;
};

}  // namespace wxpay::sandbox::verdict
