#include "merchant/reconcile/reconciler.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>

#include "merchant/reconcile/reconcile.hpp"
#include "merchant/reconcile/refunds.hpp"

namespace wxpay::merchant {
namespace {

void run(const std::stop_token& stop, const Context& context, Millis every) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
        try {
            reconcile(context, stop);
            reconcile_refunds(context, stop);
        } catch (const std::exception& problem) {
            // The disk may have room again later; a thread that is gone never comes back.
            context.report(Severity::error, std::string("reconcile: ") + problem.what());
        }
        woken.wait_for(lock, stop, every, [] { return false; });
    }
}

}  // namespace

Reconciler::Reconciler(const Context& context, Millis every)
    : thread_([&context, every](const std::stop_token& stop) { run(stop, context, every); }) {}

}  // namespace wxpay::merchant
