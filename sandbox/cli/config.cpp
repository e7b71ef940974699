#include "sandbox/cli/config.hpp"

#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandbox/cli/message_verb.hpp"
#include "sandbox/cli/options.hpp"
#include "sandbox/config/reader.hpp"

namespace wxpay::sandbox::cli {

int config_verb(int argc, char** argv) {
    CLI::App app{"The configuration file of serve --config.", "wxpay-sandbox config"};
    CLI::App* const schema = app.add_subcommand("schema", "print its JSON Schema");
    std::string output = "json";  // text or not, it is JSON
    add_output(*schema, output);
    app.require_subcommand(1);
    return run_verb(app, argc, argv, [] {
        fmt::print("{}", config::schema());
        return 0;
    });
}

}  // namespace wxpay::sandbox::cli
