#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/certificates/identity.hpp"

namespace wxpay::test {

/// A blocking TLS client of 127.0.0.1 that trusts one authority. Failures throw
/// std::runtime_error, which fails the test; so do waits of more than 20 seconds.
class TlsClient {
  public:
    struct Options {
        std::string authority;            ///< PEM
        std::string host = "localhost";   ///< whose certificate it wants
        sandbox::Identity identity = {};  ///< shown when asked; empty: none
        int version = 0;                  ///< OpenSSL's number of the only one; 0: any
        bool tickets = true;              ///< takes session tickets, or remembers by id
        int receive_buffer = 0;           ///< as RawSocket's
        std::string tunnel_to = {};       ///< HOST:PORT that a proxy leads to; empty: no proxy
    };
    struct Session;  ///< what resumes one

    /// Connects and shakes hands.
    TlsClient(int port, const Options& options, const Session* resume = nullptr);
    ~TlsClient();
    TlsClient(TlsClient&& other) noexcept;
    TlsClient& operator=(TlsClient&&) = delete;

    void send(std::string_view bytes);
    /// Bytes that are a TLS record's beginning, or nothing of the kind.
    void send_unencrypted(std::string_view bytes);
    /// One HTTP response with a Content-Length.
    std::string recv_response();
    /// Everything until the peer's close_notify. Throws when it closes without.
    std::string recv_all();
    void say_goodbye();  ///< close_notify; the socket stays open

    bool resumed() const;
    int version() const;
    /// The names that the CertificateRequest listed.
    std::vector<std::string> asked_for() const;
    /// What was kept of this connection's session; in TLS 1.3, once an answer has been read.
    std::shared_ptr<const Session> session() const;

  private:
    bool receive();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::test
