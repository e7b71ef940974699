#include "sandbox/cli/env.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/shell.hpp"
#include "core/program/program.hpp"
#include "core/program/say.hpp"

#include "sandbox/cli/message_verb.hpp"
#include "sandbox/cli/options.hpp"
#include "sandbox/cli/running_server.hpp"
#include "sandbox/cli/shop_environment.hpp"

namespace wxpay::sandbox::cli {
namespace {

constexpr int kExitNoMerchant = 1;

struct Options {
    std::string format = "sh";
    std::string output = "text";
    std::string ready_file;
    std::string mch_id = "1900000109";
    RunningServer server;
};

/// The url in the ready file. Fails when the file is not there: then no server is ready.
Result<std::string> url_in(const std::string& path) {
    std::ifstream in(path);
    const auto ready = in ? nlohmann::json::parse(in, nullptr, false) : nlohmann::json();
    if (!ready.is_object() || !ready.contains("http") || !ready["http"].is_string()) {
        return Failure{
            Error{Errc::unreachable,
                  fmt::format("no server has written '{}'; start wxpay-sandbox --ready-file FILE",
                              path)}};
    }
    return ready["http"].get<std::string>();
}

/// As it is when nothing in it could mean something to a reader of .env files.
std::string for_dotenv(std::string_view value) {
    constexpr std::string_view kPlain = "-_./:@%+,=[]";
    const bool plain = std::all_of(value.begin(), value.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               kPlain.find(c) != std::string_view::npos;
    });
    if (plain) return std::string(value);
    // Between these nothing means anything to its readers.
    if (value.find_first_of("'\n") == std::string_view::npos) return fmt::format("'{}'", value);
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\' || c == '$') out += '\\';
        out += c == '\n' ? "\\n" : std::string(1, c);
    }
    return out + "\"";
}

/// A line for $GITHUB_ENV, or, when the value has more than one, its form for that.
std::string for_github(const std::string& name, const std::string& value) {
    if (value.find_first_of("\r\n") == std::string::npos) return fmt::format("{}={}", name, value);
    std::string end = "END";
    while (value.find(end) != std::string::npos) end += "_";
    return fmt::format("{}<<{}\n{}\n{}", name, end, value, end);
}

void print(const ShopEnvironment& shop, const std::string& format) {
    if (format == "json") {
        nlohmann::ordered_json json = nlohmann::ordered_json::object();
        for (const auto& [name, value] : shop.variables) json[name] = value;
        return print_json(json);
    }
    for (const std::string& name : shop.removed)
        fmt::print("{}\n", format == "sh" ? "unset " + name : name + "=");
    for (const auto& [name, value] : shop.variables) {
        if (format == "sh") {
            fmt::print("export {}={}\n", name, shell_quoted(value));
        } else if (format == "github") {
            if (name == "NODE_OPTIONS") {  // source  GitHub's changelog, 2023-10-05
                say("wxpay-sandbox env: GitHub takes no NODE_OPTIONS here; give it to the step: "
                    "{}\n",
                    value);
                continue;
            }
            fmt::print("{}\n", for_github(name, value));
        } else {
            fmt::print("{}={}\n", name, for_dotenv(value));
        }
    }
}

int work(Options options) {
    if (!options.ready_file.empty()) {
        auto url = url_in(options.ready_file);
        if (!url) throw UsageError(url.error().detail);
        options.server.url = *std::move(url);
    }
    const auto shop = shop_environment(options.server, options.mch_id, environment_variable);
    if (!shop) {
        if (shop.error().code != Errc::refused) throw UsageError(shop.error().detail);
        say("wxpay-sandbox env: {}\n", shop.error().detail);
        return kExitNoMerchant;
    }
    for (const std::string& warning : shop->warnings) say("wxpay-sandbox env: {}\n", warning);
    print(*shop, options.format);
    return 0;
}

}  // namespace

int env(int argc, char** argv) {
    CLI::App app{"Prints the environment of a shop that uses the running server.",
                 "wxpay-sandbox env"};
    Options options;
    auto* const format =
        app.add_option("--format", options.format,
                       "sh: to eval; dotenv; json; github: to append to $GITHUB_ENV")
            ->type_name("FORMAT")
            ->capture_default_str()
            ->check(CLI::IsMember({"sh", "dotenv", "json", "github"}));
    add_output(app, options.output);  // as other verbs have it
    app.add_option("--mch-id", options.mch_id, "which merchant's; keys that you gave are not told")
        ->type_name("ID")
        ->capture_default_str();
    declare(app, options.server, "the running server");
    add_option(app, "--ready-file", options.ready_file, "the server that has written FILE")
        ->type_name("FILE");
    return run_verb(app, argc, argv, [&] {
        if (options.output == "json") {
            if (format->count() > 0 && options.format != "json") {
                throw UsageError(
                    fmt::format("--output json and --format {}: give one of them", options.format));
            }
            options.format = "json";
        }
        return work(options);
    });
}

}  // namespace wxpay::sandbox::cli
