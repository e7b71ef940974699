#include "sandbox/cli/options.hpp"

#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/program/program.hpp"

#include "sandbox/cli/running_server.hpp"
#include "sandbox/diagnosis/nearest.hpp"

namespace wxpay::sandbox::cli {

CLI::Option* add_option(CLI::App& app, const char* name, std::string& value, const char* help) {
    return app.add_option(name, value, help)->envname(environment_name("WXPAY_SANDBOX_", name));
}

std::string why_not_parsed(const CLI::App& app, const CLI::ParseError& problem) {
    if (dynamic_cast<const CLI::ExtrasError*>(&problem) == nullptr) return problem.what();
    const auto extras = app.remaining(true);
    if (extras.empty() || !extras.front().starts_with("--")) return problem.what();
    const std::string given = extras.front().substr(0, extras.front().find('='));
    std::vector<const CLI::App*> takers{&app};
    for (const CLI::App* const verb : app.get_subcommands()) takers.push_back(verb);
    std::vector<std::string> names;
    for (const CLI::App* const taker : takers)
        for (const CLI::Option* const option : taker->get_options())
            for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view meant = diagnosis::nearest(given, known);
    return fmt::format("unknown option {}{}", given,
                       meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
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
