#include "merchant/journal.hpp"

#include <fmt/format.h>

#include "merchant/shop/log_text.hpp"

namespace wxpay::merchant {
namespace {

Severity severity_of(std::string_view event) {
    if (event == event::kAlarm || event == event::kRefundDue) return Severity::error;
    if (event == event::kRefused || event == event::kWarning || event == event::kRefundFailed)
        return Severity::warning;
    return Severity::info;
}

}  // namespace

void Journal::add(const std::string& order_id, std::string_view event, std::string_view text) {
    const std::string detail = log_text(fmt::format("{}: {}", source_, text));
    books_.log(order_id, now_, event, detail);
    lines_.emplace_back(severity_of(event), fmt::format("{} {}", event, detail));
}

void Journal::publish(const Report& report) const {
    for (const auto& [severity, line] : lines_) report(severity, line);
}

}  // namespace wxpay::merchant
