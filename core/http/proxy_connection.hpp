#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/descriptor.hpp"
#include "core/http/forward_proxy.hpp"
#include "core/http/name_lookup.hpp"
#include "core/http/response_writer.hpp"

namespace asio {
class io_context;
}  // namespace asio

namespace wxpay::http {

/// What all connections of a proxy use; it outlives them.
struct ProxyContext {
    asio::io_context& io;
    NameLookup& lookup;
    const ForwardProxy::Options& options;
    const Stopwatch& stopwatch;
    ResponseWriter& writer;
    std::vector<char>& scratch;  ///< what was just read, until it is sent or put away

    // The other threads look at these.
    std::atomic<std::size_t> tunnels{0};
    std::atomic<std::uint64_t> tunnels_total{0};
    std::atomic<std::uint64_t> requests_total{0};
    std::atomic<std::uint64_t> refused_total{0};
};

/// One client of a proxy, and the connection that is made for it. Lives on the proxy's thread.
class ProxyConnection {
  public:
    /// socket  an accepted one
    /// ended   called once, when nothing is open any more
    static std::shared_ptr<ProxyConnection> create(ProxyContext& context, Descriptor socket,
                                                   std::function<void(ProxyConnection&)> ended);
    virtual ~ProxyConnection() = default;

    virtual void start() = 0;
    /// Instead of start(): there is no room.
    virtual void turn_away() = 0;
    /// Ends what has passed its deadline.
    virtual void expire(Millis now) = 0;
    /// Ends as soon as what has arrived for the client is sent.
    virtual void finish() = 0;
    virtual void close() = 0;
};

}  // namespace wxpay::http
