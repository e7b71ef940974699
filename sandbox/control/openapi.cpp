// This API described: the paths from the routes themselves, what they speak of from openapi.json.
#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

#include "core/codec/pieces.hpp"

#include "embedded/kOpenApi.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/version.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

Json reference(std::string_view kind, std::string_view name) {
    return {{"$ref", std::string("#/components/").append(kind).append("/").append(name)}};
}

/// `what` is a schema's name, or a media type.
Json content(std::string_view what) {
    if (what.find('/') != std::string_view::npos)
        return {{std::string(what), {{"schema", {{"type", "string"}}}}}};
    return {{"application/json", {{"schema", reference("schemas", what)}}}};
}

Json parameters_of(const Route& route) {
    Json out = Json::array();
    for (std::size_t at = 0; (at = route.pattern.find('{', at)) != std::string_view::npos; ++at) {
        out.push_back({{"name", route.pattern.substr(at + 1, route.pattern.find('}', at) - at - 1)},
                       {"in", "path"},
                       {"required", true},
                       {"schema", {{"type", "string"}}}});
    }
    for (const std::string_view name : pieces_of(route.query, ' '))
        out.push_back(reference("parameters", name));
    return out;
}

Json operation(const Route& route) {
    Json out{{"summary", route.summary}};
    if (Json parameters = parameters_of(route); !parameters.empty())
        out["parameters"] = std::move(parameters);
    if (!route.body.empty()) out["requestBody"] = {{"content", content(route.body)}};
    out["responses"] = {{"200", {{"description", "done"}, {"content", content(route.answer)}}},
                        {"default", reference("responses", "Problem")}};
    return out;
}

std::string document() {
    Json out = Json::parse(kOpenApi);
    out["info"]["version"] = kVersion;
    Json& paths = out["paths"] = Json::object();
    for (const Route& route : routes()) {
        std::string method(route.method);
        std::transform(method.begin(), method.end(), method.begin(),
                       [](char c) { return static_cast<char>(c - 'A' + 'a'); });
        paths[std::string(route.pattern)][method] = operation(route);
    }
    return dump(out);
}

Result<http::Answer, Problem> openapi(const Call&) {
    static const std::string text = document();
    return json_response(text);
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/openapi.json",
     .handle = openapi,
     .summary = "This document",
     .answer = "OpenApi"},
};

}  // namespace

std::span<const Route> openapi_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
