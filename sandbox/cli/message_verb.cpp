#include "sandbox/cli/message_verb.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program/program.hpp"
#include "core/program/say.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/options.hpp"
#include "sandbox/cli/servers_merchant.hpp"
#include "sandbox/cli/shop_environment.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::cli {
namespace {

/// "17", or of a callback "c17".
bool is_exchange_name(std::string_view text) {
    if (text.starts_with('c')) text.remove_prefix(1);
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

nlohmann::json get(const MessageOptions& options, const std::string& path,
                   const std::string& query = {}) {
    constexpr Millis kAnswerTimeout = std::chrono::seconds(10);
    http::Request request;
    request.path = path;
    request.query = query;
    auto response = options.server.send(std::move(request), kAnswerTimeout);
    if (!response) throw UsageError(response.error().detail);
    ControlOptions control;
    control.server = options.server;
    // What is found is the verb's to print; what the server says instead is printed as it is.
    if (response->status / 100 != 2) control.output = options.output;
    const ControlAnswer answer = accept(control, *std::move(response));
    if (!answer.json().is_object())
        throw UsageError(fmt::format("{}: no answer of the control API", options.server.url));
    return answer.json();
}

}  // namespace

void declare(CLI::App& app, MessageOptions& options) {
    app.add_option(
           "source", options.source,
           "the message in FILE (default: stdin), the server's last exchange, or the one with "
           "this number")
        ->type_name("FILE|last|ID");
    app.add_option("--key", options.key,
                   "API key (default: WXPAY_SANDBOX_API_KEY when it is this mch_id's, or that of "
                   "the demo merchant)")
        ->type_name("KEY");
    app.add_option("--sign-type", options.sign_type, "default: the message's sign_type, or MD5")
        ->type_name("MD5|HMAC-SHA256");
    app.add_option("--mch-id", options.mch_id, "whose key (default: the message's mch_id)")
        ->type_name("ID");
    declare(app, options.server, "the running server, for last and ID");
    add_output(app, options.output);
}

int run_verb(CLI::App& app, int argc, char** argv, const std::function<int()>& work) {
    try {
        app.parse(argc, argv);
        return work();
    } catch (const CLI::Success& wanted) {
        return app.exit(wanted);
    } catch (const CLI::ParseError& problem) {
        say("{}: {}; see {} --help\n", app.get_name(), why_not_parsed(app, problem),
            app.get_name());
    } catch (const std::exception& problem) {
        say("{}: {}\n", app.get_name(), problem.what());
    }
    return kExitUsage;
}

std::string read_input(const std::string& source) {
    const std::string path = source.empty() ? "-" : source;
    std::ifstream file;
    if (path != "-") {
        file.open(path, std::ios::binary);
        if (!file) throw UsageError(fmt::format("'{}' cannot be read", path));
    }
    std::istream& in = path == "-" ? std::cin : file;
    std::string out(kBodyBytesMax + 1, '\0');
    in.read(out.data(), static_cast<std::streamsize>(out.size()));
    if (in.bad()) throw UsageError(fmt::format("'{}' cannot be read", path));
    out.resize(static_cast<std::size_t>(in.gcount()));
    if (out.size() > kBodyBytesMax)
        throw UsageError(fmt::format("'{}' has more than {} bytes", path, kBodyBytesMax));
    return out;
}

std::optional<nlohmann::json> find_exchange(const MessageOptions& options) {
    std::string id = options.source;
    if (id == "last") {
        const auto listed = get(options, "/_sandbox/v1/exchanges", "limit=1");
        const auto rows = listed.value("exchanges", nlohmann::json::array());
        if (rows.empty()) {
            const char* const words = "the server has seen no exchange yet";
            if (options.is_json())
                print_json({{"error", {{"code", "not_found"}, {"message", words}}}});
            throw NotSo(words);
        }
        id = rows[0].value("id", "");
    }
    if (!is_exchange_name(id)) return std::nullopt;
    return get(options, "/_sandbox/v1/exchanges/" + id);
}

Result<Loaded> load(const MessageOptions& options, const std::optional<nlohmann::json>& exchange) {
    std::string bytes;
    if (exchange) {
        bytes = exchange->value(nlohmann::json::json_pointer("/request/body"), "");
    } else {
        bytes = read_input(options.source);
    }
    WXPAY_TRY(XmlMessage message, XmlMessage::parse(bytes));
    return Loaded{std::move(bytes), std::move(message)};
}

Merchant merchant_of(const MessageOptions& options, const XmlMessage& message,
                     const Directory& directory) {
    const std::string id =
        options.mch_id.empty() ? std::string(message.get("mch_id")) : options.mch_id;
    Merchant merchant;
    const Merchant* const known = directory.find_merchant(id);
    if (known != nullptr) {
        merchant = *known;
    } else if (auto parsed = MchId::parse(id)) {
        merchant.mch_id = *std::move(parsed);
    }
    if (!options.key.empty()) {
        merchant.api_key = Secret(options.key);
    } else if (known == nullptr || !environment_variable("WXPAY_SANDBOX_MCH_ID").empty()) {
        // Of a demo merchant only when it is said to be this one's.
        const std::string key = merchants_variable("API_KEY", id);
        if (!key.empty()) merchant.api_key = Secret(key);
    }
    if (merchant.api_key.empty()) {
        throw UsageError(
            "no key: the message's mch_id is none of the demo merchants'; give --key or --mch-id");
    }
    return merchant;
}

v2::SignType sign_type_of(const MessageOptions& options, const XmlMessage& message) {
    const std::string_view word =
        options.sign_type.empty() ? message.get("sign_type") : std::string_view(options.sign_type);
    if (word.empty()) return v2::SignType::md5;
    const auto type = v2::parse_sign_type(word);
    if (!type) throw UsageError("the sign type is neither MD5 nor HMAC-SHA256; give --sign-type");
    return *type;
}

void print_json(const nlohmann::ordered_json& json) {
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace wxpay::sandbox::cli
