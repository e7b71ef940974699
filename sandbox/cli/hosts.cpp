#include "sandbox/cli/hosts.hpp"

#include <arpa/inet.h>
#include <array>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program/program.hpp"

#include "sandbox/certificates/listener.hpp"
#include "sandbox/cli/hermetic.hpp"
#include "sandbox/cli/message_verb.hpp"
#include "sandbox/cli/options.hpp"

namespace wxpay::sandbox::cli {
namespace {

bool is_address(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

}  // namespace

int hosts(int argc, char** argv) {
    CLI::App app{
        "Prints lines for /etc/hosts that lead WeChat's names to the sandbox. Clients call port "
        "443 there: serve --https 127.0.0.1:443.",
        "wxpay-sandbox hosts"};
    std::string address = "127.0.0.1";
    app.add_option("--address", address, "the sandbox's IP address")
        ->type_name("ADDRESS")
        ->capture_default_str();
    std::string output = "text";
    add_output(app, output);
    return run_verb(app, argc, argv, [&] {
        if (!is_address(address))
            throw UsageError(fmt::format("--address '{}': an IP address is wanted", address));
        if (output == "json") {
            print_json({{"address", address}, {"hosts", played_names()}});
        } else {
            fmt::print("{}", hosts_lines(address));
        }
        return 0;
    });
}

}  // namespace wxpay::sandbox::cli
