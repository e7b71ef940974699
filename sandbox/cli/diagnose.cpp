#include "sandbox/cli/diagnose.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandbox/cli/control_verb.hpp"
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
                     diagnosis::names(found.findings),
                     std::move(found.hint),
                     std::move(found.explanation),
                     v2::string_to_sign(message.fields()),
                     merchant.api_key,
                     true};
}

/// The server knows the keys, and keeps the signature to itself.
Diagnosed told_by_server(const MessageOptions& options, const nlohmann::json& exchange) {
    const auto signature = exchange.find("signature");
    if (signature == exchange.end()) {
        const std::string words =
            fmt::format("exchange {} has no signature that the server can check: {}{}",
                        exchange.value("id", ""), exchange.value("verdict", ""),
                        exchange.contains("error") ? ", " + exchange.value("error", "") : "");
        if (options.is_json())
            print_json({{"error", {{"code", "not_signed"}, {"message", words}}}});
        throw NotSo(words);
    }
    Diagnosed out;
    out.what = "as the server verified it";
    out.right = signature->value("right", false);
    out.mistakes = signature->value("mistakes", std::vector<std::string>{});
    out.string_to_sign = exchange.value("string_to_sign", "");
    if (out.right) return out;
    if (exchange.value("kind", "") == "api") {
        out.hint = exchange.value("hint", "");
        out.explanation = exchange.value("diagnosis", "");
    } else {  // what is told of a callback is about its answer
        out.hint = "a callback that is signed wrongly on purpose, and must be refused";
        out.explanation = out.hint + ".\n";
    }
    return out;
}

}  // namespace

Result<Diagnosed> diagnose(const MessageOptions& options, const std::string& bytes) {
    return is_http_message(bytes) ? diagnose_v3(bytes) : diagnose_v2(options, bytes);
}

Result<Diagnosed> diagnose(const MessageOptions& options, const nlohmann::json& exchange) {
    const std::string body = exchange.value(JsonPointer("/request/body"), "");
    const bool is_v2 = XmlMessage::parse(body).has_value();
    const bool is_told_whose = !options.key.empty() || !options.mch_id.empty();
    if (is_v2 && is_told_whose) return diagnose_v2(options, body);
    Diagnosed out = told_by_server(options, exchange);
    out.is_v2 = is_v2;
    return out;
}

nlohmann::ordered_json to_json(const Diagnosed& found) {
    const std::string_view hidden = found.key.empty() ? std::string_view() : diagnosis::kMask;
    return {{"right", found.right},
            {"hint", found.hint},
            {"mistakes", found.mistakes},
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
