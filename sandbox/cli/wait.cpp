#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/duration.hpp"
#include "core/program/program.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"

namespace wxpay::sandbox::cli {
namespace {

struct Options {
    ControlOptions control;
    std::string order;
    std::string until = "paid";
    std::string timeout = "10s";
};

int work(const Options& options) {
    const auto timeout = parse_duration(options.timeout);
    if (!timeout) {
        throw UsageError(fmt::format("--timeout '{}': a duration like 10s is wanted ({})",
                                     options.timeout, kDurationForm));
    }
    constexpr auto kMore = std::chrono::seconds(30);  // than the server waits
    return show_record(options.control,
                       ask(options.control, {.path = "/_sandbox/v1/wait",
                                             .query = query_of({{"order", options.order},
                                                                {"until", options.until},
                                                                {"timeout", options.timeout}}),
                                             .timeout = *timeout + kMore}));
}

}  // namespace

int wait(int argc, char** argv) {
    CLI::App app{"Waits until an order is as asked, and shows it. Status 1 when the time ran out.",
                 "wxpay-sandbox wait"};
    Options options;
    app.add_option("order", options.order,
                   "a prepay_id, a transaction_id or mch_id:out_trade_no; it may be yet to come")
        ->type_name("ORDER")
        ->required();
    app.add_option("--until", options.until, "paid, notified, refunded or closed")
        ->type_name("STATE")
        ->capture_default_str();
    app.add_option("--timeout", options.timeout, "of real time, at most 10m")
        ->type_name("DURATION")
        ->capture_default_str();
    declare(app, options.control);
    return run_control_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
