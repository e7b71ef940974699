// Whole handlers without sockets: request bytes in, answer bytes out, the order stored.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/crypto/rsa.hpp"
#include "core/v2/message.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/sign.hpp"

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

/// The demo merchant's order through API V3, signed at `at`.
http::Request v3_order(const std::string& number, const sandbox::Merchant& merchant,
                       const RsaPrivateKey& key, Instant at) {
    http::Request request = post(
        "/v3/pay/transactions/jsapi",
        R"({"appid":"wx8888888888888888","mchid":"1900000109",)"
        R"("description":"腾讯充值中心-QQ会员充值一个月，含优惠券","out_trade_no":")" +
            number +
            R"(","attach":"北京朝阳门店;收银台03;会员卡",)"
            R"("notify_url":"http://127.0.0.1:9190/wxpay/notify","amount":{"total":888,"currency":"CNY"},)"
            R"("payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},)"
            R"("scene_info":{"payer_client_ip":"14.23.150.211","device_id":"WEB"}})");
    request.target = request.path;
    request.headers.set("Content-Type", "application/json");
    request.headers.add("Accept", "application/json");
    request.headers.add("User-Agent", "bench");
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
    v3::Authorization authorization{merchant.mch_id.str(),
                                    "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
                                    std::to_string(seconds),
                                    merchant.serial_no,
                                    {}};
    authorization.signature =
        key.sign_sha256(v3::request_string(request.method, request.target, authorization.timestamp,
                                           authorization.nonce_str, request.body));
    request.headers.add("Authorization", v3::render_authorization(authorization));
    return request;
}

/// The same through API V3: verified, stored, answered with a signature. Wanted: little more than
/// the RSA in it.
void v3_prepay(benchmark::State& state) {
    sandbox::Config config = manual_config();
    config.settings.virtual_wire = true;  // timestamps stay good while the clock stands
    sandbox::Server server(std::move(config));
    const sandbox::Merchant& merchant = *server.context().directory.find_merchant("1900000109");
    const RsaPrivateKey key = RsaPrivateKey::from_pem(merchant.certificate->key).value();
    const Instant now = server.context().wire_clock.now();
    demand(state, server.app().handle(v3_order("BENCH-FIRST", merchant, key, now)), "prepay_id");
    constexpr int kBatch = 250;
    std::vector<http::Request> requests;
    int number = 0;
    for ([[maybe_unused]] auto _ : state) {
        if (requests.empty()) {
            state.PauseTiming();
            for (int i = 0; i < kBatch; ++i) {
                requests.push_back(
                    v3_order("BENCH" + std::to_string(number++), merchant, key, now));
            }
            state.ResumeTiming();
        }
        benchmark::DoNotOptimize(server.app().handle(std::move(requests.back())));
        requests.pop_back();
    }
}
BENCHMARK(v3_prepay);

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
