#include "sandbox/products/steps.hpp"

#include <array>

#include "sandbox/products/profit_sharing.hpp"
#include "sandbox/products/transfer_batch.hpp"
#include "sandbox/products/transfer_bill.hpp"

namespace wxpay::sandbox {
namespace {

struct Steps {
    std::string_view kind;  ///< of the document
    void (*take)(Work& work, const Document& document);
};

/// One row for each product whose documents have timers.
constexpr std::array kSteps{Steps{kSharingKind, step_profit_sharing},
                            Steps{kTransferBillKind, step_transfer_bill},
                            Steps{kTransferBatchKind, step_transfer_batch}};

}  // namespace

void take_step(Work& work, const Document& document) {
    for (const Steps& steps : kSteps) {
        if (steps.kind == document.kind) return steps.take(work, document);
    }
}

}  // namespace wxpay::sandbox
