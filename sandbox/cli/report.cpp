#include "sandbox/verdict/report.hpp"

#include <charconv>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program/program.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"
#include "sandbox/cli/message_verb.hpp"
#include "sandbox/cli/table.hpp"
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::cli {
namespace {

struct Options {
    ControlOptions control;
    std::string format = "text";
    std::string fail_on = "error";
    std::string mch_id;
    bool lists_rules = false;
};

int print_rules(const ControlOptions& control) {
    if (control.is_json()) {
        auto out = nlohmann::ordered_json::array();
        for (const verdict::Rule& rule : verdict_rules()) {
            out.push_back({{"id", rule.id},
                           {"severity", wire_name(rule.severity)},
                           {"meaning", rule.meaning},
                           {"source", rule.source}});
        }
        print_json({{"rules", std::move(out)}});
        return 0;
    }
    Table table({"rule", "severity", "meaning", "source"});
    for (const verdict::Rule& rule : verdict_rules()) {
        table.add({std::string(rule.id), std::string(wire_name(rule.severity)),
                   std::string(rule.meaning), std::string(rule.source)});
    }
    table.print(control.is_colorful());
    return 0;
}

std::size_t number_in(const http::Response& response, std::string_view header) {
    const std::string_view text = response.headers.get(header);
    std::size_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

int work(const Options& options) {
    if (options.lists_rules) return print_rules(options.control);
    const std::string format = options.control.is_json() ? "json" : options.format;
    http::Request request;
    request.path = "/_sandbox/v1/report";
    request.query =
        query_of({{"format", format},
                  {"fail_on", options.fail_on},
                  {"mch_id", options.mch_id},
                  {"color", format == "text" && options.control.is_colorful() ? "true" : ""}});
    const auto response = options.control.server.send(request, ControlCall{}.timeout);
    if (!response) throw UsageError(response.error().detail);
    const std::size_t errors = number_in(*response, "Wxpay-Sandbox-Errors");
    const std::size_t warnings = number_in(*response, "Wxpay-Sandbox-Warnings");
    const ControlAnswer answer = accept(options.control, *response);
    if (!options.control.is_json())
        fmt::print("{}{}", answer.text, answer.text.ends_with('\n') ? "" : "\n");
    return fails(errors, warnings, *parse_fail_on(options.fail_on)) ? 1 : 0;
}

}  // namespace

int report(int argc, char** argv) {
    CLI::App app{
        "The verdict on what the running server has seen: would this merchant pass the check "
        "before it goes live? Status 1 when not.",
        "wxpay-sandbox report"};
    Options options;
    app.add_option("--format", options.format, "text, json or junit")
        ->type_name("FORMAT")
        ->capture_default_str()
        ->check(CLI::IsMember({"text", "json", "junit"}));
    app.add_option("--fail-on", options.fail_on,
                   "status 1 from findings of this severity on: error, warning or never")
        ->type_name("SEVERITY")
        ->capture_default_str()
        ->check(CLI::IsMember({"error", "warning", "never"}));
    app.add_option("--mch-id", options.mch_id, "only this merchant's traffic")->type_name("ID");
    app.add_flag("--rules", options.lists_rules, "print the rules instead; asks no server");
    declare(app, options.control);
    return run_control_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
