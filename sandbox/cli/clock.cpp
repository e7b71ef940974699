#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/duration.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/program/program.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"

namespace wxpay::sandbox::cli {
namespace {

struct Options {
    ControlOptions control;
    std::string by;
    std::string mode;
};

int print_state(const Options& options, const ControlAnswer& answer) {
    if (!options.control.is_json()) {
        fmt::print("{}  {}\n", text_of(answer.json(), "now"), text_of(answer.json(), "mode"));
    }
    return 0;
}

int show(const Options& options) {
    return print_state(options, ask(options.control, {.path = "/_sandbox/v1/clock"}));
}

int set(const Options& options) {
    return print_state(options, ask(options.control, {.method = "POST",
                                                      .path = "/_sandbox/v1/clock",
                                                      .body = to_body({{"mode", options.mode}})}));
}

int advance(const Options& options) {
    nlohmann::ordered_json body;
    const bool is_bare_number =
        options.by.find_first_not_of("0123456789") == std::string::npos;  // as in the control API
    if (const auto by = parse_duration(is_bare_number ? options.by + "s" : options.by)) {
        body["seconds"] = std::chrono::duration<double>(*by).count();
    } else if (parse_rfc3339(options.by)) {
        body["to"] = options.by;
    } else {
        throw UsageError(
            fmt::format("'{}': a duration like 24h ({}; without one: s) or a time like "
                        "2026-01-02T03:04:05+08:00 is wanted",
                        options.by, kDurationForm));
    }
    // It is through when everything that fell due is.
    constexpr auto kTimeout = std::chrono::hours(1);
    const ControlAnswer answer = ask(options.control, {.method = "POST",
                                                       .path = "/_sandbox/v1/clock/advance",
                                                       .body = to_body(body),
                                                       .timeout = kTimeout});
    if (!options.control.is_json()) {
        fmt::print("{}  {} fired, {} delivered, {} failed\n", text_of(answer.json(), "now"),
                   text_of(answer.json(), "fired"), text_of(answer.json(), "delivered"),
                   text_of(answer.json(), "failed"));
    }
    return 0;
}

}  // namespace

int clock(int argc, char** argv) {
    CLI::App app{"Shows the running server's business time; moves it, or changes how it moves.",
                 "wxpay-sandbox clock"};
    Options options;
    declare(app, options.control);
    app.require_subcommand(0, 1);
    auto* const move = app.add_subcommand(
        "advance", "moves the clock, and with it everything that falls due on the way");
    move->add_option(
            "by", options.by,
            "a duration like 24h or 2d, a number of seconds, or until when: a time with offset")
        ->type_name("DURATION|TIME")
        ->required();
    auto* const change = app.add_subcommand("set", "changes how the clock moves");
    change->add_option("mode", options.mode, "manual, real or xN: N times as fast")
        ->type_name("MODE")
        ->required();
    return run_control_verb(app, argc, argv, [&] {
        if (move->parsed()) return advance(options);
        return change->parsed() ? set(options) : show(options);
    });
}

}  // namespace wxpay::sandbox::cli
