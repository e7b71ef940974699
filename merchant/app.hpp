#pragma once

#include "core/http/message.hpp"

#include "merchant/context.hpp"

namespace wxpay::merchant {

/// The shop as a function from request to answer. Thread-safe.
class App {
  public:
    /// `context`, and whatever it refers to, must outlive the app.
    explicit App(const Context& context) : context_(context) {}

    http::Answer handle(const http::Request& request) const;

  private:
    const Context& context_;
};

}  // namespace wxpay::merchant
