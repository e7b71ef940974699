#pragma once

#include <string_view>

#include "sandbox/verdict/finding.hpp"

namespace wxpay::sandbox::verdict {

/// What merchants should do, and how traffic shows that one does not.
struct Rule {
    std::string_view id;  ///< "group/name"; stable: builds and documents name it
    Severity severity = Severity::warning;
    std::string_view meaning;  ///< what a finding says, one line
    std::string_view source;   ///< the page that asks for it, or "ours" and why
};

}  // namespace wxpay::sandbox::verdict
