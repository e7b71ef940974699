#include "sandbox/cli/serve_options.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "core/base/duration.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/http/url.hpp"
#include "core/program/program.hpp"

#include "sandbox/cli/log_format.hpp"
#include "sandbox/config/reader.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/notify/target_policy.hpp"

namespace wxpay::sandbox::cli {
namespace {

int port_from(const std::string& text) {
    constexpr int kPortMax = 65535;
    int port = -1;
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, port);
    if (problem != std::errc{} || stop != end || port < 0 || port > kPortMax) {
        throw UsageError(fmt::format(
            "--port '{}': a number from 0 to {} is wanted; 0 is any free one", text, kPortMax));
    }
    return port;
}

void demand_token(const ServeOptions& flags, const char* option, const std::string& host) {
    if (is_loopback(host) || !flags.control_token.empty()) return;
    throw UsageError(fmt::format(
        "{} {}: not a loopback address, so the control API needs a --control-token", option, host));
}

/// The system's authorities, and those that variables of the user's name. A bundle of ours among
/// them has nothing new in it, unless it was made of the user's.
OtherRoots other_roots() {
    const auto variable = [](const char* name) {
        const char* const value = std::getenv(name);
        return value == nullptr || *value == '\0' ? std::filesystem::path()
                                                  : std::filesystem::absolute(value);
    };
    OtherRoots roots{system_roots(), {}};
    for (const char* const name :
         {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}) {
        const auto path = variable(name);
        const bool is_known =
            path.empty() || path == roots.system || path == variable("WXPAY_SANDBOX_CA") ||
            (path == variable("WXPAY_SANDBOX_CA_BUNDLE") &&
             path.parent_path().filename() == "trust") ||
            std::find(roots.own.begin(), roots.own.end(), path) != roots.own.end();
        if (!is_known) roots.own.push_back(path);
    }
    return roots;
}

Config config_from(const ServeOptions& flags) {
    Config config;
    config.writes_certificates = true;
    config.other_roots = other_roots();
    if (flags.port.empty()) {
        std::tie(config.http_host, config.http_port) = parse_listen_address("--http", flags.http);
    } else {
        config.http_port = port_from(flags.port);
    }
    const auto is_wanted = [](const std::string& address) {
        return !address.empty() && address != "off";
    };
    if (is_wanted(flags.https)) config.https = parse_listen_address("--https", flags.https);
    if (flags.https == "off" && is_wanted(flags.proxy)) {
        throw UsageError(
            "--https off: the proxy leads WeChat's hosts to the TLS listener; --proxy off, too");
    }
    if (is_wanted(flags.proxy)) config.proxy = parse_listen_address("--proxy", flags.proxy);
    if (flags.proxy_pass && flags.proxy.empty())
        throw UsageError("--proxy-pass needs --proxy HOST:PORT: it lets hosts through that proxy");
    config.proxy_passes_others = flags.proxy_pass;
    if (!flags.data.empty()) config.data = flags.data;
    if (!flags.seed.empty()) {
        const char* const end = flags.seed.data() + flags.seed.size();
        const auto [stop, problem] = std::from_chars(flags.seed.data(), end, config.seed.emplace());
        if (problem != std::errc{} || stop != end) {
            throw UsageError(fmt::format(
                "--seed '{}': a number from 0 to 18446744073709551615 is wanted", flags.seed));
        }
    }
    if (!flags.clock.empty()) {
        config.clock = ClockMode::parse(flags.clock);
        if (!config.clock)
            throw UsageError(fmt::format(
                "--clock '{}': real, manual or xN (N from 1 to 1000000) is wanted", flags.clock));
    }
    if (!flags.start_time.empty()) {
        config.start_time = parse_rfc3339(flags.start_time);
        if (!config.start_time) {
            throw UsageError(
                fmt::format("--start-time '{}': RFC 3339 with offset is wanted, for example "
                            "2024-06-01T12:00:00+08:00",
                            flags.start_time));
        }
        if (config.clock.value_or(ClockMode()).kind == ClockMode::Kind::real) {
            throw UsageError(
                "--start-time needs --clock manual or --clock xN: the real clock begins now");
        }
    }
    if (flags.auto_pay != "off") {
        config.settings.auto_pay =
            flags.auto_pay == "now" ? Millis{0} : parse_duration(flags.auto_pay);
        if (!config.settings.auto_pay) {
            throw UsageError(
                fmt::format("--auto-pay '{}': off, now or a duration like 3s is wanted ({})",
                            flags.auto_pay, kDurationForm));
        }
    }
    const auto timeout = parse_duration(flags.notify_timeout);
    if (!timeout || *timeout == Millis{0}) {
        throw UsageError(fmt::format("--notify-timeout '{}': a duration like 5s is wanted ({})",
                                     flags.notify_timeout, kDurationForm));
    }
    config.settings.notify_timeout = *timeout;
    if (flags.wire_clock != "real" && flags.wire_clock != "virtual") {
        throw UsageError(
            fmt::format("--wire-clock '{}': real or virtual is wanted", flags.wire_clock));
    }
    config.settings.virtual_wire = flags.wire_clock == "virtual";
    for (const std::string& host : flags.allow_notify) {
        const std::string problem = TargetPolicy::why_useless(host);
        if (!problem.empty())
            throw UsageError(fmt::format("--allow-notify '{}': {}", host, problem));
    }
    config.allow_notify = flags.allow_notify;
    if (!flags.public_url.empty()) {
        const auto url = http::Url::parse(flags.public_url);
        if (!url || url->target != "/") {
            throw UsageError(fmt::format("--public-url '{}': http(s)://host[:port] is wanted",
                                         flags.public_url));
        }
        config.settings.public_url = flags.public_url;
        if (config.settings.public_url.ends_with('/')) config.settings.public_url.pop_back();
    }
    config.settings.strict = flags.strict;
    config.settings.control_token = flags.control_token;
    demand_token(flags, "--http", config.http_host);
    if (config.https) demand_token(flags, "--https", config.https->first);
    if (config.proxy) demand_token(flags, "--proxy", config.proxy->first);
    return config;
}

/// Where in --config's file an option stands, by its name: "c.json:3: options.clock".
using Places = std::map<std::string, std::string>;

/// The same line; when it is about an option that the file decided, with its place in front.
std::string with_place(const std::string& problem, const Places& places) {
    const auto found = places.find(problem.substr(0, problem.find(' ')));
    return found == places.end() ? problem : fmt::format("{}: {}", found->second, problem);
}

/// All of a file, or why not.
Result<std::string, std::string> read_file(const std::filesystem::path& path,
                                           std::size_t bytes_max) {
    std::ifstream in(path, std::ios::binary);
    std::string text(bytes_max + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    const auto size = static_cast<std::size_t>(in.gcount());
    if (size == 0) return Failure{fmt::format("{} cannot be read, or is empty", path.string())};
    if (size > bytes_max)
        return Failure{fmt::format("{} has more than {} bytes", path.string(), bytes_max)};
    text.resize(size);
    return text;
}

/// The file's contents; what it says about options goes where neither the command line nor the
/// environment says otherwise. `places` gets where in the file those stand that it decided.
config::Contents read_config(CLI::App& app, const std::filesystem::path& path, Places& places) {
    const auto text = read_file(path, kConfigBytesMax);
    if (!text) throw UsageError("--config " + text.error());
    auto contents = config::parse(*text, [&](const std::string& named) {
        return read_file(path.parent_path() / named, kPemBytesMax);
    });
    if (!contents) throw UsageError(fmt::format("{}:{}", path.string(), contents.error()));
    const bool has_port = app.get_option("--port")->count() > 0;
    for (const auto& [name, values] : contents->options) {
        CLI::Option* const option = app.get_option("--" + name);
        if (option->count() > 0 || values.empty() || (name == "http" && has_port)) continue;
        for (const std::string& value : values) option->add_result(value);
        option->run_callback();
        places["--" + name] = fmt::format("{}:{}", path.string(), contents->places.at(name));
    }
    return std::move(*contents);
}

void apply(config::Contents contents, Config& config) {
    config.directory = std::move(contents.directory);
    if (contents.notify_waits) config.settings.notify_waits = *std::move(contents.notify_waits);
    config.settings.test_openids = std::move(contents.openids);
    config.faults = std::move(contents.faults);
}

void set_up_log(const ServeOptions& flags) {
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
        flags.no_color ? spdlog::color_mode::never : spdlog::color_mode::automatic);
    auto logger = std::make_shared<spdlog::logger>("wxpay-sandbox", std::move(sink));
    if (flags.log_format == "json") {
        logger->set_formatter(json_log_format());
    } else if (flags.log_format == "text") {
        logger->set_formatter(text_log_format());
    } else {
        throw UsageError(
            fmt::format("--log-format '{}': text or json is wanted", flags.log_format));
    }
    const auto level = spdlog::level::from_str(flags.log_level);
    if (level == spdlog::level::off) {
        throw UsageError(
            fmt::format("--log-level '{}': debug, info, warn or error is wanted", flags.log_level));
    }
    logger->set_level(flags.quiet ? spdlog::level::err : level);
    spdlog::set_default_logger(std::move(logger));
}

bool is_on(const std::vector<std::string_view>& line, std::string_view option) {
    return std::any_of(line.begin(), line.end(), [option](std::string_view word) {
        return word.substr(0, word.find('=')) == option;
    });
}

/// A variable of the caller's shell that is not set must not mean memory for --data, or no token.
void refuse_empty_values(const CLI::App& app) {
    for (const CLI::Option* const option : app.get_options()) {
        const auto& given = option->results();
        if (std::find(given.begin(), given.end(), std::string()) != given.end())
            throw UsageError(
                fmt::format("{} '': a value is wanted, or leave it out", option->get_name()));
    }
}

}  // namespace

