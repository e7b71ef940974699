#include "bench/calls.hpp"

#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

#include "bench/messages.hpp"

namespace wxpay::bench {

sandbox::Config manual_config() {
    // The figures have stdout to themselves; a callback that fails is a line of the log.
    spdlog::set_level(spdlog::level::off);
    sandbox::Config out;
    out.clock = {sandbox::ClockMode::Kind::manual, 0};
    out.seed = 1;
    return out;
}

http::Request post(const std::string& path, std::string body) {
    http::Request request;
    request.method = "POST";
    request.path = path;
    request.headers.add("Host", "127.0.0.1:12180");
    request.headers.add("Content-Type", "text/xml");
    request.headers.add("Content-Length", std::to_string(body.size()));
    request.body = std::move(body);
    request.remote_address = "127.0.0.1";
    return request;
}

http::Request control(const std::string& method, const std::string& path, std::string body) {
    http::Request request = post(path, std::move(body));
    request.method = method;
    return request;
}

v2::Message caller() {
    v2::Message message;
    message.text("appid", "wx8888888888888888")
        .text("mch_id", "1900000109")
        .text("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS");
    return message;
}

http::Request signed_call(const std::string& path, v2::Message message) {
    return post(path, message.sign(demo_key(), v2::SignType::md5).render());
}

void demand(benchmark::State& state, const http::Answer& answer, const char* part) {
    const auto* const response = std::get_if<http::Response>(&answer);
    if (response == nullptr || response->body.find(part) == std::string::npos)
        state.SkipWithError("the call was refused");
}

}  // namespace wxpay::bench
