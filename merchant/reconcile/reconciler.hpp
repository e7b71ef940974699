#pragma once

#include <thread>

#include "merchant/context.hpp"

namespace wxpay::merchant {

/// A thread that reconciles again and again until it is destroyed, which waits for no more than the
/// one question to WeChat that is under way.
class Reconciler {
  public:
    /// The first round comes at once: callbacks may have come to nothing while we were down.
    /// `context` must outlive it.
    Reconciler(const Context& context, Millis every);

  private:
    std::jthread thread_;
};

}  // namespace wxpay::merchant
