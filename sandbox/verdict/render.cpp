// A report as text, as JSON and as JUnit XML.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

#include "sandbox/verdict/report.hpp"
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox {
namespace {

using Json = nlohmann::ordered_json;

/// Two screens are enough.
constexpr std::size_t kShownMax = 40;

/// "1 order", "2 orders".
std::string counted(std::uint64_t count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

std::string painted(std::string_view text, const char* code, bool color) {
    return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string counts_line(const Report& report, bool color) {
    const Report::Counts& counts = report.counts;
    std::string out =
        fmt::format("{} · {} · {} ({}) · {} refused", counted(counts.calls, "call"),
                    counted(counts.orders, "order"), counted(counts.callbacks, "callback"),
                    counted(counts.attempts, "attempt"), counts.refused);
    if (report.errors > 0) out += " · " + painted(counted(report.errors, "error"), "31", color);
    if (report.warnings > 0)
        out += " · " + painted(counted(report.warnings, "warning"), "33", color);
    if (report.errors + report.warnings == 0) out += " · " + painted("no findings", "32", color);
    return out + "\n";
}

/// Whose it is, for people: "order T-1", "merchant 1900000109", nothing.
std::string subject_of(const Finding& finding) {
    if (!finding.out_trade_no.empty()) return fmt::format("order {}: ", finding.out_trade_no);
    return finding.mch_id.empty() ? "" : fmt::format("merchant {}: ", finding.mch_id);
}

std::string line_of(const Finding& finding) {
    std::string out = subject_of(finding) + finding.text;
    if (!finding.exchanges.empty()) out += fmt::format(" ({})", fmt::join(finding.exchanges, ", "));
    return out;
}

std::string next_line(const std::string& exchange) {
    return fmt::format("         wxpay-sandbox explain {}\n", exchange);
}

std::string finding_lines(const Finding& finding, std::size_t width, bool color, bool asks_next) {
    const bool is_error = finding.severity == Severity::error;
    std::string out = fmt::format(
        "  {}  {:<{}}  {}\n", painted(is_error ? "ERROR" : "WARN ", is_error ? "31" : "33", color),
        finding.rule, width, line_of(finding));
    if (asks_next && !finding.exchanges.empty()) out += next_line(finding.exchanges.back());
    return out;
}

std::string refusal_lines(const Report::Refusal& refusal, bool asks_next) {
    std::string out = fmt::format("  refused {:>4}  {}", refusal.exchange, refusal.call);
    if (!refusal.out_trade_no.empty()) out += fmt::format("  order {}", refusal.out_trade_no);
    out += fmt::format("  {}\n", refusal.error);
    if (!refusal.hint.empty()) out += fmt::format("         {}\n", refusal.hint);
    return asks_next ? out + next_line(refusal.exchange) : out;
}

std::vector<std::string> unseen_lines(const Report::Unseen& unseen) {
    std::vector<std::string> out;
    if (unseen.orders > 0)
        out.push_back(fmt::format("{} judged by their calls, but not by how they ended",
                                  counted(unseen.orders, "order")));
    if (unseen.steps > 0)
        out.push_back(fmt::format("{} of orders that had too many were forgotten",
                                  counted(unseen.steps, "exchange")));
    if (unseen.is_ledger_longer)
        out.emplace_back("the ledger is longer than what was looked at; the counts are too small");
    if (unseen.findings > 0)
        out.push_back(fmt::format("{} not listed", counted(unseen.findings, "finding")));
    return out;
}

bool fails_by(Severity severity, FailOn fail_on) {
    return fail_on == FailOn::warning || (fail_on == FailOn::error && severity == Severity::error);
}

/// As character data or the value of an attribute. Characters that XML cannot hold become U+FFFD;
/// control characters are gone already.
std::string xml_escaped(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kEscapes{
        {{"&", "&amp;"},
         {"<", "&lt;"},
         {">", "&gt;"},
         {"\"", "&quot;"},
         {"'", "&apos;"},
         {"\xef\xbf\xbe", "\xef\xbf\xbd"},
         {"\xef\xbf\xbf", "\xef\xbf\xbd"}}};
    std::string out;
    while (!text.empty()) {
        const auto* const found =
            std::find_if(kEscapes.begin(), kEscapes.end(),
                         [&](const auto& each) { return text.starts_with(each.first); });
        if (found != kEscapes.end()) {
            out += found->second;
            text.remove_prefix(found->first.size());
        } else {
            out += text.front();
            text.remove_prefix(1);
        }
    }
    return out;
}

/// What was found by one rule, a line each.
std::string lines_of(const Report& report, std::string_view rule) {
    std::string out;
    for (const Finding& finding : report.findings) {
        if (finding.rule == rule) out += line_of(finding) + "\n";
    }
    return out;
}

std::string test_case(const verdict::Rule& rule, const std::string& lines, FailOn fail_on) {
    const std::string_view group = rule.id.substr(0, rule.id.find('/'));
    std::string out = fmt::format(
        R"(    <testcase classname="wxpay-sandbox.{}" name="{}" time="0.000")", group, rule.id);
    if (lines.empty()) return out + "/>\n";
    const std::string text = xml_escaped(lines);
    out += ">\n";
    // One failure, however many findings: readers differ in what they make of several.
    if (fails_by(rule.severity, fail_on)) {
        out += fmt::format("      <failure message=\"{}\" type=\"{}\">{}</failure>\n",
                           xml_escaped(rule.meaning), wire_name(rule.severity), text);
    } else {
        out += fmt::format("      <system-out>{}: {}\n{}</system-out>\n", wire_name(rule.severity),
                           xml_escaped(rule.meaning), text);
    }
    return out + "    </testcase>\n";
}

}  // namespace

std::string report_text(const Report& report, bool color, bool asks_next) {
    std::string out = counts_line(report, color);
    std::size_t width = 0;
    for (const Finding& finding : report.findings) width = std::max(width, finding.rule.size());
    // What fails a build stands first.
    std::size_t shown = 0;
    for (const Severity severity : {Severity::error, Severity::warning}) {
        for (const Finding& finding : report.findings) {
            if (finding.severity != severity || shown == kShownMax) continue;
            out += finding_lines(finding, width, color, asks_next);
            ++shown;
        }
    }
    if (shown < report.findings.size())
        out += fmt::format("  … and {} more; the report as JSON has them\n",
                           report.findings.size() - shown);
    for (const Report::Refusal& refusal : report.refusals) out += refusal_lines(refusal, asks_next);
    for (const std::string& line : unseen_lines(report.unseen))
        out += fmt::format("  unseen  {}\n", line);
    return out;
}

std::string report_json(const Report& report) {
    const Report::Counts& counts = report.counts;
    Json out = Json::object();
    if (!report.mch_id.empty()) out["mch_id"] = report.mch_id;
    out["since"] = format_rfc3339(report.since);
    out["until"] = format_rfc3339(report.until);
    out["counts"] = {{"calls", counts.calls},         {"refused", counts.refused},
                     {"orders", counts.orders},       {"unpaid", counts.unpaid},
                     {"callbacks", counts.callbacks}, {"attempts", counts.attempts},
                     {"delivered", counts.delivered}, {"undelivered", counts.undelivered}};
    out["errors"] = report.errors;
    out["warnings"] = report.warnings;
    out["findings"] = Json::array();
    for (const Finding& finding : report.findings) {
        Json each{{"rule", finding.rule}, {"severity", wire_name(finding.severity)}};
        if (!finding.mch_id.empty()) each["mch_id"] = finding.mch_id;
        if (!finding.out_trade_no.empty()) each["out_trade_no"] = finding.out_trade_no;
        each["text"] = finding.text;
        each["exchanges"] = finding.exchanges;
        out["findings"].push_back(std::move(each));
    }
    out["refusals"] = Json::array();
    for (const Report::Refusal& refusal : report.refusals) {
        Json each{{"exchange", refusal.exchange}, {"call", refusal.call}};
        if (!refusal.mch_id.empty()) each["mch_id"] = refusal.mch_id;
        if (!refusal.out_trade_no.empty()) each["out_trade_no"] = refusal.out_trade_no;
        each["error"] = refusal.error;
        if (!refusal.hint.empty()) each["hint"] = refusal.hint;
        out["refusals"].push_back(std::move(each));
    }
    const Report::Unseen& unseen = report.unseen;
    out["unseen"] = {{"orders", unseen.orders},
                     {"exchanges", unseen.steps},
                     {"findings", unseen.findings},
                     {"refusals", unseen.refusals},
                     {"ledger_is_longer", unseen.is_ledger_longer}};
    return dump_json(out);
}

std::string report_junit(const Report& report, FailOn fail_on) {
    std::string cases;
    std::size_t failures = 0;
    for (const verdict::Rule& rule : verdict_rules()) {
        const std::string lines = lines_of(report, rule.id);
        if (!lines.empty() && fails_by(rule.severity, fail_on)) ++failures;
        cases += test_case(rule, lines, fail_on);
    }
    std::string summary = counts_line(report, false);
    for (const std::string& line : unseen_lines(report.unseen)) summary += "unseen: " + line + "\n";
    const std::string totals =
        fmt::format(R"(name="wxpay-sandbox" tests="{}" failures="{}" errors="0")",
                    verdict_rules().size(), failures);
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites {0} time=\"0.000\">\n"
        "  <testsuite {0} skipped=\"0\" time=\"0.000\">\n"
        "{1}"
        "    <system-out>{2}</system-out>\n"
        "  </testsuite>\n"
        "</testsuites>\n",
        totals, cases, xml_escaped(summary));
}

}  // namespace wxpay::sandbox
