#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"

namespace wxpay::sandbox::cli {

int reset(int argc, char** argv) {
    CLI::App app{"Makes the running server forget orders, callbacks, faults and exchanges.",
                 "wxpay-sandbox reset"};
    ControlOptions control;
    std::string mch_id;
    app.add_option("--mch-id", mch_id, "only this merchant's")->type_name("ID");
    declare(app, control);
    return run_control_verb(app, argc, argv, [&] {
        ask(control, {.method = "POST",
                      .path = "/_sandbox/v1/reset",
                      .query = query_of({{"mch_id", mch_id}})});
        if (!control.is_json()) {
            fmt::print("forgotten: {}\n",
                       mch_id.empty() ? "everything" : "everything of " + mch_id);
        }
        return 0;
    });
}

}  // namespace wxpay::sandbox::cli
