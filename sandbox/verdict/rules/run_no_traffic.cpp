// A run that tried nothing.
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

Rule run_no_traffic();

namespace {

/// Green for checking nothing is worse than red.
void judge_run(const Run& run, Found& found) {
    if (run.calls == 0)
        found.add({}, "no call reached the sandbox: is the shop's base address its own?");
}

}  // namespace

Rule run_no_traffic() {
    return {.id = "run/no-traffic",
            .severity = Severity::warning,
            .meaning = "no call reached the sandbox, so nothing was checked",
            .source = "R: a run that checked nothing must not look like one that passed",
            .judge_run = judge_run};
}

}  // namespace wxpay::sandbox::verdict
