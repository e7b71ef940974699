#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/http/message.hpp"

namespace wxpay::http {

/// Where requests go: a socket in service, a function in tests.
class Transport {
  public:
    virtual ~Transport() = default;
    /// Sends and waits. `request.path` may carry a query of its own in `request.query`.
    /// Fails with timed_out, unreachable or malformed, and with invalid_value when the request
    /// cannot be sent as HTTP; any HTTP status is a success.
    virtual Result<Response> send(const Request& request) = 0;
};

/// A blocking HTTP/1.1 client for one base url, by cpp-httplib. Thread-safe: each caller borrows a
/// kept connection.
class Client final : public Transport {
  public:
    struct Options {
        std::string
            base_url;  ///< http://host[:port] or https://host[:port], with an optional path prefix
        Millis connect_timeout = std::chrono::seconds(2);
        Millis answer_timeout = std::chrono::seconds(10);
        std::string
            ca_file;  ///< PEM roots instead of the system's; certificates are always verified
        std::string certificate_file = {};  ///< PEM, shown to an https server that asks for one
        std::string key_file = {};          ///< PEM, the certificate's key; both or neither
        std::size_t body_bytes_max = 16 * 1024 * 1024;
    };

    /// Fails with malformed when base_url is not one, and when the certificate's files cannot be
    /// read or do not belong together; the detail names the file. For https it makes the process
    /// ignore SIGPIPE, unless a handler has been set.
    static Result<std::unique_ptr<Client>> create(Options options);
    ~Client() override;
    Result<Response> send(const Request& request) override;

  private:
    class Impl;
    explicit Client(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::http
