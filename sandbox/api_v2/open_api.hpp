#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/http/message.hpp"

#include "sandbox/context.hpp"

namespace wxpay::sandbox::api_v2 {

// What the calls of api.weixin.qq.com share: GET with a query, JSON, unsigned, always HTTP 200.

/// A refusal there: a number, and words in which "{}" stands for the request id.
struct Problem {
    int errcode;
    std::string_view words;
    std::string_view hint;
};

inline constexpr Problem kBusy{-1, "system error", "see the sandbox's log"};

/// The body of a refusal; the exchange learns of it.
nlohmann::ordered_json refusal_body(const Problem& problem, Context& context, Exchange& exchange);

/// The refusal that a fault or the call itself asks for: by a number of the call's `own`, or by any
/// other. Nothing when nothing is asked for.
std::optional<nlohmann::ordered_json> demanded_refusal(std::span<const Problem> own,
                                                       Context& context, Exchange& exchange);

/// 200 with what `body` gives. When it throws, the caller is told that the server is busy.
http::Response answer_json(const http::Request& request, Context& context, Exchange& exchange,
                           nlohmann::ordered_json (*body)(const http::Request& request,
                                                          Context& context, Exchange& exchange));

/// Whether `given` is the app's secret.
bool is_secret_of(const WechatApp& app, std::string_view given);

}  // namespace wxpay::sandbox::api_v2
