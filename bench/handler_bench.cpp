// Whole handlers without sockets: request bytes in, answer bytes out, the order stored.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/v2/message.hpp"

#include "bench/calls.hpp"
#include "bench/messages.hpp"
#include "sandbox/server.hpp"

namespace wxpay::bench {
namespace {

/// Each iteration is a new order. Signing the requests is not part of the figure.
void unified_order(benchmark::State& state) {
    sandbox::Server server(manual_config());
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
    sandbox::Server server(manual_config());
    server.app().handle(post("/pay/unifiedorder", order_xml("Q1", v2::SignType::md5)));
    const http::Request request =
        signed_call("/pay/orderquery", caller().text("out_trade_no", "Q1"));
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(server.app().handle(request));
}
BENCHMARK(order_query);

http::Request refund_call(const std::string& order, int number) {
    return signed_call("/secapi/pay/refund",
                       caller()
                           .text("out_trade_no", order)
                           .text("out_refund_no", order + "R" + std::to_string(number))
                           .text("total_fee", "888")
                           .text("refund_fee", "1"));
}

/// Each iteration is a new refund, fifty of each order. Orders and signing are not part of the
/// figure.
void refund(benchmark::State& state) {
    sandbox::Server server(manual_config());
    constexpr int kEach = 50;
    std::vector<http::Request> requests;
    int order = 0;
    for ([[maybe_unused]] auto _ : state) {
        if (requests.empty()) {
            state.PauseTiming();
            const std::string number = "F" + std::to_string(order++);
            server.app().handle(post("/pay/unifiedorder", order_xml(number, v2::SignType::md5)));
            server.app().handle(
                control("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay"));
            demand(state, server.app().handle(refund_call(number, kEach)), "<refund_id>");
            for (int i = kEach; i-- > 1;) requests.push_back(refund_call(number, i));
            state.ResumeTiming();
        }
        benchmark::DoNotOptimize(server.app().handle(std::move(requests.back())));
        requests.pop_back();
    }
}
BENCHMARK(refund);

/// An order with three refunds.
void refund_query(benchmark::State& state) {
    sandbox::Server server(manual_config());
    server.app().handle(post("/pay/unifiedorder", order_xml("Q2", v2::SignType::md5)));
    server.app().handle(control("POST", "/_sandbox/v1/orders/1900000109:Q2/pay"));
    for (int i = 0; i < 3; ++i) server.app().handle(refund_call("Q2", i));
    const http::Request request =
        signed_call("/pay/refundquery", caller().text("out_trade_no", "Q2"));
    demand(state, server.app().handle(request), "<refund_id_2>");
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(server.app().handle(request));
}
BENCHMARK(refund_query);

}  // namespace
}  // namespace wxpay::bench
