#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "core/base/descriptor.hpp"
#include "core/base/result.hpp"

namespace wxpay::http {

/// The listening socket and the thread that accepts from it, by cpp-httplib.
class Acceptor {
  public:
    /// Gets each accepted socket, on the accepting thread. When it throws, the socket is closed and
    /// the next one comes.
    using Adopt = std::function<void(Descriptor socket)>;

    explicit Acceptor(Adopt adopt);
    ~Acceptor();  ///< stops

    /// Binds and listens; connections queue up until start(). Fails with unreachable and says why.
    Result<void> listen(const std::string& host, int port);
    void start();
    void stop();

    /// Of the listening socket; 0 before.
    int port() const { return port_; }

  private:
    class Listener;
    std::unique_ptr<Listener> listener_;
    std::thread thread_;
    int port_ = 0;
};

}  // namespace wxpay::http
