#pragma once

#include <optional>

#include "core/http/message.hpp"

#include "sandbox/context.hpp"

namespace wxpay::sandbox {

/// The whole sandbox as a function from a request to an answer: WeChat's own surface and the
/// control API. Needs no sockets; safe to call from several threads.
class App {
  public:
    explicit App(Context& context) : context_(context) {}
    http::Answer handle(http::Request request);

  private:
    http::Answer handle_wechat(http::Request given);
    std::optional<http::Response> respond(Exchange& exchange);

    Context& context_;
};

}  // namespace wxpay::sandbox
