// A path that WeChat does not have.
#include "sandbox/api_v3/refusals.hpp"
#include "sandbox/verdict/rules/refused.hpp"

namespace wxpay::sandbox::verdict {

Rule call_unknown_path();

namespace {

bool is_it(const Details& details) {
    if (details.is_known_path) return false;
    return details.error == "404" || says(details, api_v3::kNotFound.message);
}

void judge(const Case& subject, Found& found) { add_refusals(subject, found, is_it); }

}  // namespace

Rule call_unknown_path() {
    return {.id = "call/unknown-path",
            .severity = Severity::warning,
            .meaning = "a path was asked for that WeChat does not have",
            .source = "R: the sandbox may not know each path of the real one",
            .judge = judge};
}

}  // namespace wxpay::sandbox::verdict
