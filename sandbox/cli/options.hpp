#pragma once

#include <string>

namespace CLI {
class App;
class Option;
class ParseError;
}  // namespace CLI

namespace wxpay::sandbox::cli {

struct RunningServer;

/// An option that also reads WXPAY_SANDBOX_<NAME> from the environment.
CLI::Option* add_option(CLI::App& app, const char* name, std::string& value, const char* help);

/// What is wrong with the command line, for people: of an unknown option also which one is near.
std::string why_not_parsed(const CLI::App& app, const CLI::ParseError& problem);

/// --output text|json; what `output` holds is the default.
void add_output(CLI::App& app, std::string& output);

/// --url, which is described by `url_help`, and --control-token.
void declare(CLI::App& app, RunningServer& server, const char* url_help);

}  // namespace wxpay::sandbox::cli
