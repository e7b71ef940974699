#pragma once

#include <cstdint>
#include <span>

#include "sandbox/context.hpp"

namespace wxpay::sandbox {

// What the event stream says about a change that has been committed: the same JSON as the control
// API's lists. Nothing is read or written while nobody listens.

/// How these orders stand by now; each once.
void announce_orders(const Context& context, std::span<const std::int64_t> ids);
/// How these callbacks stand by now; each once.
void announce_notifications(const Context& context, std::span<const std::int64_t> ids);
/// That it has ended: to the listeners, the metrics, the verdict and the log.
void announce_exchange(const Context& context, const Exchange& exchange);
void announce_clock(const Context& context);

}  // namespace wxpay::sandbox
