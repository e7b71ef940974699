#include "sandbox/cli/options.hpp"

#include <CLI/CLI.hpp>

#include "core/program/program.hpp"

#include "sandbox/cli/running_server.hpp"

namespace wxpay::sandbox::cli {

CLI::Option* add_option(CLI::App& app, const char* name, std::string& value, const char* help) {
    return app.add_option(name, value, help)->envname(environment_name("WXPAY_SANDBOX_", name));
}

void add_output(CLI::App& app, std::string& output) {
    app.add_option("--output", output, "text or json")
        ->type_name("FORMAT")
        ->capture_default_str()
        ->check(CLI::IsMember({"text", "json"}));
}

void declare(CLI::App& app, RunningServer& server, const char* url_help) {
    add_option(app, "--url", server.url, url_help)->type_name("URL")->capture_default_str();
    add_option(app, "--control-token", server.control_token, "its token, when it wants one")
        ->type_name("TOKEN");
}

}  // namespace wxpay::sandbox::cli
