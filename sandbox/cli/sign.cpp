#include "sandbox/cli/sign.hpp"

#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program/program.hpp"
#include "core/v2/message.hpp"

#include "sandbox/cli/message_verb.hpp"
#include "sandbox/diagnosis/signature.hpp"

namespace wxpay::sandbox::cli {
namespace {

/// The message without its old sign, and with the sign_type that it is going to be signed by.
v2::Message unsigned_message(const XmlMessage& given, v2::SignType type) {
    v2::Message out;
    bool has_type = false;
    for (const FieldView& field : given.fields()) {
        if (field.name == "sign") continue;
        const bool is_type = field.name == "sign_type" && !field.value.empty();
        has_type = has_type || is_type;
        if (field.name != "sign_type") {
            out.text(field.name, field.value);
        } else if (is_type) {
            out.text("sign_type", v2::wire_name(type));
        }
    }
    if (!has_type && type == v2::SignType::hmac_sha256) out.text("sign_type", v2::wire_name(type));
    return out;
}

int work(const MessageOptions& options) {
    const auto loaded = load(options, find_exchange(options));
    if (!loaded) throw UsageError("not the XML of a V2 message: " + loaded.error().detail);
    const Merchant merchant = merchant_of(options, loaded->message, demo_directory());
    const v2::SignType type = sign_type_of(options, loaded->message);
    v2::Message message = unsigned_message(loaded->message, type);
    const std::string text = v2::string_to_sign(message.fields()) + std::string(diagnosis::kMask);
    const std::string signature = v2::sign(message.fields(), merchant.api_key, type);
    const std::string xml = message.sign(merchant.api_key, type, "").render();
    if (options.is_json()) {
        print_json({{"sign_type", v2::wire_name(type)},
                    {"string_to_sign", text},
                    {"sign", signature},
                    {"xml", xml}});
    } else {
        fmt::print(stderr, "{} of (key masked):\n  {}\n", v2::wire_name(type),
                   diagnosis::shown_text(text));
        fmt::print("{}\n", xml);
    }
    return 0;
}

}  // namespace

int sign(int argc, char** argv) {
    CLI::App app{"Signs a V2 message anew: the XML goes to stdout, the string to sign to stderr.",
                 "wxpay-sandbox sign"};
    MessageOptions options;
    declare(app, options);
    return run_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
