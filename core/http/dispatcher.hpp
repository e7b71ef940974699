#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/http/message.hpp"
#include "core/http/url.hpp"

namespace wxpay::http {

/// How one dispatched request ended.
struct Outcome {
    enum class Kind {
        answered,     ///< a complete HTTP response came; see `response`
        timed_out,    ///< connected, but no complete response within the timeout
        unreachable,  ///< no name, no connection, no TLS, or it broke before a response; or the
                      ///< request cannot be sent as HTTP
        not_allowed,  ///< the target's address is not one we may send to; nothing was sent
        malformed,    ///< something came, but it is not HTTP, or over the limits
    };
    Kind kind = Kind::unreachable;
    Response response;  ///< for `answered`
    Millis latency{0};  ///< from leaving the host's queue to the verdict, by the stopwatch
    /// For people: "connection refused", "no answer within 5 s", …; empty when answered. For
    /// not_allowed it is the address alone, for whoever forbade it knows why.
    std::string reason;
};

/// Sends many requests at once from one thread, for callbacks to merchants: each host has its own
/// queue and its own connections, so that a slow or dead host never delays another. Connections are
/// kept and used again. Redirects are not followed; proxies are not used.
class Dispatcher {
  public:
    struct Options {
        std::size_t in_flight_per_host_max = 4;
        std::size_t queued_per_host_max = 1'000'000;
        std::size_t response_bytes_max = 64 * 1024;
        Millis kept_connection_idle_max = std::chrono::seconds(15);
        /// PEM roots instead of the system's, for https targets; always verified.
        std::string ca_file;
        /// Says whether a resolved IP address (textual, v4 or v6) may be connected to, given the
        /// url's host name. It is asked for the very address that is then connected to. Empty:
        /// every address may.
        std::function<bool(const std::string& host, const std::string& address)> allow;
        /// Turns a host name (never an address) into addresses. Blocks; is called on threads of its
        /// own that may outlive the dispatcher, once for each new connection. Empty: hosts file and
        /// name servers, as the machine does.
        std::function<Result<std::vector<std::string>>(const std::string& name)> resolve;
        /// For latencies, and for what each address has of a request's time; nullptr: the
        /// machine's. Must outlive the dispatcher.
        const Stopwatch* stopwatch = nullptr;
    };
    using Done = std::function<void(Outcome)>;

    /// Throws when ca_file cannot be read.
    explicit Dispatcher(Options options);
    ~Dispatcher();  ///< stops
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    /// Sends `request.body` by `request.method` to `url` with `request.headers` (Host,
    /// Content-Length are added; path and query come from the url). `timeout` counts from when the
    /// request leaves its host's queue: connecting, sending and the whole answer. `done` is called
    /// exactly once, on the dispatcher's thread, and must not block. A kept connection that the
    /// peer has closed in the meantime is replaced by a new one once, silently. Thread-safe, `done`
    /// may call it, and what it throws is lost. After stop(), `done` is called at once by the
    /// caller's own thread.
    void send(const Url& url, const Request& request, Millis timeout, Done done);

    /// The same, but the connection, a new one, is cut once `body_bytes` of the body have left;
    /// without a number, before anything has. Whatever the peer says, it ends as unreachable.
    void send_and_cut(const Url& url, const Request& request, std::optional<std::size_t> body_bytes,
                      Millis timeout, Done done);

    /// Requests queued or in flight.
    std::size_t pending() const;

    /// Gives up everything: pending requests end as unreachable ("shutting down"). Joins the
    /// thread. Not for `done`.
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::http
