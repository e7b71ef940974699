#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program/program.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"

namespace wxpay::sandbox::cli {
namespace {

struct Options {
    ControlOptions control;
    std::string event;
    std::string api = "v2";
    std::string notify_url;
    std::string mch_id;
    std::vector<std::string> overrides;
    std::vector<std::string> removed;
};

int work(const Options& options) {
    nlohmann::ordered_json body{{"event", options.event}, {"notify_url", options.notify_url}};
    if (options.api != "v2") body["api"] = options.api;
    if (!options.mch_id.empty()) body["mch_id"] = options.mch_id;
    for (const std::string& each : options.overrides) {
        const std::size_t equals = each.find('=');
        if (equals == 0 || equals == std::string::npos) {
            throw UsageError(fmt::format(
                "--override '{}': FIELD=VALUE is wanted, for example total_fee=1", each));
        }
        body["override"][each.substr(0, equals)] = each.substr(equals + 1);
    }
    for (const std::string& each : options.removed) body["override"][each] = nullptr;
    return report_attempt(options.control, ask(options.control, {.method = "POST",
                                                                 .path = "/_sandbox/v1/trigger",
                                                                 .body = to_body(body)}));
}

}  // namespace

int trigger(int argc, char** argv) {
    CLI::App app{
        "Sends one signed callback for an order that is made up. Status 1 when it is not "
        "delivered.",
        "wxpay-sandbox trigger"};
    Options options;
    app.add_option("event", options.event, "payment or refund")->type_name("EVENT")->required();
    app.add_option("--api", options.api,
                   "v2, or v3: overrides then name what is sealed, amount.total=1, or a member of "
                   "the envelope, event_type=REFUND.ABNORMAL")
        ->type_name("VERSION")
        ->capture_default_str()
        ->check(CLI::IsMember({"v2", "v3"}));
    app.add_option("--notify-url", options.notify_url, "where it goes")
        ->type_name("URL")
        ->required();
    app.add_option("--override", options.overrides,
                   "a field of the message says this instead, and is signed; repeatable")
        ->type_name("FIELD=VALUE")
        ->allow_extra_args(false);
    app.add_option("--without", options.removed, "the message lacks this field; repeatable")
        ->type_name("FIELD")
        ->allow_extra_args(false);
    app.add_option("--mch-id", options.mch_id, "whose key signs (default: the demo merchant's)")
        ->type_name("ID");
    declare(app, options.control);
    return run_control_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
