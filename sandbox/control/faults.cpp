// What goes wrong on purpose.
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/diagnosis/nearest.hpp"
#include "sandbox/faults/fault_json.hpp"
#include "sandbox/known_paths.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

Problem no_such_fault(const std::string& id) { return not_found("no fault '" + id + "'"); }

Result<http::Answer, Problem> list(const Call& call) {
    Json out{{"faults", Json::array()}};
    for (const auto& each : call.context.faults.list(call.query("mch_id").value_or("")))
        out["faults"].push_back(to_json(each));
    return json_response(dump(out));
}

Result<http::Answer, Problem> show(const Call& call) {
    const auto found = call.context.faults.find(call.arguments[0]);
    if (!found) return Failure{no_such_fault(call.arguments[0])};
    return json_response(dump(to_json(*found)));
}

/// A path without wildcards that is no call's cannot strike: most often it is misspelt.
std::string note_of(const Fault& fault) {
    const std::string& path = fault.endpoint;
    if (fault.on != Fault::On::api || path.empty() ||
        path.find_first_of("*?") != std::string::npos || is_known_path(path))
        return {};
    const std::string_view meant = diagnosis::nearest_path(path, known_paths());
    return fmt::format("endpoint '{}' is no call that the sandbox knows{}", path,
                       meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
}

Result<http::Answer, Problem> add(const Call& call) {
    WXPAY_TRY(const nlohmann::json body, call.object());
    auto fault = fault_from_json(body);
    if (!fault) return Failure{bad_request(fault.error().detail, fault.error().field)};
    const auto added = call.context.faults.add(std::move(*fault));
    if (!added) return Failure{conflict("too_many_faults", added.error().detail)};
    Json out = to_json(*added);
    if (const std::string note = note_of(added->fault); !note.empty()) out["notes"] = {note};
    return json_response(dump(out));
}

Result<http::Answer, Problem> remove(const Call& call) {
    if (!call.context.faults.remove(call.arguments[0]))
        return Failure{no_such_fault(call.arguments[0])};
    return json_response(dump(Json{{"deleted", 1}}));
}

Result<http::Answer, Problem> remove_all(const Call& call) {
    const auto gone = call.context.faults.clear(call.query("mch_id").value_or(""));
    return json_response(dump(Json{{"deleted", gone}}));
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/faults",
     .handle = list,
     .summary = "What goes wrong on purpose, with counts",
     .answer = "FaultList",
     .query = "mch_id"},
    {.method = "POST",
     .pattern = "/_sandbox/v1/faults",
     .handle = add,
     .summary = "One more; the one with its id gives way",
     .answer = "Fault",
     .body = "FaultRequest"},
    {.method = "DELETE",
     .pattern = "/_sandbox/v1/faults",
     .handle = remove_all,
     .summary = "None any more",
     .answer = "Deleted",
     .query = "mch_id"},
    {.method = "GET",
     .pattern = "/_sandbox/v1/faults/{id}",
     .handle = show,
     .summary = "One of them",
     .answer = "Fault"},
    {.method = "DELETE",
     .pattern = "/_sandbox/v1/faults/{id}",
     .handle = remove,
     .summary = "One less",
     .answer = "Deleted"},
};

}  // namespace

std::span<const Route> fault_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
