#include "merchant/api/answers.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "merchant/limits.hpp"

namespace wxpay::merchant::api {
namespace {

Failure<Problem> bad_field(const char* name, std::string message) {
    return Failure{Problem{400, "bad_field", std::move(message), name}};
}

}  // namespace

http::Response json_answer(int status, const nlohmann::ordered_json& body) {
    http::Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/json; charset=utf-8");
    response.headers.add("Cache-Control", "no-store");  // sessions and orders are private
    response.body = body.dump();
    return response;
}

http::Response problem_answer(const Problem& problem) {
    nlohmann::ordered_json error{{"code", problem.code}, {"message", problem.message}};
    if (!problem.field.empty()) error["field"] = problem.field;
    return json_answer(problem.status, {{"error", std::move(error)}});
}

Result<nlohmann::json, Problem> read_object(const http::Request& request) {
    if (request.body.size() > kJsonBytesMax) {
        return Failure{
            Problem{413, "too_large", fmt::format("the body is over {} bytes", kJsonBytesMax)}};
    }
    auto object = nlohmann::json::parse(request.body, nullptr, false);
    if (!object.is_object())
        return Failure{Problem{400, "bad_json", "the body must be a JSON object"}};
    return object;
}

Result<std::string, Problem> text_field(const nlohmann::json& object, const char* name,
                                        std::size_t bytes_max) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string())
        return bad_field(name, fmt::format("{} must be a text", name));
    auto text = found->get<std::string>();
    if (text.empty() || text.size() > bytes_max)
        return bad_field(name, fmt::format("{} must have 1 to {} bytes", name, bytes_max));
    return text;
}

Result<std::int64_t, Problem> count_field(const nlohmann::json& object, const char* name,
                                          std::int64_t max) {
    const auto found = object.find(name);
    // Unsigned: neither 1.5 nor -1 nor a number beyond 63 bits gets through here.
    if (found == object.end() || !found->is_number_unsigned() || found->get<std::uint64_t>() < 1 ||
        found->get<std::uint64_t>() > static_cast<std::uint64_t>(max)) {
        return bad_field(name, fmt::format("{} must be a whole number from 1 to {}", name, max));
    }
    return found->get<std::int64_t>();
}

}  // namespace wxpay::merchant::api
