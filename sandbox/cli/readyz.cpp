#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"

namespace wxpay::sandbox::cli {

int readyz(int argc, char** argv) {
    CLI::App app{"Says whether the server is ready. Status 1: not yet; 2: nobody answers.",
                 "wxpay-sandbox readyz"};
    ControlOptions control;
    declare(app, control);
    return run_control_verb(app, argc, argv, [&] {
        const ControlAnswer answer = ask(control, {.path = "/_sandbox/readyz"});
        if (!control.is_json()) {
            fmt::print("{}: version {}, clock {}, now {}\n", text_of(answer.json(), "status"),
                       text_of(answer.json(), "version"), text_of(answer.json(), "clock"),
                       text_of(answer.json(), "now"));
        }
        return 0;
    });
}

}  // namespace wxpay::sandbox::cli
