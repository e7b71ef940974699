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
    std::string order;
    ListOptions list;
};

int show(const Options& options) {
    return show_record(options.control,
                       ask(options.control, {.path = "/_sandbox/v1/orders/" + options.order}));
}

int list(const Options& options) {
    const ControlAnswer answer =
        ask(options.control, {.path = "/_sandbox/v1/orders", .query = query_of(options.list)});
    if (options.control.is_json()) return 0;
    Table table({"order", "state", "total_fee", "refunded_fee", "trade_type", "created_at",
                 "paid_at", "body"});
    for (const auto& order : answer.json()["orders"]) {
        table.add({text_of(order, "mch_id") + ":" + text_of(order, "out_trade_no"),
                   text_of(order, "state"), text_of(order, "total_fee"),
                   text_of(order, "refunded_fee"), text_of(order, "trade_type"),
                   text_of(order, "created_at"), text_of(order, "paid_at"),
                   text_of(order, "body")});
    }
    table.print(options.control.is_colorful());
    print_next_page(answer.json());
    return 0;
}

}  // namespace

int orders(int argc, char** argv) {
    CLI::App app{"Lists the running server's orders, newest first, or shows one.",
                 "wxpay-sandbox orders"};
    Options options;
    app.add_option("order", options.order, "a prepay_id, a transaction_id or mch_id:out_trade_no")
        ->type_name("ORDER");
    declare(app, options.list, "only with this number",
            "NOTPAY, USERPAYING, PAYERROR, SUCCESS, REFUND, CLOSED or REVOKED");
    declare(app, options.control);
    return run_control_verb(app, argc, argv,
                            [&] { return options.order.empty() ? list(options) : show(options); });
}

}  // namespace wxpay::sandbox::cli
