#include "sandbox/cli/diagnose.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wxpay::sandbox::cli {

Diagnosed diagnose(const MessageOptions& options, const Loaded& loaded) {
    const Directory directory = demo_directory();
    const Merchant merchant = merchant_of(options, loaded.message, directory);
    const v2::SignType type = sign_type_of(options, loaded.message);
    const std::string& mch_id = merchant.mch_id.str();
    return {diagnosis::diagnose_signature(loaded.message, loaded.bytes, merchant, directory, type),
            fmt::format("{} under {}", v2::wire_name(type),
                        mch_id.empty() ? "the given key" : "the API key of " + mch_id),
            v2::string_to_sign(loaded.message.fields()), merchant.api_key};
}

nlohmann::ordered_json to_json(const Diagnosed& found) {
    auto mistakes = nlohmann::ordered_json::array();
    for (const diagnosis::Finding& finding : found.result.findings)
        mistakes.push_back(diagnosis::name(finding.mistake));
    return {{"right", found.result.right},
            {"hint", found.result.hint},
            {"mistakes", std::move(mistakes)},
            {"string_to_sign", found.string_to_sign + std::string(diagnosis::kMask)},
            {"diagnosis", found.result.explanation}};
}

int report_unreadable(const MessageOptions& options, const Error& error) {
    const std::string hint = "not the XML of a V2 message: " + error.detail;
    if (options.is_json()) {
        print_json({{"right", false}, {"hint", hint}});
    } else {
        fmt::print("wrong: {}\n", diagnosis::shown_text(hint));
    }
    return 1;
}

}  // namespace wxpay::sandbox::cli
