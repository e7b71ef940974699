// A sandbox with much in it: what an order costs in memory, whether a million of them slow the
// calls down, and a day of callbacks that nobody answers. Their names begin with "scale/": they
// take minutes, and scripts/bench.sh runs them by themselves.
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>
#include <variant>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include "core/v2/message.hpp"

#include "bench/calls.hpp"
#include "bench/messages.hpp"
#include "sandbox/server.hpp"

namespace wxpay::bench {
namespace {

constexpr int kOrders = 1'000'000;

/// Of this process, resident.
std::int64_t memory_in_use() {
    std::ifstream statm("/proc/self/statm");
    std::int64_t total = 0;
    std::int64_t resident = 0;
    statm >> total >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

std::string number(int order) { return "S" + std::to_string(order); }

/// A server with kOrders unpaid orders that came one after another by unifiedorder: in memory, or
/// in a directory.
class Loaded {
  public:
    explicit Loaded(bool in_directory) {
        sandbox::Config config = manual_config();
        if (in_directory) {
            directory_ = std::filesystem::temp_directory_path() /
                         ("wxpay-bench-" + std::to_string(::getpid()));
            std::filesystem::create_directories(directory_);
            config.data = directory_;
        }
        server_ = std::make_unique<sandbox::Server>(std::move(config));
        const std::int64_t before = memory_in_use();
        for (int i = 0; i < kOrders; ++i)
            server_->app().handle(
                post("/pay/unifiedorder", order_xml(number(i), v2::SignType::md5)));
        bytes_per_order_ = static_cast<double>(memory_in_use() - before) / kOrders;
    }
    ~Loaded() {
        server_.reset();
        if (!directory_.empty()) std::filesystem::remove_all(directory_);
    }
    Loaded(const Loaded&) = delete;
    Loaded& operator=(const Loaded&) = delete;

    sandbox::App& app() { return server_->app(); }
    double bytes_per_order() const { return bytes_per_order_; }
    /// The numbers of stored orders, in an order that no cache likes.
    std::string any_number() { return number(static_cast<int>((at_ += 7'368'787) % kOrders)); }

    /// The one of that kind; only one exists at a time.
    static Loaded& get(bool in_directory) {
        static std::pair<bool, std::unique_ptr<Loaded>> the;
        if (!the.second || the.first != in_directory) {
            the.second.reset();
            the = {in_directory, std::make_unique<Loaded>(in_directory)};
        }
        return *the.second;
    }

  private:
    std::filesystem::path directory_;
    std::unique_ptr<sandbox::Server> server_;
    double bytes_per_order_ = 0;
    std::uint64_t at_ = 0;
};

void million_unified_order(benchmark::State& state) {
    Loaded& loaded = Loaded::get(state.range(0) == 1);
    static int next = kOrders;
    for ([[maybe_unused]] auto _ : state) {
        state.PauseTiming();
        http::Request request =
            post("/pay/unifiedorder", order_xml(number(next++), v2::SignType::md5));
        state.ResumeTiming();
        demand(state, loaded.app().handle(std::move(request)), "<prepay_id>");
    }
    state.counters["bytes_per_order"] = loaded.bytes_per_order();
}
BENCHMARK(million_unified_order)
    ->Name("scale/unified_order")
    ->ArgName("directory")
    ->Arg(0)
    ->Iterations(10'000)
    ->UseRealTime();

void million_order_query(benchmark::State& state) {
    Loaded& loaded = Loaded::get(state.range(0) == 1);
    for ([[maybe_unused]] auto _ : state) {
        state.PauseTiming();
        http::Request request =
            signed_call("/pay/orderquery", caller().text("out_trade_no", loaded.any_number()));
        state.ResumeTiming();
        demand(state, loaded.app().handle(std::move(request)), "NOTPAY");
    }
}
BENCHMARK(million_order_query)
    ->Name("scale/order_query")
    ->ArgName("directory")
    ->Arg(0)
    ->Iterations(10'000)
    ->UseRealTime();

/// A page of the newest hundred.
void million_list(benchmark::State& state) {
    Loaded& loaded = Loaded::get(state.range(0) == 1);
    for ([[maybe_unused]] auto _ : state)
        demand(state, loaded.app().handle(control("GET", "/_sandbox/v1/orders")), "next_cursor");
}
BENCHMARK(million_list)
    ->Name("scale/list_orders")
    ->ArgName("directory")
    ->Arg(0)
    ->Iterations(200)
    ->UseRealTime();

BENCHMARK(million_unified_order)
    ->Name("scale/unified_order")
    ->ArgName("directory")
    ->Arg(1)
    ->Iterations(10'000)
    ->UseRealTime();
BENCHMARK(million_order_query)
    ->Name("scale/order_query")
    ->ArgName("directory")
    ->Arg(1)
    ->Iterations(10'000)
    ->UseRealTime();
BENCHMARK(million_list)
    ->Name("scale/list_orders")
    ->ArgName("directory")
    ->Arg(1)
    ->Iterations(200)
    ->UseRealTime();

/// 10,000 paid orders whose merchant is not there: sixteen attempts each, over sockets, in one
/// advance of the clock.
void unanswered(benchmark::State& state) {
    constexpr int kUnanswered = 10'000;
    constexpr int kAttempts = 16;
    for ([[maybe_unused]] auto _ : state) {
        state.PauseTiming();
        sandbox::Server server(manual_config());
        if (!server.start()) return state.SkipWithError("the server does not start");
        const std::int64_t before = memory_in_use();
        for (int i = 0; i < kUnanswered; ++i) {
            server.app().handle(post("/pay/unifiedorder", order_xml(number(i), v2::SignType::md5)));
            server.app().handle(
                control("POST", "/_sandbox/v1/orders/1900000109:" + number(i) + "/pay"));
        }
        state.ResumeTiming();
        const auto answer = server.app().handle(
            control("POST", "/_sandbox/v1/clock/advance", R"({"seconds":90000})"));
        std::promise<http::Response> moved;
        std::get<http::Later>(answer)(
            [&](http::Response response) { moved.set_value(std::move(response)); });
        const auto counts = nlohmann::json::parse(moved.get_future().get().body);
        if (counts.value("failed", 0) != kUnanswered * kAttempts)
            return state.SkipWithError("not every attempt was made");
        state.counters["bytes_per_order"] =
            static_cast<double>(memory_in_use() - before) / kUnanswered;
        state.counters["us_per_attempt"] =
            benchmark::Counter(kUnanswered * kAttempts / 1e6,
                               benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    }
}
BENCHMARK(unanswered)
    ->Name("scale/unanswered_16_times/10000")
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace wxpay::bench
