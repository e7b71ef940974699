#include "sandbox/verdict/rules/refused.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "sandbox/api_v2/judged_refusals.hpp"
#include "sandbox/api_v3/judged_refusals.hpp"

namespace wxpay::sandbox::verdict {

bool says(const Details& details, std::string_view words) {
    const std::string_view error = details.error;
    if (!error.ends_with(words)) return false;
    return error.size() == words.size() || error[error.size() - words.size() - 1] == ' ';
}

bool names_nobody(const Details& details) { return says(details, api_v3::kNoCertificate.message); }

bool names_other_mchid(const Details& details) {
    return says(details, api_v3::kMchidDiffers.message);
}

bool is_past_last_refund(const Details& details) {
    return details.hint == api_v2::kTooManyRefunds ||
           says(details, api_v3::kTooManyRefunds.message);
}

void add_refusals(const Case& subject, Found& found,
                  const std::function<bool(const Details&)>& is_it) {
    struct Alike {
        std::string text;
        std::vector<const Step*> steps;
    };
    std::vector<Alike> all;
    for (const Step& step : subject.trace.steps) {
        if (!step.is_refusal() || !is_it(*step.details)) continue;
        const Details& details = *step.details;
        std::string text = fmt::format("{}: {}", details.call, details.error);
        if (!details.hint.empty()) text += "; " + details.hint;
        const auto known = std::find_if(all.begin(), all.end(),
                                        [&](const Alike& each) { return each.text == text; });
        Alike& alike = known == all.end() ? all.emplace_back() : *known;
        alike.text = std::move(text);
        alike.steps.push_back(&step);
    }
    for (const Alike& alike : all) found.add(subject, alike.steps, alike.text);
}

}  // namespace wxpay::sandbox::verdict
