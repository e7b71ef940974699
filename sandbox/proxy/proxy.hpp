#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/http/forward_proxy.hpp"

namespace wxpay::sandbox {

/// The forward proxy for merchants that have WeChat's address compiled in: with HTTPS_PROXY set to
/// it, what they send to WeChat's hosts arrives at the sandbox's own listeners.
///
/// It never connects to a real WeChat host, whatever the spelling: those that the sandbox does not
/// play, and ports that it does not play, are refused. Other hosts are refused too, or passed
/// through; addresses that callbacks never go to (metadata and the like) are refused even then.
class Proxy {
  public:
    /// Where a listener of the sandbox can be reached.
    struct Place {
        std::string host;
        int port = 0;
    };
    struct Options {
        std::string host = "127.0.0.1";
        int port = 0;                ///< 0: any free one
        bool passes_others = false;  ///< hosts that are not WeChat's
        Place http;
        Place https;
        /// As http::ForwardProxy's.
        std::function<Result<std::vector<std::string>>(const std::string& name)> resolve = {};
    };

    explicit Proxy(const Options& options);
    ~Proxy();  ///< stops
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    /// Binds. Fails with `unreachable`; the detail says why.
    Result<void> listen();
    Result<void> start();
    /// Prompt. The listeners stop before it, so that their last answers arrive.
    void stop();

    int port() const;
    http::ForwardProxy::Counts counts() const;

  private:
    std::unique_ptr<http::ForwardProxy> engine_;
};

}  // namespace wxpay::sandbox
