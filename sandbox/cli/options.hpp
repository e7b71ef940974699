#pragma once

#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace wxpay::sandbox::cli {

struct RunningServer;

/// An option that also reads WXPAY_SANDBOX_<NAME> from the environment.
CLI::Option* add_option(CLI::App& app, const char* name, std::string& value, const char* help);

/// --output text|json; what `output` holds is the default.
void add_output(CLI::App& app, std::string& output);

/// --url, which is described by `url_help`, and --control-token.
void declare(CLI::App& app, RunningServer& server, const char* url_help);

}  // namespace wxpay::sandbox::cli
