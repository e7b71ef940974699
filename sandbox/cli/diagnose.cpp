#include "sandbox/cli/diagnose.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandbox/cli/v3_message.hpp"
#include "sandbox/diagnosis/signature.hpp"

namespace wxpay::sandbox::cli {
namespace {

using JsonPointer = nlohmann::json::json_pointer;

Result<Diagnosed> diagnose_v2(const MessageOptions& options, const std::string& bytes) {
    WXPAY_TRY(const XmlMessage message, XmlMessage::parse(bytes));
    const Directory directory = demo_directory();
    const Merchant merchant = merchant_of(options, message, directory);
    const v2::SignType type = sign_type_of(options, message);
    const std::string& mch_id = merchant.mch_id.str();
    auto found = diagnosis::diagnose_signature(message, bytes, merchant, directory, type);
    return Diagnosed{found.right,
                     fmt::format("{} under {}", v2::wire_name(type),
                                 mch_id.empty() ? "the given key" : "the API key of " + mch_id),
                     std::move(found.findings),
                     std::move(found.hint),
                     std::move(found.explanation),
                     v2::string_to_sign(message.fields()),
                     merchant.api_key};
}

/// The server knows the keys, and keeps the signature to itself.
Diagnosed told_by_server(const nlohmann::json& exchange) {
    Diagnosed out;
    out.what = "as the server verified it";
    out.right = !exchange.value("error", "").starts_with("SIGN_ERROR");
    out.hint = out.right ? "" : exchange.value("hint", "");
    out.explanation = exchange.value("diagnosis", "");
    out.string_to_sign = exchange.value("string_to_sign", "");
    return out;
}

}  // namespace

Result<Diagnosed> diagnose(const MessageOptions& options, const std::string& bytes) {
    return is_http_message(bytes) ? diagnose_v3(bytes) : diagnose_v2(options, bytes);
}

Result<Diagnosed> diagnose(const MessageOptions& options, const nlohmann::json& exchange) {
    const std::string body = exchange.value(JsonPointer("/request/body"), "");
    const bool is_v2 = XmlMessage::parse(body).has_value();
    if (!is_v2 && exchange.contains("string_to_sign")) return told_by_server(exchange);
    return diagnose_v2(options, body);
}

nlohmann::ordered_json to_json(const Diagnosed& found) {
    auto mistakes = nlohmann::ordered_json::array();
    for (const diagnosis::Finding& finding : found.findings)
        mistakes.push_back(diagnosis::name(finding.mistake));
    const std::string_view hidden = found.key.empty() ? std::string_view() : diagnosis::kMask;
    return {{"right", found.right},
            {"hint", found.hint},
            {"mistakes", std::move(mistakes)},
            {"string_to_sign", found.string_to_sign + std::string(hidden)},
            {"diagnosis", found.explanation}};
}

int report_unreadable(const MessageOptions& options, const Error& error) {
    const std::string hint =
        "neither the XML of a V2 message nor a signed HTTP message of V3: " + error.detail;
    if (options.is_json()) {
        print_json({{"right", false}, {"hint", hint}});
    } else {
        fmt::print("wrong: {}\n", diagnosis::shown_text(hint));
    }
    return 1;
}

}  // namespace wxpay::sandbox::cli
