#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "core/base/clock.hpp"
#include "core/http/dispatcher.hpp"
#include "core/http/message.hpp"
#include "core/http/url.hpp"

namespace wxpay::sandbox {

/// How callbacks leave: sockets in service, a record in tests.
class Sender {
  public:
    virtual ~Sender() = default;
    /// As http::Dispatcher::send(): `done` is called exactly once, from any thread, also at once.
    virtual void send(const http::Url& url, const http::Request& request, Millis timeout,
                      std::function<void(http::Outcome)> done) = 0;
    /// As http::Dispatcher::send_and_cut().
    virtual void send_and_cut(const http::Url& url, const http::Request& request,
                              std::optional<std::size_t> body_bytes, Millis timeout,
                              std::function<void(http::Outcome)> done) = 0;
};

}  // namespace wxpay::sandbox
