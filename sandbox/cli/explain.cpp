#include "sandbox/cli/explain.hpp"

#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/program/program.hpp"

#include "sandbox/cli/diagnose.hpp"
#include "sandbox/cli/message_verb.hpp"
#include "sandbox/diagnosis/difference.hpp"

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
    bool good;
};

Report explain_message(const Options& options, const Loaded& loaded) {
    const Diagnosed found = diagnose(options.message, loaded);
    return {to_json(found), found.result.explanation, found.result.right};
}

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
        out.text += text("hint") + ".\n";
    }
    for (const auto& note : exchange.value("notes", nlohmann::json::array()))
        out.text += "note: " + note.get<std::string>() + "\n";
    for (const char* const name :
         {"id", "verdict", "error", "hint", "diagnosis", "notes", "string_to_sign"}) {
        if (exchange.contains(name)) out.json[name] = exchange[name];
    }
    return out;
}

void compare(const Options& options, const Loaded& loaded, Report& report) {
    const Diagnosed found = diagnose(options.message, loaded);
    const auto comparison =
        diagnosis::compare_texts(read_input(options.mine), found.string_to_sign, found.key);
    report.text += comparison.text;
    report.json["mine"] = {{"equal", comparison.equal}, {"difference", comparison.text}};
    report.good = report.good && comparison.equal;
}

int work(const Options& options) {
    const auto exchange = find_exchange(options.message);
    const auto loaded = load(options.message, exchange);
    if (!exchange && !loaded) return report_unreadable(options.message, loaded.error());
    Report report = exchange ? explain_exchange(*exchange) : explain_message(options, *loaded);
    if (!options.mine.empty()) {
        if (!loaded) throw UsageError("--mine: the exchange holds no V2 message to compare with");
        compare(options, *loaded, report);
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
    CLI::App app{"Says what is wrong with a V2 message, or with an exchange that the server saw.",
                 "wxpay-sandbox explain"};
    Options options;
    declare(app, options.message);
    app.add_option("--mine", options.mine,
                   "your own string to sign: shows where it differs from the one wanted")
        ->type_name("FILE");
    return run_verb(app, argc, argv, [&] { return work(options); });
}

}  // namespace wxpay::sandbox::cli
