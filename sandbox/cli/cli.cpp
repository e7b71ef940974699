#include "sandbox/cli/cli.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "sandbox/cli/config.hpp"
#include "sandbox/cli/env.hpp"
#include "sandbox/cli/explain.hpp"
#include "sandbox/cli/serve.hpp"
#include "sandbox/cli/sign.hpp"
#include "sandbox/cli/verify.hpp"

namespace wxpay::sandbox::cli {
namespace {

// "serve" is the default.
constexpr Verb kVerbs[] = {
    {"config", "print the schema of --config's file", config_verb},
    {"env", "print the environment of a shop that uses the running server", env},
    {"explain", "say what is wrong with a message, or with an exchange that the server saw",
     explain},
    {"sign", "sign a message", sign},
    {"verify", "check a message's sign", verify},
};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

std::string list_of_verbs() {
    std::string out = "Other verbs, each with a --help of its own:";
    for (const Verb& verb : kVerbs) out += fmt::format("\n  {:<10} {}", verb.name, verb.summary);
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
    }
    return serve(argc, argv);
}

}  // namespace wxpay::sandbox::cli
