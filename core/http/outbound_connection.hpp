#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/http/dispatcher.hpp"
#include "core/http/name_lookup.hpp"
#include "core/http/url.hpp"

namespace asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace asio

namespace wxpay::http {

/// What all connections of a dispatcher use; it outlives them.
struct OutboundContext {
    asio::io_context& io;
    std::function<asio::ssl::context&()> tls;
    NameLookup& lookup;
    const Dispatcher::Options& options;
    const Stopwatch& stopwatch;
};

/// A request as it goes over the wire.
struct OutboundRequest {
    std::shared_ptr<const std::string>
        bytes;             ///< shared with the write, which may outlast the request
    bool is_head = false;  ///< whose answer has no body
    Millis timeout{0};
    std::optional<std::size_t> cut_at = {};  ///< of the bytes: only so many leave, on a new link
};

/// A connection to one origin, for one request at a time. It opens itself when the first request
/// comes, and again when the peer turns out to have closed it since the last one. Lives on the
/// dispatcher's thread.
class OutboundConnection {
  public:
    using Ended = std::function<void(Outcome)>;

    static std::shared_ptr<OutboundConnection> create(OutboundContext& context, const Url& url);
    virtual ~OutboundConnection() = default;

    /// `ended` is called exactly once, after this has returned; only then may the next request
    /// come.
    virtual void send(OutboundRequest request, Ended ended) = 0;
    /// Whether the last answer left the connection open for another request.
    virtual bool is_open() const = 0;
    /// Between requests: calls `closed` when the peer closes or kept_connection_idle_max is over.
    virtual void keep(std::function<void()> closed) = 0;
    /// A request under way ends as unreachable, "shutting down"; `closed` is not called.
    virtual void close() = 0;
};

}  // namespace wxpay::http
