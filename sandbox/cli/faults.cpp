#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program/program.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"
#include "sandbox/cli/table.hpp"

namespace wxpay::sandbox::cli {
namespace {

const std::string kFaults = "/_sandbox/v1/faults";

struct Options {
    ControlOptions control;
    std::string mch_id;  ///< narrows a list; of a new fault: whose calls
    // Of a new fault.
    std::string json;
    std::string id;  ///< also which one to remove
    std::string on;
    std::string endpoint;
    std::string out_trade_no;
    std::string after;
    std::string every;
    std::string times;
    std::string probability;
    std::vector<std::string> actions;
};

/// Numbers, true, {"total_fee":1} as JSON; anything else is a text.
nlohmann::ordered_json value_of(const std::string& text) {
    auto json = nlohmann::ordered_json::parse(text, nullptr, false);
    return json.is_discarded() ? nlohmann::ordered_json(text) : json;
}

nlohmann::ordered_json fault_from(const Options& options) {
    auto fault = options.json.empty() ? nlohmann::ordered_json::object()
                                      : nlohmann::ordered_json::parse(options.json, nullptr, false);
    if (!fault.is_object()) {
        throw UsageError(R"(the fault is no JSON object; for example {"on":"api","do":{"delay":)"
                         R"("2s"}})");
    }
    const auto text = [&fault](const char* name, const std::string& given) {
        if (!given.empty()) fault[name] = given;
    };
    text("id", options.id);
    text("on", options.on);
    text("endpoint", options.endpoint);
    text("mch_id", options.mch_id);
    text("out_trade_no", options.out_trade_no);
    const auto number = [&fault](const char* name, const std::string& given) {
        if (!given.empty()) fault[name] = value_of(given);
    };
    number("after", options.after);
    number("every", options.every);
    number("times", options.times);
    number("probability", options.probability);
    for (const std::string& action : options.actions) {
        const std::size_t equals = action.find('=');
        fault["do"][action.substr(0, equals)] = equals == std::string::npos
                                                    ? nlohmann::ordered_json(true)
                                                    : value_of(action.substr(equals + 1));
    }
    return fault;
}

void print(const nlohmann::json& faults, const ControlOptions& control) {
    Table table({"id", "on", "endpoint", "mch_id", "out_trade_no", "after", "every", "times",
                 "probability", "do", "matched", "struck"});
    for (auto fault : faults) {
        fault["struck"] = fault["injected"];
        table.add_members(fault);
    }
    table.print(control.is_colorful());
}

int list(const Options& options) {
    const ControlAnswer answer =
        ask(options.control, {.path = kFaults, .query = query_of({{"mch_id", options.mch_id}})});
    if (!options.control.is_json()) print(answer.json()["faults"], options.control);
    return 0;
}

int add(const Options& options) {
    const ControlAnswer answer = ask(
        options.control, {.method = "POST", .path = kFaults, .body = to_body(fault_from(options))});
    if (!options.control.is_json()) print(nlohmann::json::array({answer.json()}), options.control);
    say_notes(options.control, answer);
    return 0;
}

/// One, or with an empty `id` all, or all of a merchant.
int remove(const Options& options, const std::string& id) {
    const ControlAnswer answer =
        ask(options.control, {.method = "DELETE",
                              .path = id.empty() ? kFaults : kFaults + "/" + id,
                              .query = id.empty() ? query_of({{"mch_id", options.mch_id}}) : ""});
    if (options.control.is_json()) return 0;
    if (id.empty()) {
        const std::string count = text_of(answer.json(), "deleted");
        fmt::print("removed: {} {}{}\n", count, count == "1" ? "fault" : "faults",
                   options.mch_id.empty() ? "" : " of " + options.mch_id);
    } else {
        fmt::print("removed: fault {}\n", id);
    }
    return 0;
}

}  // namespace

int faults(int argc, char** argv) {
    CLI::App app{"Lists the running server's faults; adds one, removes one or all.",
                 "wxpay-sandbox faults"};
    Options options;
    declare(app, options.control);
    app.add_option("--mch-id", options.mch_id, "only this merchant's; of a new fault: whose calls")
        ->type_name("ID");
    app.require_subcommand(0, 1);
    app.add_subcommand("list", "shows them");
    auto* const fresh = app.add_subcommand("add", "adds a fault, by JSON or by options");
    const auto option = [&](const char* name, std::string& value, const char* help) {
        return fresh->add_option(name, value, help);
    };
    option("fault", options.json, R"(for example {"on":"api","do":{"delay":"2s"}})")
        ->type_name("JSON");
    option("--id", options.id, "its name (default: a number)")->type_name("ID");
    option("--on", options.on, "api: calls, or notify: callbacks")->type_name("KIND");
    option("--endpoint", options.endpoint, "only this path")->type_name("PATH");
    option("--out-trade-no", options.out_trade_no, "only orders like this")->type_name("GLOB");
    option("--after", options.after, "not the first N")->type_name("N");
    option("--every", options.every, "every Nth from there on")->type_name("N");
    option("--times", options.times, "so often and no more")->type_name("N");
    option("--probability", options.probability, "0 to 1, by dice that the seed decides")
        ->type_name("P");
    fresh
        ->add_option("--do", options.actions,
                     "what happens, for example delay=2s, http_status=502, err_code=SYSTEMERROR, "
                     "drop=before, corrupt_sign")
        ->type_name("ACTION[=VALUE]")
        ->allow_extra_args(false);
    auto* const gone = app.add_subcommand("rm", "removes one");
    gone->add_option("id", options.id, "its id")->type_name("ID")->required();
    auto* const clear = app.add_subcommand("clear", "removes all");
    return run_control_verb(app, argc, argv, [&] {
        if (fresh->parsed()) return add(options);
        if (gone->parsed()) return remove(options, options.id);
        return clear->parsed() ? remove(options, {}) : list(options);
    });
}

}  // namespace wxpay::sandbox::cli
