// Whole handlers without sockets: request bytes in, answer bytes out, the order stored.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/v2/message.hpp"

#include "bench/messages.hpp"
#include "sandbox/server.hpp"

namespace wxpay::bench {
namespace {

http::Request post(const char* path, std::string body) {
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

sandbox::Config config() {
    sandbox::Config out;
    out.clock = {sandbox::ClockMode::Kind::manual, 0};
    out.seed = 1;
    return out;
}

/// Each iteration is a new order. Signing the requests is not part of the figure.
void unified_order(benchmark::State& state) {
    sandbox::Server server(config());
    constexpr int kBatch = 1'000;
    std::vector<http::Request> requests;
    std::size_t at = 0;
    int batch = 0;
    for ([[maybe_unused]] auto _ : state) {
        if (at == requests.size()) {
            state.PauseTiming();
            requests.clear();
            for (int i = 0; i < kBatch; ++i) {
                requests.push_back(
                    post("/pay/unifiedorder",
                         order_xml("B" + std::to_string(batch * kBatch + i), v2::SignType::md5)));
            }
            ++batch;
            at = 0;
            state.ResumeTiming();
        }
        benchmark::DoNotOptimize(server.app().handle(std::move(requests[at++])));
    }
}
BENCHMARK(unified_order);

void order_query(benchmark::State& state) {
    sandbox::Server server(config());
    server.app().handle(post("/pay/unifiedorder", order_xml("Q1", v2::SignType::md5)));
    v2::Message message;
    message.text("appid", "wx8888888888888888")
        .text("mch_id", "1900000109")
        .text("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS")
        .text("out_trade_no", "Q1");
    const http::Request request =
        post("/pay/orderquery", message.sign(demo_key(), v2::SignType::md5).render());
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(server.app().handle(request));
}
BENCHMARK(order_query);

}  // namespace
}  // namespace wxpay::bench
