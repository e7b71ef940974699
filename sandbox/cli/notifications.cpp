#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"
#include "sandbox/cli/table.hpp"

namespace wxpay::sandbox::cli {
namespace {

struct Options {
    ControlOptions control;
    ListOptions list;
    std::string id;  ///< of the one that is shown or sent again
};

int list(const Options& options) {
    const ControlAnswer answer = ask(
        options.control, {.path = "/_sandbox/v1/notifications", .query = query_of(options.list)});
    if (options.control.is_json()) return 0;
    Table table(
        {"id", "kind", "order", "state", "attempts", "verdict", "next_at", "url", "reason"});
    for (const auto& each : answer.json()["notifications"]) {
        const auto& attempts = each["attempts"];
        const nlohmann::json last = attempts.empty() ? nlohmann::json::object() : attempts.back();
        table.add({text_of(each, "id"), text_of(each, "kind"),
                   text_of(each, "mch_id") + ":" + text_of(each, "out_trade_no"),
                   text_of(each, "state"), std::to_string(attempts.size()),
                   text_of(last, "verdict"), text_of(each, "next_at"), text_of(each, "url"),
                   text_of(last, "reason")});
    }
    table.print(options.control.is_colorful());
    print_next_page(answer.json());
    return 0;
}

int show(const Options& options) {
    return show_record(options.control,
                       ask(options.control, {.path = "/_sandbox/v1/notifications/" + options.id}));
}

int resend(const Options& options) {
    return report_attempt(
        options.control,
        ask(options.control,
            {.method = "POST", .path = "/_sandbox/v1/notifications/" + options.id + "/resend"}));
}

}  // namespace

int notifications(int argc, char** argv) {
    CLI::App app{
        "Lists the running server's callbacks, newest first; shows one, or sends it again.",
        "wxpay-sandbox notifications"};
    Options options;
    declare(app, options.control);
    declare(app, options.list, "only of this order", "pending, delivered or exhausted");
    app.add_option("id", options.id, "the number of one: shows it as `show` does")
        ->type_name("ID")
        ->check([](const std::string& word) -> std::string {
            if (word.find_first_not_of("0123456789") == std::string::npos) return {};
            return fmt::format("'{}' is neither a number nor show or resend", word);
        });
    app.require_subcommand(0, 1);
    auto* const one = app.add_subcommand("show", "one callback with all its attempts");
    auto* const again = app.add_subcommand(
        "resend", "delivers it once more, now; status 1 when it is not delivered");
    for (auto* const each : {one, again})
        each->add_option("id", options.id, "its number")->type_name("ID")->required();
    return run_control_verb(app, argc, argv, [&] {
        if (again->parsed()) return resend(options);
        return options.id.empty() ? list(options) : show(options);
    });
}

}  // namespace wxpay::sandbox::cli
