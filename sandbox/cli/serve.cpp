#include "sandbox/cli/serve.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"
#include "core/program/open_files.hpp"
#include "core/program/program.hpp"
#include "core/program/say.hpp"

#include "sandbox/cli/cli.hpp"
#include "sandbox/cli/options.hpp"
#include "sandbox/cli/serve_options.hpp"
#include "sandbox/cli/started_server.hpp"
#include "sandbox/version.hpp"

namespace wxpay::sandbox::cli {
namespace {

/// "1900000120 and 1900000121 of the configuration", or how many; empty when there are none.
std::string configured_merchants(const Directory& directory) {
    constexpr std::size_t kShownMax = 3;
    std::vector<std::string> numbers;
    for (const Merchant* const merchant : directory.merchants())
        if (merchant->origin == MerchantOrigin::config) numbers.push_back(merchant->mch_id.str());
    if (numbers.empty()) return {};
    const std::string which = numbers.size() > kShownMax
                                  ? fmt::format("{} merchants", numbers.size())
                                  : fmt::format("{}", fmt::join(numbers, ", "));
    return fmt::format("            {} of the configuration, with the keys given there\n", which);
}

/// The demo merchant, unless the configuration has one of that number.
std::string demo_line(const Directory& directory) {
    const Merchant& demo = *directory.merchants().front();
    const bool is_shipped = demo.origin == MerchantOrigin::demo;
    return fmt::format("mch_id {}{}{}", demo.mch_id.str(),
                       demo.appids.empty() ? "" : ", appid " + demo.appids.front().str(),
                       is_shipped ? "; its API key is in the README" : "");
}

void greet(Server& server, const Config& config) {
    const std::string url = server.base_url();
    const std::string listens = http_url(config.http_host, server.port());
    const char* const token =
        config.settings.control_token.empty() ? "" : "-H 'Authorization: Bearer TOKEN' ";
    const CertificateFiles* const files = server.certificate_files();
    const bool tls = !server.https_url().empty();
    fmt::print(stderr,
               "wxpay-sandbox {} listens on {}\n"
               "  merchant  {}\n"
               "{}"
               "  clock     {}, now {}\n"
               "  seed      {}\n"
               "  state     {}\n"
               "{}{}"
               "Point your merchant's base url at {}, then: curl {}{}/_sandbox/v1/orders\n",
               kVersion, tls ? listens + " and " + server.https_url() : listens,
               demo_line(config.directory), configured_merchants(config.directory),
               server.context().clock.mode().str(), format_rfc3339(server.context().clock.now()),
               server.seed(),
               config.data ? config.data->string() : "in memory, gone when this process ends",
               !files ? ""
               : tls  ? fmt::format("  CA        {}; client certificates lie beside it\n",
                                    files->ca.string())
                      : fmt::format("  keys      {}: certificates for API V3\n",
                                    files->ca.parent_path().string()),
               server.proxy_url().empty()
                   ? ""
                   : fmt::format("  proxy     HTTPS_PROXY={} leads WeChat's hosts here\n",
                                 server.proxy_url()),
               url, token, url);
}

int run(const ServeOptions& options, const Config& config) {
    const StopSignal stop_signal;
    raise_open_files();
    StartedServer server(options, config);
    if (options.log_format == "json") {
        log_start(*server, config);
    } else if (!options.quiet) {
        greet(*server, config);
    }
    stop_signal.wait();
    server->stop();
    return 0;
}

}  // namespace

int serve(int argc, char** argv) {
    CLI::App app{"A local WeChat Pay for tests, offline and in CI.", "wxpay-sandbox [serve]"};
    app.set_version_flag("--version", "wxpay-sandbox " + std::string(kVersion));
    app.footer(list_of_verbs());
    ServeOptions options;
    declare(app, options);
    try {
        const Config config = parse(app, argc, argv, options);
        return run(options, config);
    } catch (const CLI::Success& wanted) {
        return app.exit(wanted);
    } catch (const CLI::ParseError& problem) {
        say("wxpay-sandbox: {}; see wxpay-sandbox --help\n", why_not_parsed(app, problem));
    } catch (const std::exception& problem) {
        say("wxpay-sandbox: {}\n", problem.what());
    }
    return kExitUsage;
}

}  // namespace wxpay::sandbox::cli
