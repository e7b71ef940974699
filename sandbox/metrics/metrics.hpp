#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/http/forward_proxy.hpp"

namespace wxpay::sandbox {

struct Exchange;

/// What is counted while the sandbox runs, for Prometheus. Labels only take values that we know:
/// a client cannot make up new ones. Thread-safe.
class Metrics {
  public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// A call was answered, or a callback's attempt has ended.
    void count(const Exchange& exchange);
    /// A timer fired so long after it was due; business time.
    void count_timer(Millis lag);

    /// The page has the proxy's counts from now on. Once, before anybody asks for the page.
    void watch_proxy(std::function<http::ForwardProxy::Counts()> counts);

    /// What stands at this moment.
    struct Standing {
        Instant now;  ///< business time
        std::size_t notifications_pending = 0;
        std::size_t notifications_delivered = 0;
        std::size_t notifications_exhausted = 0;
        std::size_t timers = 0;
        std::size_t exchanges = 0;
        std::size_t exchange_bytes = 0;
        std::uint64_t exchanges_dropped = 0;
        std::size_t event_streams = 0;
        std::size_t faults = 0;
    };
    /// All of it in Prometheus' text format.
    std::string text(const Standing& standing);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::sandbox
