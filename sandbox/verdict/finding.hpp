#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wxpay::sandbox {

/// How bad it is. An error has an official source that says "must"; everything else is a warning.
enum class Severity { warning, error };

/// "warning", "error".
std::string_view wire_name(Severity severity);

/// What a rule has found in the traffic.
struct Finding {
    std::string rule;  ///< id of the rule: "notify/slow"
    Severity severity = Severity::warning;
    std::string mch_id;                  ///< empty: no merchant's own
    std::string out_trade_no;            ///< empty: no order's
    std::string text;                    ///< one line of UTF-8
    std::vector<std::string> exchanges;  ///< names of the exchanges that show it, oldest first

    friend bool operator==(const Finding&, const Finding&) = default;
};

}  // namespace wxpay::sandbox
