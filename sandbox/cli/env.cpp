#include "sandbox/cli/env.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/shell.hpp"
#include "core/program/program.hpp"

#include "sandbox/cli/message_verb.hpp"
#include "sandbox/cli/options.hpp"
#include "sandbox/cli/running_server.hpp"
#include "sandbox/directory.hpp"

namespace wxpay::sandbox::cli {
namespace {

constexpr int kExitNoServer = 1;

struct Options {
    std::string format = "sh";
    std::string ready_file;
    std::string mch_id = "1900000109";
    RunningServer server;
};

using Variables = std::vector<std::pair<std::string, std::string>>;

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

/// Adds the merchant's keys where it is known what they are: those of a demo merchant are public,
/// those of the range are told; others were given to the server and stay there.
void add_keys(const nlohmann::json& merchant, Variables& out) {
    const std::string origin = merchant.value("origin", "");
    std::string api_key = merchant.value("api_key", "");
    std::string api_v3_key = merchant.value("api_v3_key", "");
    if (origin == "demo") {
        const Directory demos = demo_directory();
        const Merchant& demo = *demos.find_merchant(merchant.value("mch_id", ""));
        api_key = demo.api_key.reveal();
        api_v3_key = demo.api_v3_key.reveal();
    }
    if (!api_key.empty()) out.emplace_back("WXPAY_SANDBOX_API_KEY", api_key);
    if (!api_v3_key.empty()) out.emplace_back("WXPAY_SANDBOX_API_V3_KEY", api_v3_key);
}

/// The merchant's values, and where the server says that things are.
Variables variables(const std::string& url, const nlohmann::json& environment,
                    const nlohmann::json& merchant) {
    Variables out{{"WXPAY_SANDBOX_URL", url}};
    const auto add = [&](const char* name, const nlohmann::json& in, const char* member) {
        if (in.contains(member)) out.emplace_back(name, in[member].get<std::string>());
    };
    add("WXPAY_SANDBOX_HTTPS_URL", environment, "https");
    add("WXPAY_SANDBOX_CA", environment, "ca");
    if (const auto appids = merchant.value("appids", nlohmann::json::array()); !appids.empty())
        out.emplace_back("WXPAY_SANDBOX_APPID", appids.front().get<std::string>());
    const std::string mch_id = merchant.value("mch_id", "");
    out.emplace_back("WXPAY_SANDBOX_MCH_ID", mch_id);
    add_keys(merchant, out);
    for (const auto& files : environment.value("merchants", nlohmann::json::array())) {
        if (files.value("mch_id", "") != mch_id) continue;
        add("WXPAY_SANDBOX_CERT", files, "certificate");
        add("WXPAY_SANDBOX_KEY", files, "key");
        add("WXPAY_SANDBOX_P12", files, "p12");
        add("WXPAY_SANDBOX_CERT_SERIAL", files, "serial");
    }
    const auto platform = environment.value("platform", nlohmann::json::object());
    add("WXPAY_SANDBOX_PLATFORM_CERT", platform, "certificate");
    add("WXPAY_SANDBOX_PLATFORM_SERIAL", platform, "serial");
    add("WXPAY_SANDBOX_PUBLIC_KEY", platform, "public_key");
    add("WXPAY_SANDBOX_PUBLIC_KEY_ID", platform, "public_key_id");
    add("NODE_EXTRA_CA_CERTS", environment, "ca");
    return out;
}

/// As it is when nothing in it could mean something to a reader of .env files.
std::string for_dotenv(std::string_view value) {
    constexpr std::string_view kPlain = "-_./:@%+";
    const bool plain = std::all_of(value.begin(), value.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               kPlain.find(c) != std::string_view::npos;
    });
    if (plain) return std::string(value);
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\' || c == '$') out += '\\';
        out += c;
    }
    return out + "\"";
}

void print(const Variables& all, const std::string& format) {
    if (format == "json") {
        nlohmann::ordered_json json = nlohmann::ordered_json::object();
        for (const auto& [name, value] : all) json[name] = value;
        return print_json(json);
    }
    for (const auto& [name, value] : all) {
        if (format == "sh") {
            fmt::print("export {}={}\n", name, shell_quoted(value));
        } else {
            fmt::print("{}={}\n", name, format == "github" ? value : for_dotenv(value));
        }
    }
}

int work(Options options) {
    if (!options.ready_file.empty()) {
        auto url = url_in(options.ready_file);
        if (!url) {
            fmt::print(stderr, "wxpay-sandbox env: {}\n", url.error().detail);
            return kExitNoServer;
        }
        options.server.url = *std::move(url);
    }
    const auto get = [&](const std::string& path) { return options.server.get(path); };
    const auto environment = get("/_sandbox/v1/environment");
    const auto merchant =
        environment ? get("/_sandbox/v1/merchants/" + http::percent_encode(options.mch_id))
                    : environment;
    if (!merchant) {
        if (merchant.error().code == Errc::malformed) throw UsageError(merchant.error().detail);
        fmt::print(stderr, "wxpay-sandbox env: {}\n", merchant.error().detail);
        return kExitNoServer;
    }
    print(variables(options.server.url, *environment, *merchant), options.format);
    return 0;
}

}  // namespace

int env(int argc, char** argv) {
    CLI::App app{"Prints the environment of a shop that uses the running server.",
                 "wxpay-sandbox env"};
    Options options;
    app.add_option("--format", options.format,
                   "sh: to eval; dotenv; json; github: to append to $GITHUB_ENV")
        ->type_name("FORMAT")
        ->capture_default_str()
        ->check(CLI::IsMember({"sh", "dotenv", "json", "github"}));
    app.add_option("--mch-id", options.mch_id, "which merchant's; keys that you gave are not told")
        ->type_name("ID")
        ->capture_default_str();
    declare(app, options.server, "the running server");
    add_option(app, "--ready-file", options.ready_file, "the server that has written FILE")
        ->type_name("FILE");
    return run_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
