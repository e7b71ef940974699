#pragma once

#include <functional>

#include "sandbox/context.hpp"
#include "sandbox/timers/scheduler.hpp"
#include "sandbox/timers/timer.hpp"

namespace wxpay::sandbox {

/// Does what a timer is for: the scheduler's handler.
void fire(const Timer& timer, Context& context, const std::function<void(Scheduler::Fired)>& done);

}  // namespace wxpay::sandbox
