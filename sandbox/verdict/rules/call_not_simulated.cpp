// A call that the sandbox cannot judge.
#include "sandbox/api_v3/refusals.hpp"
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule call_not_simulated();

namespace {

bool is_it(const Details& details) { return says(details, api_v3::kNotSimulated.message); }

void judge(const Case& subject, Found& found) { add_refusals(subject, found, is_it); }

}  // namespace

Rule call_not_simulated() {
    return {.id = "call/not-simulated",
            .severity = Severity::warning,
            .meaning = "a call was made that the sandbox does not simulate and cannot judge",
            .source = "R: what was not tried cannot pass",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
