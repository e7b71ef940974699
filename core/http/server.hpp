#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/http/message.hpp"
#include "core/http/tls.hpp"

namespace wxpay::http {

/// An HTTP/1.1 server: cpp-httplib accepts connections and writes responses, our own readiness loop
/// owns the connections and finds the requests. A fixed number of workers serves any number of
/// connections; only whole requests reach the handler, whatever their method. Answers leave in one
/// send. Header lines about length and connection are the server's; a handler's "Connection: close"
/// and "Keep-Alive" are heeded.
class Server {
  public:
    struct Options {
        std::string host = "127.0.0.1";
        int port = 0;                   ///< 0: any free one; see port()
        std::optional<TlsOptions> tls;  ///< nothing: plain HTTP
        std::size_t workers = 8;
        std::size_t head_bytes_max = 16 * 1024;    ///< request line and headers; over it: 431
        std::size_t body_bytes_max = 1024 * 1024;  ///< decoded body; over it: 413
        std::size_t connections_max = 10'000;      ///< over it: the newest is closed at once
        /// From the first byte of a request or of a TLS handshake to its last; over it: 408 and the
        /// connection is closed. A peer that ends its side while it waits for a promised answer, so
        /// that one cannot tell whether it has gone, has as long left.
        Millis request_timeout = std::chrono::seconds(10);
        /// Between requests of a kept connection, and before the first; over it: closed.
        Millis idle_timeout = std::chrono::seconds(75);
        /// For the peer to take the whole answer; over it: closed.
        Millis send_timeout = std::chrono::seconds(10);
        /// Answers what never becomes a request: 400, 413, 431, 501, 505, and a detail for people.
        /// `target` is the request line's, empty when that could not be read. When this is empty
        /// or gives nothing, the detail is sent as a text.
        std::function<std::optional<Response>(int status, std::string_view detail,
                                              const std::string& target)>
            refuse;
        const Stopwatch* stopwatch =
            nullptr;  ///< for the deadlines; nullptr: the machine's. Must outlive the server
    };

    /// The server is not listening yet. `handler` is called by the workers.
    Server(Options options, Handler handler);
    ~Server();  ///< stops
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds; connections queue up until start(). Once. Fails with `unreachable` when the address
    /// cannot be bound; the detail says why (in use, no permission, unknown host). A port that
    /// another server holds is never shared. Fails with `malformed` when the TLS options are
    /// unusable.
    Result<void> listen();
    /// Begins to serve in threads of its own; once. Listens first, unless that was done.
    Result<void> start();

    /// The port that is listened on, once it is.
    int port() const;

    /// Closes whatever has passed its deadline. The server calls it by itself about once a second.
    void check_deadlines();

    /// How many connections are open.
    std::size_t connections() const;

    /// Stops accepting, lets handlers that run finish and their answers leave, closes everything,
    /// joins the threads. Prompt: idle connections do not delay it. Promised answers that did not
    /// come yet are given up; streams end behind what was written. Not for handlers.
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::http
