#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/http/channel.hpp"

namespace wxpay::http {

/// What a TLS listener shows, and whose certificates it asks for. All of it PEM.
struct TlsOptions {
    std::string certificates;  ///< its own first, then those that lead to its root
    Secret key;                ///< of the first one
    /// Whose certificates clients are asked for, and no others are named to them: many clients send
    /// none when its issuer is not named. Empty: none is asked for. Nobody has to have one, and
    /// another one is no reason to refuse the handshake; see ClientCertificate::trusted.
    std::string client_authorities;
};

/// Makes TLS channels, versions 1.2 and 1.3, with session resumption. Thread-safe.
class TlsContext {
  public:
    /// Fails with malformed when the options are not PEM or do not belong together.
    static Result<std::unique_ptr<TlsContext>> create(const TlsOptions& options);
    ~TlsContext();

    /// The server's side of a new connection. The channel may outlive the context.
    std::unique_ptr<Channel> open(Descriptor socket) const;

  private:
    struct Impl;
    explicit TlsContext(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::http
