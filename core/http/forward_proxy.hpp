#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/http/proxy_message.hpp"

namespace wxpay::http {

/// A forward proxy for HTTP/1.1 in one thread of its own: tunnels (CONNECT), and requests whose
/// target is a whole url. It looks at the target of each request on a kept connection, and forwards
/// each over a new connection. Where a request may go is for others to say; see Route.
///
/// What one side does not take is no longer read from the other: a tunnel holds at most
/// buffer_bytes for each direction. Ends and resets of one side are handed on to the other.
class ForwardProxy {
  public:
    /// Where to connect to.
    struct Destination {
        std::string host;      ///< a name, or an IP address
        int port = 0;          ///< 1 to 65535
        bool trusted = false;  ///< Options::allow is not asked
    };
    struct Refusal {
        int status = 403;
        std::string reason;  ///< for people; printable
    };
    /// Decides about one request, on the proxy's thread; must not block. Throwing ends the client.
    using Route = std::function<std::variant<Destination, Refusal>(const ProxyRequest&)>;

    struct Options {
        std::string host = "127.0.0.1";
        int port = 0;  ///< 0: any free one; see port()
        Route route;
        /// Says whether a resolved IP address (textual) may be connected to, for a host that was
        /// named so. Empty: every address may.
        std::function<bool(const std::string& host, const std::string& address)> allow;
        /// As Dispatcher's: turns a host name into addresses; blocks, on a thread of its own.
        /// Empty: as the machine does.
        std::function<Result<std::vector<std::string>>(const std::string& name)> resolve;
        std::size_t connections_max = 4096;      ///< of clients; over it: 503
        std::size_t head_bytes_max = 16 * 1024;  ///< of a request; over it: 431
        std::size_t buffer_bytes = 64 * 1024;
        /// From the first byte of a request to the end of its head; over it: 408.
        Millis request_timeout = std::chrono::seconds(10);
        /// Before a request, on a new connection or a kept one; over it: closed.
        Millis idle_timeout = std::chrono::seconds(75);
        /// To find the addresses and connect to one, 2 s for each but the last; over it: 504.
        Millis connect_timeout = std::chrono::seconds(10);
        /// Without a byte of a tunnel or a forwarded request, or to take the last answer: closed.
        Millis silence_timeout = std::chrono::minutes(15);
        /// For the client to take a refusal, and to stop sending; over it: reset.
        Millis send_timeout = std::chrono::seconds(10);
        const Stopwatch* stopwatch =
            nullptr;  ///< for the deadlines; nullptr: the machine's. Must outlive the proxy
    };

    struct Counts {
        std::size_t connections = 0;  ///< of clients, open
        std::size_t tunnels = 0;      ///< open
        std::uint64_t tunnels_total = 0;
        std::uint64_t requests_total = 0;  ///< forwarded ones
        std::uint64_t refused_total = 0;   ///< answered by the proxy itself, with an error
        std::uint64_t wakeups = 0;         ///< things that its thread has done
    };

    explicit ForwardProxy(Options options);
    ~ForwardProxy();  ///< stops
    ForwardProxy(const ForwardProxy&) = delete;
    ForwardProxy& operator=(const ForwardProxy&) = delete;

    /// As http::Server's: binds; connections queue up until start(). Fails with `unreachable`.
    Result<void> listen();
    /// Begins to serve; once. Listens first, unless that was done.
    Result<void> start();

    /// The port that is listened on, once it is.
    int port() const;

    /// Thread-safe.
    Counts counts() const;

    /// Closes whatever has passed its deadline. The proxy calls it by itself about once a second.
    void check_deadlines();

    /// Stops accepting, hands on what has arrived for clients that take it, closes everything,
    /// joins the thread. Prompt.
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::http
