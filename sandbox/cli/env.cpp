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

/// The demo merchant's values, and where the server says that things are.
Variables variables(const std::string& url, const nlohmann::json& environment) {
    const Directory directory = demo_directory();
    const Merchant& demo = *directory.merchants().front();
    Variables out{{"WXPAY_SANDBOX_URL", url}};
    const auto add = [&](const char* name, const nlohmann::json& in, const char* member) {
        if (in.contains(member)) out.emplace_back(name, in[member].get<std::string>());
    };
    add("WXPAY_SANDBOX_HTTPS_URL", environment, "https");
    add("WXPAY_SANDBOX_CA", environment, "ca");
    out.emplace_back("WXPAY_SANDBOX_APPID", demo.appids.front().str());
    out.emplace_back("WXPAY_SANDBOX_MCH_ID", demo.mch_id.str());
    out.emplace_back("WXPAY_SANDBOX_API_KEY", demo.api_key.reveal());
    out.emplace_back("WXPAY_SANDBOX_API_V3_KEY", demo.api_v3_key.reveal());
    for (const auto& merchant : environment.value("merchants", nlohmann::json::array())) {
        if (merchant.value("mch_id", "") != demo.mch_id.str()) continue;
        add("WXPAY_SANDBOX_CERT", merchant, "certificate");
        add("WXPAY_SANDBOX_KEY", merchant, "key");
        add("WXPAY_SANDBOX_P12", merchant, "p12");
        add("WXPAY_SANDBOX_CERT_SERIAL", merchant, "serial");
    }
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
    const auto environment = options.server.get("/_sandbox/v1/environment");
    if (!environment) {
        if (environment.error().code == Errc::malformed)
            throw UsageError(environment.error().detail);
        fmt::print(stderr, "wxpay-sandbox env: {}\n", environment.error().detail);
        return kExitNoServer;
    }
    print(variables(options.server.url, *environment), options.format);
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
    declare(app, options.server, "the running server");
    add_option(app, "--ready-file", options.ready_file, "the server that has written FILE")
        ->type_name("FILE");
    return run_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
