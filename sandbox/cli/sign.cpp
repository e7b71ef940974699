#include "sandbox/cli/sign.hpp"

#include <chrono>
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/crypto/rsa.hpp"
#include "core/program/program.hpp"
#include "core/program/say.hpp"
#include "core/v2/message.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/sign.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/message_verb.hpp"
#include "sandbox/cli/servers_merchant.hpp"
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

/// What a V3 call is signed over, besides its body.
struct V3Options {
    std::string target;  ///< empty: a V2 message is wanted
    std::string method = "GET";
    std::string timestamp;
    std::string nonce;
};

/// The Authorization header of a demo merchant's call; the body is the source.
int sign_v3(const MessageOptions& options, const V3Options& call) {
    constexpr std::size_t kNonce = 32;
    const std::string mch_id = options.mch_id.empty() ? "1900000109" : options.mch_id;
    const Directory directory = demo_directory();
    const Merchant* const merchant = directory.find_merchant(mch_id);
    if (merchant == nullptr || !merchant->certificate)
        throw UsageError("V3 calls are signed for the demo merchants only; see --mch-id");
    const auto key = RsaPrivateKey::from_pem(merchant->certificate->key);
    if (!key) throw UsageError("the merchant's private key cannot be read");
    const std::string body = options.source.empty() ? "" : read_input(options.source);
    const auto now = std::chrono::floor<std::chrono::seconds>(SystemClock().now());
    v3::Authorization out{
        mch_id,
        call.nonce.empty() ? SecureRandom().alphanumeric(kNonce) : call.nonce,
        call.timestamp.empty() ? std::to_string(now.time_since_epoch().count()) : call.timestamp,
        merchant->serial_no,
        {}};
    const std::string text =
        v3::request_string(call.method, call.target, out.timestamp, out.nonce_str, body);
    out.signature = key->sign_sha256(text);
    const std::string header = v3::render_authorization(out);
    if (options.is_json()) {
        print_json({{"string_to_sign", text}, {"authorization", header}});
    } else {
        say("{} of:\n{}", v3::kScheme, diagnosis::shown_text(text));
        fmt::print("Authorization: {}\n", header);
    }
    return 0;
}

int work(const MessageOptions& options, const V3Options& call) {
    if (!call.target.empty()) return sign_v3(options, call);
    const auto exchange = find_exchange(options);
    const auto loaded = load(options, exchange);
    if (!loaded) throw UsageError("not the XML of a V2 message: " + loaded.error().detail);
    Merchant merchant = merchant_of(options, loaded->message, demo_directory());
    if (exchange && options.key.empty() && options.mch_id.empty()) {
        // Who has a demo merchant's number at that server may have another key.
        const auto at_server = servers_merchant(options.server, merchant.mch_id.str());
        if (at_server && at_server->api_key.empty())
            throw UsageError(fmt::format("{}: give --key", at_server->why_no_keys()));
        if (at_server) merchant.api_key = at_server->api_key;
    }
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
        say("{} of (key masked):\n  {}\n", v2::wire_name(type), diagnosis::shown_text(text));
        fmt::print("{}\n", xml);
    }
    return 0;
}

}  // namespace

int sign(int argc, char** argv) {
    CLI::App app{
        "Signs a V2 message anew: the XML goes to stdout, the string to sign to stderr. With "
        "--target a V3 call of a demo merchant: its Authorization header goes to stdout.",
        "wxpay-sandbox sign"};
    MessageOptions options;
    V3Options call;
    declare(app, options);
    app.add_option("--target", call.target,
                   "V3: path and query as on the request line; the body is FILE or none")
        ->type_name("PATH");
    app.add_option("--method", call.method, "V3: the method")
        ->type_name("METHOD")
        ->capture_default_str();
    app.add_option("--timestamp", call.timestamp, "V3: seconds since 1970 (default: now)")
        ->type_name("SECONDS");
    app.add_option("--nonce", call.nonce, "V3: nonce_str (default: 32 letters and digits)")
        ->type_name("TEXT");
    return run_control_verb(app, argc, argv, [&] { return work(options, call); });
}

}  // namespace wxpay::sandbox::cli
