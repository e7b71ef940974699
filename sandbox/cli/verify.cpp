#include "sandbox/cli/verify.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/diagnose.hpp"
#include "sandbox/cli/message_verb.hpp"

namespace wxpay::sandbox::cli {
namespace {

int work(const MessageOptions& options) {
    const auto exchange = find_exchange(options);
    const auto found =
        exchange ? diagnose(options, *exchange) : diagnose(options, read_input(options.source));
    if (!found) return report_unreadable(options, found.error());
    if (options.is_json()) {
        print_json(to_json(*found));
    } else {
        fmt::print("{}: {}\n", found->right ? "right" : "wrong",
                   found->right ? found->what : found->hint);
    }
    return found->right ? 0 : 1;
}

}  // namespace

int verify(int argc, char** argv) {
    CLI::App app{
        "Checks the signature of a message, a call, an answer or a callback: V2's XML, or V3's "
        "whole HTTP message.",
        "wxpay-sandbox verify"};
    MessageOptions options;
    declare(app, options);
    return run_control_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
