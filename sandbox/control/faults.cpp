// What goes wrong on purpose.
#include <utility>

#include <nlohmann/json.hpp>

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/faults/fault_json.hpp"

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

Result<http::Answer, Problem> add(const Call& call) {
    WXPAY_TRY(const nlohmann::json body, call.object());
    auto fault = fault_from_json(body);
    if (!fault) return Failure{bad_request(fault.error().detail, fault.error().field)};
    const auto added = call.context.faults.add(std::move(*fault));
    if (!added) return Failure{conflict("too_many_faults", added.error().detail)};
    return json_response(dump(to_json(*added)));
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
