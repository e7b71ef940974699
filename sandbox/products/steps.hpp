#pragma once

#include "sandbox/ledger/work.hpp"
#include "sandbox/store/store.hpp"

namespace wxpay::sandbox {

/// What a product beside payment does when a timer of one of its documents is due. Harmless when
/// the document has moved on.
void take_step(Work& work, const Document& document);

}  // namespace wxpay::sandbox
