#pragma once

#include <string>
#include <vector>

#include "sandbox/server.hpp"

namespace CLI {
class App;
}

namespace wxpay::sandbox::cli {

/// The options of a server as they were typed: those of serve, and of run.
struct ServeOptions {
    std::string http = "127.0.0.1:12180";
    std::string port;
    std::string https;
    std::string proxy;
    bool proxy_pass = false;
    std::string data;
    std::string config;
    std::string seed;
    std::string clock;  ///< empty: as it was kept in `data`, or real
    std::string start_time;
    std::string auto_pay = "off";
    std::string notify_timeout = "5s";
    std::string wire_clock = "real";
    std::vector<std::string> allow_notify;
    std::string public_url;
    bool strict = false;
    std::string control_token;
    std::string ready_file;
    std::string log_format = "text";
    std::string log_level = "info";
    bool quiet = false;
    bool no_color = false;
};

/// Each also reads WXPAY_SANDBOX_<NAME> from the environment. What `options` holds is the default.
void declare(CLI::App& app, ServeOptions& options);

/// Parses the command line, reads --config's file, which speaks where neither the line nor the
/// environment does, and sets up the log. Returns what the server is to be told. Throws UsageError,
/// and what CLI::App::parse() throws.
Config parse(CLI::App& app, int argc, char** argv, ServeOptions& options);

}  // namespace wxpay::sandbox::cli
