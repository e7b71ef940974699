#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"

#include "merchant/config.hpp"

namespace wxpay::merchant {

/// The shop, listening.
class Server {
  public:
    /// Opens the books. Throws std::runtime_error that names the option at fault.
    explicit Server(Config config);
    ~Server();  ///< stops
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Listens and begins to reconcile; once. Fails with `unreachable` when the address cannot be
    /// bound.
    Result<void> start();
    /// Answers what is under way, then ends. At most as long as one call to WeChat may take.
    void stop();

    /// "http://host:port", once started.
    std::string base_url() const;
    const std::string& notify_url() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::merchant
