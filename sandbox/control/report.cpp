// The verdict on the traffic so far.
#include "sandbox/verdict/report.hpp"

#include <utility>

#include "sandbox/control/routes.hpp"

namespace wxpay::sandbox::control {
namespace {

Result<bool, Problem> wants_color(const Call& call) {
    const std::string word = call.query("color").value_or("false");
    if (word != "true" && word != "false")
        return Failure{bad_request("color is true or false", "color")};
    return word == "true";
}

Result<http::Answer, Problem> report(const Call& call) {
    const std::string format = call.query("format").value_or("json");
    const auto fail_on = parse_fail_on(call.query("fail_on").value_or("error"));
    WXPAY_TRY(const bool color, wants_color(call));
    if (!fail_on) return Failure{bad_request("fail_on is error, warning or never", "fail_on")};
    if (format != "json" && format != "junit" && format != "text")
        return Failure{bad_request("format is json, junit or text", "format")};

    const Report report = make_report(call.context, call.query("mch_id").value_or(""));
    http::Response response = json_response(format == "json"    ? report_json(report)
                                            : format == "junit" ? report_junit(report, *fail_on)
                                                                : report_text(report, color));
    if (format != "json") {
        response.headers.set("Content-Type", format == "junit" ? "application/xml; charset=utf-8"
                                                               : "text/plain; charset=utf-8");
    }
    // For those who ask for another format and want to know all the same.
    response.headers.add("Wxpay-Sandbox-Errors", std::to_string(report.errors));
    response.headers.add("Wxpay-Sandbox-Warnings", std::to_string(report.warnings));
    return response;
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/report",
     .handle = report,
     .summary = "The verdict on the traffic since the start or the last reset",
     .answer = "Report",
     .query = "format fail_on mch_id color"},
};

}  // namespace

std::span<const Route> report_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