void declare(CLI::App& app, ServeOptions& options) {
    const auto option = [&](const char* name, auto& value, const char* help) {
        return app.add_option(name, value, help)->envname(environment_name("WXPAY_SANDBOX_", name));
    };
    const auto flag = [&](const char* name, bool& value, const char* help) {
        app.add_flag(name, value, help)->envname(environment_name("WXPAY_SANDBOX_", name));
    };
    option("--http", options.http, "where to listen; port 0: any free one")
        ->type_name("HOST:PORT")
        ->capture_default_str();
    option("--port", options.port, "short for --http 127.0.0.1:N")->type_name("N");
    option("--https", options.https, "the same over TLS, with client certificates")
        ->type_name("HOST:PORT|off")
        ->default_str(options.https.empty() ? "off" : options.https);
    option("--proxy", options.proxy, "forward proxy that leads WeChat's hosts here, over TLS too")
        ->type_name("HOST:PORT|off")
        ->default_str(options.proxy.empty() ? "off" : options.proxy);
    flag("--proxy-pass", options.proxy_pass,
         options.proxy_pass
             ? "the proxy lets hosts through that are not WeChat's; with =false it refuses them"
             : "the proxy lets hosts through that are not WeChat's (default: it refuses them)");
    option("--data", options.data, "keep all state in DIR (default: in memory)")->type_name("DIR");
    option("--config", options.config,
           "JSON: merchants, schedule, test users (wxpay-sandbox config schema)")
        ->type_name("FILE");
    option("--seed", options.seed,
           "reproducible ids and nonces (default: the one of --data, or random; printed)")
        ->type_name("N");
    option("--clock", options.clock,
           "real, manual (moved by the control API) or xN (N times faster); default: real, or as "
           "it was left in --data")
        ->type_name("MODE");
    option("--start-time", options.start_time,
           "where a manual or scaled clock begins (default: now)")
        ->type_name("RFC3339");
    option("--wire-clock", options.wire_clock,
           "virtual: V3's timestamps, their five-minute check and latencies follow the sandbox's "
           "clock too")
        ->type_name("real|virtual")
        ->capture_default_str();
    option("--auto-pay", options.auto_pay,
           "pay each new order by itself: off, now, or after a duration")
        ->type_name("off|now|DURATION")
        ->capture_default_str();
    option("--notify-timeout", options.notify_timeout,
           "how long a merchant may take to answer a callback")
        ->type_name("DURATION")
        ->capture_default_str();
    option("--allow-notify", options.allow_notify,
           "a host outside loopback and private networks that callbacks may go to")
        ->type_name("HOST")
        ->delimiter(',');
    option("--public-url", options.public_url, "base of every address that the sandbox hands out")
        ->type_name("URL");
    flag("--strict", options.strict, "no hints in headers, unknown fields refused everywhere");
    option("--control-token", options.control_token,
           "bearer token of the control API; needed when not bound to loopback")
        ->type_name("TOKEN");
    option("--ready-file", options.ready_file,
           "JSON with pid and addresses, written when connections are accepted")
        ->type_name("FILE");
    option("--log-format", options.log_format, "text or json")
        ->type_name("FORMAT")
        ->capture_default_str();
    option("--log-level", options.log_level, "debug, info, warn or error")
        ->type_name("LEVEL")
        ->capture_default_str();
    flag("--quiet", options.quiet, "print nothing but errors");
    flag("--no-color", options.no_color, "no colours in the log");
}

Config parse(CLI::App& app, int argc, char** argv, ServeOptions& options) {
    app.parse(argc, argv);
    // The two name the same thing, and the command line wins over the environment.
    const std::vector<std::string_view> line(argv, argv + argc);
    if (is_on(line, "--http")) {
        if (is_on(line, "--port"))
            throw UsageError("--http and --port name the same thing: give one of them");
        options.port.clear();
    }
    refuse_empty_values(app);
    Places places;
    std::optional<config::Contents> contents;
    if (!options.config.empty()) contents = read_config(app, options.config, places);
    try {
        set_up_log(options);
        Config config = config_from(options);
        if (contents) apply(*std::move(contents), config);
        return config;
    } catch (const UsageError& problem) {
        throw UsageError(with_place(problem.what(), places));
    }
}

}  // namespace wxpay::sandbox::cli
