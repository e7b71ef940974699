#include "sandbox/verdict/rules/invocations.hpp"

#include <fmt/format.h>

namespace wxpay::sandbox::verdict {

void add_slips(const Case& subject, Slip slip, Found& found) {
    for (const Step& step : subject.trace.steps) {
        if (step.operation == Operation::invoke && step.details->slip == slip)
            found.add(subject, {&step}, text_of_slip(step));
    }
}

std::string text_of_slip(const Step& step) {
    return fmt::format("{}: {}; {}", step.details->call, step.details->error, step.details->hint);
}

}  // namespace wxpay::sandbox::verdict
