#include "sandbox/cli/verify.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandbox/cli/diagnose.hpp"
#include "sandbox/cli/message_verb.hpp"

namespace wxpay::sandbox::cli {
namespace {

int work(const MessageOptions& options) {
    const auto loaded = load(options, find_exchange(options));
    if (!loaded) return report_unreadable(options, loaded.error());
    const Diagnosed found = diagnose(options, *loaded);
    if (options.is_json()) {
        print_json(to_json(found));
    } else {
        fmt::print("{}: {}\n", found.result.right ? "right" : "wrong",
                   found.result.right ? found.what : found.result.hint);
    }
    return found.result.right ? 0 : 1;
}

}  // namespace

int verify(int argc, char** argv) {
    CLI::App app{"Checks the sign of a V2 message: a call, an answer or a callback.",
                 "wxpay-sandbox verify"};
    MessageOptions options;
    declare(app, options);
    return run_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
