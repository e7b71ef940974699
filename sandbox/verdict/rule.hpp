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
    std::optional<Order> order;  ///< nothing: it never came to be
    std::vector<Notification> notifications;
};

/// What a rule judges: one order, or a merchant's calls that belong to none.
struct Case {
    const Trace& trace;
    const Ending* ending = nullptr;  ///< null: not known, there was no room for the order
    Instant now;                     ///< business time
    Instant since;                   ///< nothing is known of what was before
    bool is_whole = true;            ///< nothing of the order's traffic had to be forgotten
};

/// What merchants should do, and how traffic shows that one does not.
struct Rule {
    std::string_view id;  ///< "group/name"; stable: builds and documents name it
    Severity severity = Severity::warning;
    std::string_view meaning;  ///< what a finding says, one line
    std::string_view source;   ///< with its grade as in FIDELITY.md; "R: …" where we chose
    void (*judge)(const Case& subject, Found& found) = nullptr;
    /// Of the traffic as a whole.
    void (*judge_run)(std::uint64_t calls, Found& found) = nullptr;
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
    void judge_run(std::uint64_t calls);

    void merge(const Found& other);

    /// Called by rules. The steps are those that show it; null ones do not count.
    void add(const Case& subject, const std::vector<const Step*>& steps, std::string text);
    void add(std::string text);

    std::vector<Placed> list;
    std::size_t errors = 0;  ///< also those that had no room
    std::size_t warnings = 0;
    std::size_t dropped = 0;

  private:
    void keep(Placed placed);
    std::size_t rule_ = 0;
};

}  // namespace wxpay::sandbox::verdict
