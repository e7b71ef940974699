#include "sandbox/cli/run.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/duration.hpp"
#include "core/program/open_files.hpp"
#include "core/program/program.hpp"
#include "core/program/say.hpp"

#include "sandbox/certificates/trust_files.hpp"
#include "sandbox/cli/child.hpp"
#include "sandbox/cli/hermetic.hpp"
#include "sandbox/cli/message_verb.hpp"
#include "sandbox/cli/options.hpp"
#include "sandbox/cli/report_file.hpp"
#include "sandbox/cli/serve_options.hpp"
#include "sandbox/cli/shop_environment.hpp"
#include "sandbox/cli/started_server.hpp"
#include "sandbox/timers/scheduler.hpp"
#include "sandbox/verdict/report.hpp"

namespace wxpay::sandbox::cli {
namespace {

constexpr int kExitVerdict = 1;
constexpr const char* kAnyPort = "127.0.0.1:0";
/// How long callbacks that are under way may take once the command has ended; nobody waits for a
/// retry.
constexpr std::chrono::seconds kSettle{1};

/// The options as they were typed.
struct Options {
    ServeOptions serve;
    std::vector<std::string> reports;
    std::string fail_on;
    std::string mch_id = "1900000109";
    std::string grace = "10s";
    bool hermetic = false;
};

/// What they mean.
struct Plan {
    std::vector<std::string> command;
    std::string mch_id;
    FailOn fail_on;
    FailOn shown_as_failure;  // in JUnit's format, whose readers have a status of their own
    std::vector<ReportFile> reports;
    bool speaks;  ///< lines for people on stderr
    bool colours;
};

void declare(CLI::App& app, Options& options) {
    // Nobody types an address: any number of runs go side by side.
    options.serve.http = kAnyPort;
    options.serve.https = kAnyPort;
    options.serve.proxy = kAnyPort;
    // A build that fetches what it needs goes on as without us.
    options.serve.proxy_pass = true;
    options.serve.log_level = "warn";
    declare(app, options.serve);
    const auto option = [&](const char* name, auto& value, const char* help) {
        return app.add_option(name, value, help)->envname(environment_name("WXPAY_SANDBOX_", name));
    };
    option("--report", options.reports, "write the report of the run: junit:FILE or json:FILE")
        ->type_name("FORMAT:FILE");
    option("--fail-on", options.fail_on,
           "exit with 1 when the command was good and the report has such findings")
        ->type_name("error|warning|never")
        ->default_str("never");
    option("--grace", options.grace, "how long who was told to end may take before it is killed")
        ->type_name("DURATION")
        ->capture_default_str();
    app.add_flag(
           "--hermetic", options.hermetic,
           "CMD in a network of its own, where WeChat's names are the server and nothing else "
           "is reachable; by the proxy where the system does not allow it")
        ->envname("WXPAY_SANDBOX_HERMETIC");
    // Not from the environment: there it is what a run around this one has chosen.
    app.add_option("--mch-id", options.mch_id, "the merchant that the command is")
        ->type_name("ID")
        ->capture_default_str();
}

Millis grace_from(const Options& options) {
    const auto grace = parse_duration(options.grace);
    if (!grace)
        throw UsageError(fmt::format("--grace '{}': a duration like 10s is wanted ({})",
                                     options.grace, kDurationForm));
    return *grace;
}

Plan plan_from(const Options& options, std::vector<std::string> command) {
    if (command.empty()) throw UsageError("no command: wxpay-sandbox run [options] -- CMD…");
    const auto fail_on = options.fail_on.empty() ? FailOn::never : parse_fail_on(options.fail_on);
    if (!fail_on) {
        throw UsageError(
            fmt::format("--fail-on '{}': error, warning or never is wanted", options.fail_on));
    }
    const bool speaks = !options.serve.quiet && options.serve.log_format == "text";
    return {std::move(command),
            options.mch_id,
            *fail_on,
            options.fail_on.empty() ? FailOn::error : *fail_on,
            report_files(options.reports),
            speaks,
            !options.serve.no_color && ::isatty(STDERR_FILENO) == 1};
}

ShopEnvironment environment_of(Server& server, const Config& config, const std::string& mch_id) {
    const std::string url = http_url(reachable(config.http_host), server.port());
    auto shop =
        shop_environment({url, config.settings.control_token}, mch_id, environment_variable);
    if (!shop) throw UsageError(shop.error().detail);
    return *std::move(shop);
}

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;

/// Goes where nothing but this machine is, when the system allows it. Whether it did. Before there
/// is a second thread.
bool enter(const Options& options, Config& config) {
    if (!options.hermetic) return false;
    const ServeOptions& serve = options.serve;
    for (const auto& [name, is_chosen] :
         {std::pair("--http", serve.http != kAnyPort), std::pair("--port", !serve.port.empty()),
          std::pair("--https", serve.https != kAnyPort),
          std::pair("--proxy", serve.proxy != kAnyPort)}) {
        if (is_chosen) {
            throw UsageError(fmt::format(
                "--hermetic and {}: in a network of its own the server is where WeChat is, at "
                "ports 443 and 80; leave {} out",
                name, name));
        }
    }
    if (const std::string why = why_not_hermetic(); !why.empty()) {
        say("wxpay-sandbox run: not hermetic, the proxy is used: {}\n", why);
        return false;
    }
    enter_hermetic();
    // All of its ports are free, and clients call those.
    config.http_port = kHttpPort;
    config.https = {"127.0.0.1", kHttpsPort};
    config.proxy.reset();
    return true;
}

/// Makes the command's view of the files trust the server, and its clients call it themselves.
void finish_hermetic(Server& server, ShopEnvironment& shop) {
    const CertificateFiles* const files = server.certificate_files();
    if (files != nullptr && files->trust) {
        std::ifstream in(files->trust->bundle, std::ios::binary);
        trust_only({std::istreambuf_iterator<char>(in), {}});
    }
    std::vector<const char*> names(kProxyVariables.begin(), kProxyVariables.end());
    names.insert(names.end(), {"ALL_PROXY", "all_proxy"});
    for (const char* const name : names) {
        // To clients an empty one is none.
        if (!environment_variable(name).empty()) shop.variables.emplace_back(name, "");
    }
    for (auto& [name, value] : shop.variables) {
        if (name == "JAVA_TOOL_OPTIONS" && value.find("proxyHost=") != std::string::npos)
            value += " -Dhttps.proxyHost= -Dhttp.proxyHost=";
    }
    // What looks names up for others does it outside.
    hide_name_services();
}

std::string without_scheme(const std::string& url) { return url.substr(url.find("://") + 3); }

void greet(Server& server, const ShopEnvironment& shop, bool hermetic) {
    std::string line = fmt::format("wxpay-sandbox  up{}, http {}", hermetic ? ", hermetic" : "",
                                   without_scheme(server.base_url()));
    if (!server.https_url().empty())
        line += fmt::format(", https {}", without_scheme(server.https_url()));
    if (!server.proxy_url().empty())
        line += fmt::format(", proxy {}", without_scheme(server.proxy_url()));
    line += fmt::format(", seed {}", server.seed());
    if (!shop.clients.empty())
        line += fmt::format(", CA trusted for: {}", fmt::join(shop.clients, " "));
    say("{}\n", line);
    for (const std::string& warning : shop.warnings) say("wxpay-sandbox  {}\n", warning);
}

/// Callbacks that are due or under way come to their end, if it is soon.
void settle(Context& context) {
    const auto idle = std::make_shared<std::promise<void>>();
    const auto soon = idle->get_future();
    context.scheduler.advance(context.clock.now(),
                              [idle](const Scheduler::Advanced&) { idle->set_value(); });
    soon.wait_for(kSettle);
}

/// The command from its start to the end of all that it has started; its status.
int carry_out(Child& child, const Plan& plan, const ShopEnvironment& shop, Context& context) {
    if (const auto started = child.start(plan.command, shop); !started) {
        say("wxpay-sandbox run: {}\n", started.error().reason);
        return started.error().status;
    }
    const int status = child.wait();
    // A shop that the command has left in the background still hears of what was paid.
    if (!child.is_told_to_end()) settle(context);
    child.end_rest();
    return status;
}

/// Tells what has happened, to files first: whoever reads stderr may be gone. Whether all could be
/// told, and the verdict is good.
bool tell(Context& context, const Plan& plan) {
    const Report report = make_report(context);
    bool told = true;
    std::string written;
    for (const ReportFile& file : plan.reports) {
        try {
            write(file, report, plan.shown_as_failure);
            written += fmt::format("  report  {}\n", file.str());
        } catch (const std::exception& problem) {
            say("wxpay-sandbox run: {}\n", problem.what());
            told = false;
        }
    }
    if (plan.speaks) {
        // Nobody can ask the server for more: it is gone with us.
        say("wxpay-sandbox  {}", report_text(report, plan.colours, false));
        say("{}", written);
    }
    return told && !fails(report, plan.fail_on);
}

int run(CLI::App& app, int argc, char** argv, Options& options, std::vector<std::string> command) {
    Config config = parse(app, argc, argv, options.serve);
    const bool hermetic = enter(options, config);
    Child child(grace_from(options), raise_open_files());
    const Plan plan = plan_from(options, std::move(command));
    StartedServer server(options.serve, config);
    ShopEnvironment shop = environment_of(*server, config, plan.mch_id);
    if (hermetic) finish_hermetic(*server, shop);
    if (plan.speaks) greet(*server, shop, hermetic);
    if (options.serve.log_format == "json") log_start(*server, config);
    const int status = carry_out(child, plan, shop, server->context());
    bool is_good = false;
    try {
        is_good = tell(server->context(), plan);
    } catch (const std::exception& problem) {
        say("wxpay-sandbox run: {}\n", problem.what());
    }
    server->stop();
    child.share_end();
    return status != 0 || is_good ? status : kExitVerdict;
}

}  // namespace

int run_command(int argc, char** argv) {
    CLI::App app{
        "Starts a server on free ports, runs CMD with an environment that leads it there, and\n"
        "exits with CMD's status.\n"
        "Usage: wxpay-sandbox run [options] -- CMD…",
        "wxpay-sandbox run"};
    Options options;
    declare(app, options);
    // What follows is the command's, whatever it looks like.
    const auto dashes = std::find(argv, argv + argc, std::string_view("--"));
    std::vector<std::string> command;
    const bool command_given = dashes != argv + argc;
    if (command_given) command.assign(dashes + 1, argv + argc);
    const int own = static_cast<int>(dashes - argv);
    try {
        return run(app, own, argv, options, std::move(command));
    } catch (const CLI::Success& wanted) {
        return app.exit(wanted);
    } catch (const CLI::ExtrasError& problem) {
        // What is typed most often: the command without "--". Values of options are none.
        const std::string word = app.remaining().front();
        const auto first = std::find(argv + 1, argv + own, word);
        if (command_given || word.starts_with('-') || first == argv + own) {
            say("wxpay-sandbox run: {}; see wxpay-sandbox run --help\n",
                why_not_parsed(app, problem));
        } else {
            std::vector<std::string> line(argv + 1, first);
            line.emplace_back("--");
            line.insert(line.end(), first, argv + own);
            say("wxpay-sandbox run: put -- before the command: wxpay-sandbox run {}\n",
                fmt::join(line, " "));
        }
    } catch (const CLI::ParseError& problem) {
        say("wxpay-sandbox run: {}; see wxpay-sandbox run --help\n", problem.what());
    } catch (const std::exception& problem) {
        say("wxpay-sandbox run: {}\n", problem.what());
    }
    return kExitUsage;
}

}  // namespace wxpay::sandbox::cli
