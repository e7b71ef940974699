#include "sandbox/verdict/report.hpp"

#include "sandbox/context.hpp"
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox {

std::string_view wire_name(Severity severity) {
    return severity == Severity::error ? "error" : "warning";
}

std::string_view wire_name(FailOn fail_on) {
    switch (fail_on) {
        case FailOn::error:
            return "error";
        case FailOn::warning:
            return "warning";
        case FailOn::never:
            return "never";
    }
    return {};
}

std::optional<FailOn> parse_fail_on(std::string_view word) {
    for (const FailOn fail_on : {FailOn::error, FailOn::warning, FailOn::never}) {
        if (wire_name(fail_on) == word) return fail_on;
    }
    return std::nullopt;
}

bool fails(const Report& report, FailOn fail_on) {
    switch (fail_on) {
        case FailOn::error:
            return report.errors > 0;
        case FailOn::warning:
            return report.errors + report.warnings > 0;
        case FailOn::never:
            return false;
    }
    return false;
}

Report make_report(Context& context, const std::string& mch_id) {
    Report report;
    report.mch_id = mch_id;
    report.until = context.clock.now();
    return report;
}

std::span<const verdict::Rule> verdict_rules() { return {}; }

}  // namespace wxpay::sandbox
