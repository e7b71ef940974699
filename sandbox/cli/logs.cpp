#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program/program.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/control_verbs.hpp"
#include "sandbox/cli/event_reader.hpp"
#include "sandbox/cli/table.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::cli {
namespace {

const std::string kExchanges = "/_sandbox/v1/exchanges";

struct Options {
    ControlOptions control;
    std::string order;
    std::string mch_id;
    std::size_t limit = 20;
    bool follow = false;
};

/// "2024-06-01 12:00:00  17  POST /pay/unifiedorder  200  ok  1900000109:A1"
void print_line(const nlohmann::json& exchange, bool color) {
    std::string at = text_of(exchange, "at").substr(0, 19);
    std::replace(at.begin(), at.end(), 'T', ' ');
    const std::string verdict = one_line(text_of(exchange, "verdict"));
    std::string line = fmt::format(
        "{}  {:>5}  {} {}  {}  {}", at, text_of(exchange, "id"), text_of(exchange, "method"),
        one_line(text_of(exchange, "url")),
        text_of(exchange, "http_status").empty() ? "---" : text_of(exchange, "http_status"),
        color ? colored(verdict) : verdict);
    if (const std::string number = text_of(exchange, "out_trade_no"); !number.empty())
        line += one_line(fmt::format("  {}:{}", text_of(exchange, "mch_id"), number));
    for (const char* const why : {"error", "hint"}) {
        if (const std::string words = text_of(exchange, why); !words.empty())
            line += "  " + one_line(words);
    }
    fmt::print("{}\n", line);
}

std::string narrowed(const Options& options) {
    return query_of({{"order", options.order}, {"mch_id", options.mch_id}});
}

std::string listing(const Options& options, std::size_t limit) {
    return query_of(
        {{"order", options.order}, {"mch_id", options.mch_id}, {"limit", std::to_string(limit)}});
}

int list(const Options& options) {
    const ControlAnswer answer =
        ask(options.control, {.path = kExchanges, .query = listing(options, options.limit)});
    if (options.control.is_json()) return 0;
    const auto& rows = answer.json()["exchanges"];  // newest first; people read downwards
    for (auto row = rows.rbegin(); row != rows.rend(); ++row)
        print_line(*row, options.control.is_colorful());
    return 0;
}

/// First what there is, then what comes; with --output json a line of JSON each.
class Tail {
  public:
    explicit Tail(const Options& options) : options_(options), shown_max_(options.limit) {}

    /// The last ones; later on, those that were missed.
    void print_what_there_is() {
        ControlOptions silent = options_.control;
        silent.output = "text";
        const ControlAnswer answer =
            ask(silent, {.path = kExchanges, .query = listing(options_, kListMax)});
        const auto listed = nlohmann::ordered_json::parse(answer.text);
        const auto& rows = listed["exchanges"];
        std::size_t left = rows.size();
        for (auto row = rows.rbegin(); row != rows.rend(); ++row, --left) {
            if (left > shown_max_) {
                is_new(row->value("id", ""));
            } else {
                print(row->dump());
            }
        }
        shown_max_ = kListMax;
        std::fflush(stdout);
    }

    void print_event(const ReceivedEvent& event) {
        heard_ = true;
        if (event.kind == "exchange") print(event.data);
        std::fflush(stdout);
    }

    /// Whether an event came since the last call.
    bool has_heard() { return std::exchange(heard_, false); }

  private:
    /// The stream is opened before the list is read: what comes in between is in both.
    bool is_new(const std::string& id) {
        if (!seen_.insert(id).second) return false;
        in_order_.push_back(id);
        if (in_order_.size() > 2 * kListMax) {
            seen_.erase(in_order_.front());
            in_order_.pop_front();
        }
        return true;
    }

    void print(const std::string& data) {
        const auto exchange = nlohmann::json::parse(data, nullptr, false);
        if (!exchange.is_object() || !is_new(text_of(exchange, "id"))) return;
        if (options_.control.is_json()) {
            fmt::print("{}\n", data);
        } else {
            print_line(exchange, options_.control.is_colorful());
        }
    }

    const Options& options_;
    std::size_t shown_max_;  // of a list; the others went before
    std::set<std::string> seen_;
    std::deque<std::string> in_order_;
    bool heard_ = false;
};

int follow(const Options& options) {
    http::Request request;
    request.path = "/_sandbox/v1/events";
    request.query = narrowed(options);
    request.query += (request.query.empty() ? "" : "&") + std::string("kinds=exchange");
    Tail tail(options);
    // The server ends a stream that is read too slowly. Then the list tells what was missed.
    for (bool again = false;; again = true) {
        EventReader reader([&tail](const ReceivedEvent& event) { tail.print_event(event); });
        auto answer = options.control.server.follow(
            request, [&tail] { tail.print_what_there_is(); },
            [&reader](std::string_view bytes) { return reader.read(bytes); });
        if (!answer && !again) throw UsageError(answer.error().detail);
        const bool has_ended = !answer || !tail.has_heard();  // the server, that is
        if (answer && answer->status != 200) accept(options.control, *std::move(answer));
        if (has_ended) return 0;
    }
}

}  // namespace

int logs(int argc, char** argv) {
    CLI::App app{"What went over the wire, a line for each exchange, oldest first.",
                 "wxpay-sandbox logs"};
    Options options;
    app.add_flag("-f,--follow", options.follow, "goes on with what comes, until the server ends");
    app.add_option("--order", options.order,
                   "only of this order: a prepay_id, a transaction_id or mch_id:out_trade_no")
        ->type_name("ORDER");
    app.add_option("--mch-id", options.mch_id, "only this merchant's")->type_name("ID");
    app.add_option("--limit", options.limit, "so many that went before")
        ->type_name("N")
        ->capture_default_str()
        ->check(CLI::Range(std::size_t{1}, kListMax));
    declare(app, options.control);
    return run_control_verb(app, argc, argv,
                            [&] { return options.follow ? follow(options) : list(options); });
}

}  // namespace wxpay::sandbox::cli
