#include "sandbox/metrics/metrics.hpp"

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <shared_mutex>
#include <string_view>
#include <utility>

#include "sandbox/exchanges/exchange_log.hpp"
#include "sandbox/version.hpp"

namespace wxpay::sandbox {
namespace {

template <class Metric>
using Family = prometheus::Family<Metric>;
using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using Buckets = Histogram::BucketBoundaries;

// In seconds.
const Buckets kCallBuckets{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.1, 1};
const Buckets kCallbackBuckets{0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10};
const Buckets kLagBuckets{0.001, 0.01, 0.1, 1, 10, 100, 1000};

/// For paths that are none of WeChat's.
const std::string kUnknownPath = "other";

template <class Builder>
auto& family(Builder builder, const char* name, const char* help, prometheus::Registry& registry) {
    return builder.Name(name).Help(help).Register(registry);
}

double seconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

class Metrics::Impl {
  public:
    Impl() {
        family(prometheus::BuildGauge(), "wxpay_sandbox_build_info", "Its version, as a label.",
               registry)
            .Add({{"version", std::string(kVersion)}})
            .Set(1);
    }

    /// The counters of one endpoint; they are found without making labels.
    struct Endpoint {
        std::map<std::string, Counter*, std::less<>> calls;  // by verdict
        Histogram* duration = nullptr;
    };

    void count_call(const Exchange& exchange) {
        const std::string& path = exchange.endpoint.empty() ? kUnknownPath : exchange.endpoint;
        const auto [counter, duration] = call_series(path, exchange.verdict);
        counter->Increment();
        duration->Observe(seconds(exchange.took));
    }

    void count_callback(const Exchange& exchange) {
        attempts.Add({{"verdict", exchange.verdict}}).Increment();
        attempt_duration.Observe(seconds(exchange.latency));
    }

    void count_fault(const Exchange& exchange) {
        const bool is_call = exchange.kind == Exchange::Kind::api;
        const std::string_view effect = wire_name(exchange.fault->effect.kind);
        faults_injected
            .Add({{"on", is_call ? "api" : "notify"},
                  {"effect", effect.empty() ? "delay" : std::string(effect)}})
            .Increment();
    }

    prometheus::Registry registry;
    Family<Counter>& calls = family(prometheus::BuildCounter(), "wxpay_sandbox_api_requests_total",
                                    "API calls by endpoint and verdict.", registry);
    Family<Histogram>& call_duration =
        family(prometheus::BuildHistogram(), "wxpay_sandbox_api_request_duration_seconds",
               "Time to make an answer, by endpoint; delays that a fault asks for do not count.",
               registry);
    Family<Counter>& attempts =
        family(prometheus::BuildCounter(), "wxpay_sandbox_callback_attempts_total",
               "Callbacks that were sent, by the verdict on the merchant's answer.", registry);
    Histogram& attempt_duration =
        family(prometheus::BuildHistogram(), "wxpay_sandbox_callback_duration_seconds",
               "Time that merchants took to answer a callback.", registry)
            .Add({}, kCallbackBuckets);
    Family<Counter>& faults_injected =
        family(prometheus::BuildCounter(), "wxpay_sandbox_faults_injected_total",
               "What went wrong on purpose.", registry);
    Histogram& timer_lag =
        family(prometheus::BuildHistogram(), "wxpay_sandbox_timer_lag_seconds",
               "From when a timer was due to when it fired, in the sandbox's time.", registry)
            .Add({}, kLagBuckets);
    Family<Gauge>& notifications = family(prometheus::BuildGauge(), "wxpay_sandbox_notifications",
                                          "Notifications by their state.", registry);
    Gauge& timers = gauge("wxpay_sandbox_timers", "Timers that are set.");
    Gauge& exchanges = gauge("wxpay_sandbox_exchanges", "Exchanges that can be looked at.");
    Gauge& exchange_bytes = gauge("wxpay_sandbox_exchanges_bytes", "What they hold in memory.");
    Counter& exchanges_dropped = counter("wxpay_sandbox_exchanges_dropped_total",
                                         "Exchanges that went because there was no room.");
    Gauge& event_streams = gauge("wxpay_sandbox_event_streams", "Event streams that are open.");
    Gauge& faults = gauge("wxpay_sandbox_faults", "Faults that are in force.");
    Gauge& clock = gauge("wxpay_sandbox_clock_seconds", "The sandbox's time, since 1970.");

