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
    std::string mch_id;
    std::string out_trade_no;
    std::string state;
    std::string limit;
    std::string cursor;
};

int show(const Options& options) {
    const ControlAnswer answer =
        ask(options.control, {.path = "/_sandbox/v1/orders/" + options.order});
    if (!options.control.is_json())
        print_record(nlohmann::ordered_json::parse(answer.text), options.control.is_colorful());
    return 0;
}

int list(const Options& options) {
    const ControlAnswer answer =
        ask(options.control, {.path = "/_sandbox/v1/orders",
                              .query = query_of({{"mch_id", options.mch_id},
                                                 {"out_trade_no", options.out_trade_no},
                                                 {"state", options.state},
                                                 {"limit", options.limit},
                                                 {"cursor", options.cursor}})});
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
    app.add_option("--mch-id", options.mch_id, "only this merchant's")->type_name("ID");
    app.add_option("--out-trade-no", options.out_trade_no, "only with this number")
        ->type_name("NO");
    app.add_option("--state", options.state,
                   "NOTPAY, USERPAYING, PAYERROR, SUCCESS, REFUND, CLOSED or REVOKED")
        ->type_name("STATE");
    app.add_option("--limit", options.limit, "at most so many (default: 100)")->type_name("N");
    app.add_option("--cursor", options.cursor, "goes on after the page before")->type_name("N");
    declare(app, options.control);
    return run_control_verb(app, argc, argv,
                            [&] { return options.order.empty() ? list(options) : show(options); });
}

}  // namespace wxpay::sandbox::cli
