#pragma once

#include <memory>
#include <vector>

#include "sandbox/context.hpp"

namespace wxpay::sandbox {

/// A change of the ledger with what it causes: one transaction, and after its commit the ones who
/// wait are told.
class Work {
  public:
    explicit Work(Context& context) : context_(context) {}
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    /// Begins the transaction at the first call: what is computed before it keeps nobody waiting.
    Transaction& store();
    Context& context() { return context_; }

    /// Something that will be due later.
    void schedule(Instant due, TimerKind kind, std::int64_t subject);
    /// Those who wait for this order look at it again after the commit.
    void changed(const Order& order);
    /// Those who listen for events hear of it after the commit, as of changed orders.
    void changed(const Notification& notification);
    /// Without it nothing has happened.
    void commit();

  private:
    Context& context_;
    std::unique_ptr<Transaction> transaction_;
    std::vector<std::int64_t> changed_;
    std::vector<std::int64_t> changed_notifications_;
    bool scheduled_ = false;
};

}  // namespace wxpay::sandbox