    /// Of the forward proxy; there when there is one.
    struct ProxySeries {
        std::function<http::ForwardProxy::Counts()> counts;
        Gauge& connections;
        Gauge& tunnels;
        Counter& tunnels_total;
        Counter& requests_total;
        Counter& refused_total;
    };
    std::optional<ProxySeries> proxy;

    void watch_proxy(std::function<http::ForwardProxy::Counts()> counts) {
        proxy.emplace(ProxySeries{
            std::move(counts),
            gauge("wxpay_sandbox_proxy_connections", "Clients that the proxy has at the moment."),
            gauge("wxpay_sandbox_proxy_tunnels", "Tunnels through the proxy that are open."),
            counter("wxpay_sandbox_proxy_tunnels_total", "Tunnels that were opened."),
            counter("wxpay_sandbox_proxy_requests_total",
                    "Requests that were forwarded without a tunnel."),
            counter("wxpay_sandbox_proxy_refused_total",
                    "Requests to the proxy that it answered itself, with an error.")});
    }

    /// What somebody else counts.
    static void raise(Counter& counter, std::uint64_t to) {
        const double more = static_cast<double>(to) - counter.Value();
        if (more > 0) counter.Increment(more);
    }

  private:
    Gauge& gauge(const char* name, const char* help) {
        return family(prometheus::BuildGauge(), name, help, registry).Add({});
    }
    Counter& counter(const char* name, const char* help) {
        return family(prometheus::BuildCounter(), name, help, registry).Add({});
    }

    std::pair<Counter*, Histogram*> call_series(const std::string& path,
                                                const std::string& verdict) {
        {
            const std::shared_lock lock(mutex_);
            if (const auto found = endpoints_.find(path); found != endpoints_.end()) {
                const Endpoint& endpoint = found->second;
                if (const auto counter = endpoint.calls.find(verdict);
                    counter != endpoint.calls.end())
                    return {counter->second, endpoint.duration};
            }
        }
        const std::unique_lock lock(mutex_);
        Endpoint& endpoint = endpoints_[path];
        if (endpoint.duration == nullptr)
            endpoint.duration = &call_duration.Add({{"endpoint", path}}, kCallBuckets);
        Counter*& counter = endpoint.calls[verdict];
        counter = &calls.Add({{"endpoint", path}, {"verdict", verdict}});
        return {counter, endpoint.duration};
    }

    std::shared_mutex mutex_;
    std::map<std::string, Endpoint, std::less<>> endpoints_;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::count(const Exchange& exchange) {
    if (exchange.kind == Exchange::Kind::api) {
        impl_->count_call(exchange);
    } else {
        impl_->count_callback(exchange);
    }
    if (exchange.fault) impl_->count_fault(exchange);
}

void Metrics::watch_proxy(std::function<http::ForwardProxy::Counts()> counts) {
    impl_->watch_proxy(std::move(counts));
}

void Metrics::count_timer(Millis lag) { impl_->timer_lag.Observe(seconds(lag)); }

std::string Metrics::text(const Standing& standing) {
    const auto set = [](Gauge& gauge, std::size_t value) { gauge.Set(static_cast<double>(value)); };
    const std::pair<const char*, std::size_t> states[] = {
        {"pending", standing.notifications_pending},
        {"delivered", standing.notifications_delivered},
        {"exhausted", standing.notifications_exhausted}};
    for (const auto& [state, count] : states)
        set(impl_->notifications.Add({{"state", state}}), count);
    set(impl_->timers, standing.timers);
    set(impl_->exchanges, standing.exchanges);
    set(impl_->exchange_bytes, standing.exchange_bytes);
    set(impl_->event_streams, standing.event_streams);
    set(impl_->faults, standing.faults);
    impl_->clock.Set(seconds(standing.now.time_since_epoch()));
    Impl::raise(impl_->exchanges_dropped, standing.exchanges_dropped);
    if (const auto& proxy = impl_->proxy) {
        const auto counts = proxy->counts();
        set(proxy->connections, counts.connections);
        set(proxy->tunnels, counts.tunnels);
        Impl::raise(proxy->tunnels_total, counts.tunnels_total);
        Impl::raise(proxy->requests_total, counts.requests_total);
        Impl::raise(proxy->refused_total, counts.refused_total);
    }
    return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace wxpay::sandbox
