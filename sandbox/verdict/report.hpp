#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"

#include "sandbox/verdict/finding.hpp"

namespace wxpay::sandbox {

struct Context;

namespace verdict {
struct Rule;
}

/// From which severity on a report fails whoever asks for it.
enum class FailOn { error, warning, never };

/// "error", "warning", "never".
std::string_view wire_name(FailOn fail_on);
std::optional<FailOn> parse_fail_on(std::string_view word);

/// The verdict on the traffic since the start or the last reset: would this merchant pass the check
/// before it goes live?
struct Report {
    struct Counts {
        std::uint64_t calls = 0;     ///< of WeChat's own surface
        std::uint64_t refused = 0;   ///< of them, by the merchant's doing
        std::uint64_t attempts = 0;  ///< to deliver callbacks
        std::size_t orders = 0;
        std::size_t unpaid = 0;     ///< of them, neither paid nor closed
        std::size_t callbacks = 0;  ///< each with one attempt or more, or about to have one
        std::size_t delivered = 0;
        std::size_t undelivered = 0;

        friend bool operator==(const Counts&, const Counts&) = default;
    };
    /// A call that was refused, and not because a fault asked for it.
    struct Refusal {
        std::string exchange;  ///< its name
        std::string call;      ///< "POST /pay/unifiedorder"
        std::string mch_id;
        std::string out_trade_no;
        std::string error;  ///< WeChat's words
        std::string hint;   ///< the likely cause; may be empty

        friend bool operator==(const Refusal&, const Refusal&) = default;
    };
    /// What the verdict cannot know of, because there was no room.
    struct Unseen {
        std::uint64_t orders = 0;    ///< judged by their calls, but not by how they ended
        std::uint64_t steps = 0;     ///< calls and callbacks of orders that had too many
        std::uint64_t findings = 0;  ///< counted, but not listed
        std::uint64_t refusals = 0;  ///< counted, but not listed
        /// The ledger has more orders or callbacks than were looked at; the counts are too small.
        bool is_ledger_longer = false;

        friend bool operator==(const Unseen&, const Unseen&) = default;
    };

    std::string mch_id;  ///< whose traffic; empty: everybody's
    Instant since;       ///< business time
    Instant until;
    Counts counts;
    std::vector<Finding> findings;  ///< in the order of the rules, then as they came
    std::size_t errors = 0;         ///< findings of that severity, the unlisted too
    std::size_t warnings = 0;
    std::vector<Refusal> refusals;  ///< the last ones, oldest first
    Unseen unseen;

    friend bool operator==(const Report&, const Report&) = default;
};

/// Judges what has happened so far. Reads the store; nothing is changed, so it can be asked for at
/// any time. Texts have no key or secret in them.
/// mch_id  only this merchant's traffic; empty: all
/// throws  std::runtime_error when the store cannot be read
Report make_report(Context& context, const std::string& mch_id = {});

// The report as text. All of them are functions of the report alone.

/// For people: counts, a line for each finding, what to do next. Ends with a line end.
/// asks_next  whether each finding names the command that shows more of it, which asks the server
std::string report_text(const Report& report, bool color, bool asks_next = true);
/// One JSON object; its schema is Report in openapi.json.
std::string report_json(const Report& report);
/// JUnit XML: a test case for each rule. Findings below `fail_on` pass, with their texts as
/// system-out.
std::string report_junit(const Report& report, FailOn fail_on = FailOn::error);

/// Whether it has findings from this severity on.
bool fails(const Report& report, FailOn fail_on);
bool fails(std::size_t errors, std::size_t warnings, FailOn fail_on);

/// All rules, in the order of reports.
std::span<const verdict::Rule> verdict_rules();

}  // namespace wxpay::sandbox
