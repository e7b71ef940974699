#pragma once

#include <string>

#include "core/http/message.hpp"
#include "core/v3/authorization.hpp"

#include "sandbox/directory.hpp"

namespace wxpay::sandbox::diagnosis {

struct V3Diagnosis {
    std::string hint;         ///< one ASCII line: the likely cause
    std::string explanation;  ///< the same at length, UTF-8; no key in it
};

/// Why a request's signature does not verify: makes the usual mistakes until one gives this very
/// signature. source  spec V3 10
V3Diagnosis diagnose_v3_signature(const http::Request& request,
                                  const v3::Authorization& authorization, const Merchant& merchant,
                                  const Directory& directory);

}  // namespace wxpay::sandbox::diagnosis
