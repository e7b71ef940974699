#include "sandbox/cli/cli.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/program/program.hpp"
#include "core/program/say.hpp"

#include "sandbox/cli/config.hpp"
#include "sandbox/cli/control_verbs.hpp"
#include "sandbox/cli/env.hpp"
#include "sandbox/cli/explain.hpp"
#include "sandbox/cli/hosts.hpp"
#include "sandbox/cli/run.hpp"
#include "sandbox/cli/serve.hpp"
#include "sandbox/cli/sign.hpp"
#include "sandbox/cli/verify.hpp"
#include "sandbox/diagnosis/nearest.hpp"

namespace wxpay::sandbox::cli {
namespace {

// "serve" is the default.
constexpr Verb kVerbs[] = {
    {"config", "print the schema of --config's file", config_verb},
    {"clock", "show business time, move it, change how it moves", clock},
    {"env", "print the environment of a shop that uses the running server", env},
    {"explain", "say what is wrong with a message, or with an exchange that the server saw",
     explain},
    {"faults", "list, add and remove faults", faults},
    {"hosts", "print lines for /etc/hosts that lead WeChat's names here", hosts},
    {"logs", "what went over the wire; -f goes on with what comes", logs},
    {"notifications", "list callbacks, send one again", notifications},
    {"orders", "list orders, show one", orders},
    {"pay", "let the user pay an order, or a new one", pay},
    {"readyz", "say whether the server is ready", readyz},
    {"report", "the verdict on the traffic so far, also as JUnit XML", report},
    {"reset", "forget orders, callbacks, faults and exchanges", reset},
    {"run", "run a command with a server of its own, and an environment that leads there",
     run_command},
    {"sign", "sign a message", sign},
    {"trigger", "send one signed callback without an order", trigger},
    {"verify", "check a message's sign", verify},
    {"wait", "wait until an order is paid, notified, refunded or closed", wait},
};

int refuse(std::string_view word) {
    std::vector<std::string_view> known{"serve"};
    for (const Verb& verb : kVerbs) known.emplace_back(verb.name);
    const std::string_view meant = diagnosis::nearest(word, known);
    say("wxpay-sandbox: there is no verb '{}'; {}see wxpay-sandbox --help\n", word,
        meant.empty() ? "" : fmt::format("did you mean '{}'? Else ", meant));
    return kExitUsage;
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

std::string list_of_verbs() {
    std::string out = "Other verbs, each with a --help of its own:";
    for (const Verb& verb : kVerbs) out += fmt::format("\n  {:<13} {}", verb.name, verb.summary);
    return out;
}

int run(int argc, char** argv) {
    if (argc > 1) {
        const auto all = verbs();
        const auto found = std::find_if(all.begin(), all.end(), [name = argv[1]](const Verb& verb) {
            return verb.name == name;
        });
        if (found != all.end()) return found->run(argc - 1, argv + 1);
        if (std::string_view(argv[1]) == "serve") return serve(argc - 1, argv + 1);
        if (!std::string_view(argv[1]).starts_with('-')) return refuse(argv[1]);
    }
    return serve(argc, argv);
}

}  // namespace wxpay::sandbox::cli
