#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"
#include "core/http/message.hpp"

namespace wxpay::merchant::api {

/// Why a call of our own API fails.
struct Problem {
    int status;
    std::string code;
    std::string message;
    std::string field = {};  ///< the field at fault, where there is one
};

using Outcome = Result<http::Response, Problem>;

http::Response json_answer(int status, const nlohmann::ordered_json& body);
/// {"error":{"code","message","field"}}
http::Response problem_answer(const Problem& problem);

/// The body as a JSON object. Problems: 413 too_large, 400 bad_json.
Result<nlohmann::json, Problem> read_object(const http::Request& request);
/// A text of 1 to bytes_max bytes. Problem: 400 bad_field.
Result<std::string, Problem> text_field(const nlohmann::json& object, const char* name,
                                        std::size_t bytes_max);
/// A whole number from 1 to `max`. Problem: 400 bad_field.
Result<std::int64_t, Problem> count_field(const nlohmann::json& object, const char* name,
                                          std::int64_t max);

}  // namespace wxpay::merchant::api
