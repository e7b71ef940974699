#pragma once

#include "sandbox/directory.hpp"
#include "sandbox/exchanges/exchange_log.hpp"
#include "sandbox/notify/verdict.hpp"

namespace wxpay::sandbox::diagnosis {

/// Completes the exchange of a callback whose answer has been judged: hint and explanation of a
/// failure, and what a repeated callback has to be warned of.
/// answered_before  whether an earlier attempt was answered with SUCCESS
/// merchant         whose callback it is; nullptr when nobody knows any more
void explain_callback(Exchange& exchange, const Judgement& judgement, bool answered_before,
                      const Merchant* merchant);

}  // namespace wxpay::sandbox::diagnosis
