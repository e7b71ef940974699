#include "sandbox/cli/control_verb.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program/program.hpp"
#include "core/program/say.hpp"

#include "sandbox/cli/message_verb.hpp"
#include "sandbox/cli/options.hpp"
#include "sandbox/cli/table.hpp"

namespace wxpay::sandbox::cli {
namespace {

/// The call made sense, but things are not as it needs them.
bool is_about_state(int status) {
    constexpr std::array<int, 5> kStatuses{404, 408, 409, 502, 503};
    return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

std::string words_of(const ControlAnswer& answer) {
    const nlohmann::json& json = answer.json();
    if (!json.is_object() || !json.contains("error") || !json["error"].is_object())
        return fmt::format("the server answers HTTP {}", answer.status);
    const std::string field = text_of(json["error"], "field");
    const std::string words = text_of(json["error"], "message");
    // Most messages name their field by themselves.
    return field.empty() || words.starts_with(field) ? words : fmt::format("{}: {}", field, words);
}

}  // namespace

bool ControlOptions::is_colorful() const { return !no_color && ::isatty(STDOUT_FILENO) == 1; }

void declare(CLI::App& app, ControlOptions& options) {
    app.fallthrough();
    declare(app, options.server, "the running server");
    app.add_option("--output", options.output, "text, or json: what the control API says")
        ->type_name("FORMAT")
        ->capture_default_str()
        ->check(CLI::IsMember({"text", "json"}));
    app.add_flag("--no-color", options.no_color, "no colours on a terminal")
        ->envname("WXPAY_SANDBOX_NO_COLOR");
}

int run_control_verb(CLI::App& app, int argc, char** argv, const std::function<int()>& work) {
    constexpr int kExitNotSo = 1;
    return run_verb(app, argc, argv, [&] {
        try {
            return work();
        } catch (const NotSo& finding) {
            std::fflush(stdout);  // what was found first, then what that means
            say("{}: {}\n", app.get_name(), finding.what());
            return kExitNotSo;
        }
    });
}

ControlAnswer ask(const ControlOptions& options, const ControlCall& call) {
    http::Request request;
    request.method = call.method;
    request.path = call.path;
    request.query = call.query;
    request.body = call.body;
    if (!call.body.empty()) request.headers.add("Content-Type", "application/json");
    auto response = options.server.send(request, call.timeout);
    if (!response) throw UsageError(response.error().detail);
    return accept(options, *std::move(response));
}

ControlAnswer accept(const ControlOptions& options, http::Response response) {
    ControlAnswer answer;
    answer.status = response.status;
    answer.text = std::move(response.body);
    answer.said =
        std::make_shared<nlohmann::json>(nlohmann::json::parse(answer.text, nullptr, false));
    if (options.is_json() && !answer.text.empty()) {
        fmt::print("{}\n", answer.text);
        std::fflush(stdout);  // before whatever is said about it on stderr
    }
    if (answer.status / 100 == 2) return answer;
    const std::string words = words_of(answer);
    if (is_about_state(answer.status)) throw NotSo(words);
    throw UsageError(fmt::format("{}: {}", options.server.url, words));
}

std::string query_of(
    std::initializer_list<std::pair<std::string_view, std::string_view>> parameters) {
    std::string out;
    for (const auto& [name, value] : parameters) {
        if (value.empty()) continue;
        out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, http::percent_encode(value));
    }
    return out;
}

std::string to_body(const nlohmann::ordered_json& json) {
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void declare(CLI::App& app, ListOptions& list, const char* number_help, const char* states) {
    app.add_option("--mch-id", list.mch_id, "only this merchant's")->type_name("ID");
    app.add_option("--out-trade-no", list.out_trade_no, number_help)->type_name("NO");
    app.add_option("--state", list.state, states)->type_name("STATE");
    app.add_option("--limit", list.limit, "at most so many (default: 100)")->type_name("N");
    app.add_option("--cursor", list.cursor, "goes on after the page before")->type_name("N");
}

std::string query_of(const ListOptions& list) {
    return query_of({{"mch_id", list.mch_id},
                     {"out_trade_no", list.out_trade_no},
                     {"state", list.state},
                     {"limit", list.limit},
                     {"cursor", list.cursor}});
}

void print_next_page(const nlohmann::json& list) {
    if (const std::string cursor = text_of(list, "next_cursor"); !cursor.empty())
        fmt::print("older ones: --cursor {}\n", cursor);
}

void say_notes(const ControlOptions& options, const ControlAnswer& answer) {
    if (options.is_json()) return;
    for (const auto& note : answer.json().value("notes", std::vector<std::string>{}))
        say("note: {}\n", note);
}

int show_record(const ControlOptions& options, const ControlAnswer& answer) {
    if (!options.is_json())
        print_record(nlohmann::ordered_json::parse(answer.text), options.is_colorful());
    return 0;
}

int report_attempt(const ControlOptions& options, const ControlAnswer& answer) {
    show_record(options, answer);
    const auto& attempts = answer.json()["attempts"];
    const std::string verdict = attempts.empty() ? "" : text_of(attempts.back(), "verdict");
    if (verdict == "ok") return 0;
    if (verdict.empty()) throw NotSo("not delivered: no attempt");
    const std::string reason = text_of(attempts.back(), "reason");
    throw NotSo(fmt::format("not delivered: {}{}", verdict, reason.empty() ? "" : ": " + reason));
}

std::string text_of(const nlohmann::json& object, std::string_view member) {
    const auto found = object.find(std::string(member));
    if (found == object.end() || found->is_null()) return {};
    if (found->is_string()) return found->get<std::string>();
    return found->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace wxpay::sandbox::cli
