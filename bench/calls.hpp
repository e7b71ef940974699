#pragma once

#include <string>

#include <benchmark/benchmark.h>

#include "core/http/message.hpp"
#include "core/v2/message.hpp"

#include "sandbox/server.hpp"

namespace wxpay::bench {

/// Everything in memory, a clock that stands, seed 1.
sandbox::Config manual_config();

/// A call as it reaches the application.
http::Request post(const std::string& path, std::string body);
http::Request control(const std::string& method, const std::string& path, std::string body = {});

/// What each V2 call begins with.
v2::Message caller();
/// The message signed with the demo merchant's key, MD5.
http::Request signed_call(const std::string& path, v2::Message message);

/// Fails the benchmark when the answer has no such part: a figure of refusals is worth nothing.
void demand(benchmark::State& state, const http::Answer& answer, const char* part);

}  // namespace wxpay::bench
