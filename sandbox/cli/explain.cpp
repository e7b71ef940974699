#include "sandbox/cli/explain.hpp"

#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program/program.hpp"

#include "sandbox/cli/control_verb.hpp"
#include "sandbox/cli/diagnose.hpp"
#include "sandbox/cli/message_verb.hpp"
#include "sandbox/diagnosis/difference.hpp"
#include "sandbox/diagnosis/signature.hpp"

namespace wxpay::sandbox::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    MessageOptions message;
    std::string mine;  ///< a file with the merchant's own string to sign
};

/// What is printed, and whether anything was wrong.
struct Report {
    Json json;
    std::string text;
    bool good = true;
};

/// The server's own words: it knows the keys, and also explains what is no signature.
Report explain_exchange(const nlohmann::json& exchange) {
    const auto text = [&](const char* name) { return exchange.value(name, std::string()); };
    Report out{Json::object(), {}, text("verdict") == "ok"};
    out.text = fmt::format("exchange {}: {} {}, {}", text("id"), text("method"), text("url"),
                           text("verdict"));
    if (!text("error").empty()) out.text += ": " + text("error");
    out.text += "\n";
    const std::string diagnosis = text("diagnosis");
    if (!diagnosis.empty()) {
        out.text += diagnosis;
    } else if (!text("hint").empty()) {
        out.text += text("hint") + (text("hint").ends_with('?') ? "\n" : ".\n");
    }
    for (const auto& note : exchange.value("notes", nlohmann::json::array()))
        out.text += "note: " + note.get<std::string>() + "\n";
    for (const char* const name :
         {"id", "verdict", "error", "hint", "diagnosis", "notes", "string_to_sign"}) {
        if (exchange.contains(name)) out.json[name] = exchange[name];
    }
    return out;
}

/// key  V2: empty when it is not known
void compare(const Options& options, bool is_v2, const std::string& wanted, const Secret& key,
             Report& report) {
    const std::string mine = read_input(options.mine);
    const auto comparison = is_v2 ? diagnosis::compare_texts(mine, wanted, key)
                                  : diagnosis::compare_lines(mine, wanted);
    report.text += comparison.text;
    report.json["mine"] = {{"equal", comparison.equal}, {"difference", comparison.text}};
    report.good = report.good && comparison.equal;
}

int work(const Options& options) {
    const auto exchange = find_exchange(options.message);
    Report report;
    if (!exchange) {
        const auto found = diagnose(options.message, read_input(options.message.source));
        if (!found) return report_unreadable(options.message, found.error());
        report = {to_json(*found), found->explanation, found->right};
        if (!options.mine.empty())
            compare(options, found->is_v2, found->string_to_sign, found->key, report);
    } else {
        report = explain_exchange(*exchange);
        if (!options.mine.empty()) {
            const std::string wanted = exchange->value("string_to_sign", "");
            if (wanted.empty()) throw UsageError("--mine: the exchange holds no signed message");
            compare(options, wanted.ends_with(diagnosis::kMask), wanted,
                    Secret(options.message.key), report);
        }
    }
    if (options.message.is_json()) {
        print_json(report.json);
    } else {
        fmt::print("{}", diagnosis::shown_text(report.text));
    }
    return report.good ? 0 : 1;
}

}  // namespace

int explain(int argc, char** argv) {
    CLI::App app{
        "Says what is wrong with a message, V2's XML or V3's whole HTTP message, or with an "
        "exchange that the server saw.",
        "wxpay-sandbox explain"};
    Options options;
    declare(app, options.message);
    app.add_option("--mine", options.mine,
                   "your own string to sign: shows where it differs from the one wanted")
        ->type_name("FILE");
    return run_control_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
