#include "sandbox/cli/serve.hpp"

#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"
#include "core/program/open_files.hpp"
#include "core/program/program.hpp"
#include "core/program/say.hpp"

#include "sandbox/cli/cli.hpp"
#include "sandbox/cli/serve_options.hpp"
#include "sandbox/cli/started_server.hpp"
#include "sandbox/version.hpp"

namespace wxpay::sandbox::cli {
namespace {

void greet(Server& server, const Config& config) {
    const std::string url = server.base_url();
    const std::string listens = http_url(config.http_host, server.port());
    const Merchant& demo = *config.directory.merchants().front();
    const CertificateFiles* const files = server.certificate_files();
    const bool tls = !server.https_url().empty();
    fmt::print(stderr,
               "wxpay-sandbox {} listens on {}\n"
               "  merchant  mch_id {}, appid {}; its API key is in the README\n"
               "  clock     {}, now {}\n"
               "  seed      {}\n"
               "  state     {}\n"
               "{}{}"
               "Point your merchant's base url at {}, then: curl {}/_sandbox/v1/orders\n",
               kVersion, tls ? listens + " and " + server.https_url() : listens, demo.mch_id.str(),
               demo.appids.front().str(), server.context().clock.mode().str(),
               format_rfc3339(server.context().clock.now()), config.seed,
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
               url, url);
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
        say("wxpay-sandbox: {}; see wxpay-sandbox --help\n", problem.what());
    } catch (const std::exception& problem) {
        say("wxpay-sandbox: {}\n", problem.what());
    }
    return kExitUsage;
}

}  // namespace wxpay::sandbox::cli
