#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/http/message.hpp"
#include "core/v3/authorization.hpp"

#include "sandbox/diagnosis/mistake.hpp"
#include "sandbox/directory.hpp"

namespace wxpay::sandbox::diagnosis {

/// What one diagnosis may cost: each verification takes some 17 us, so about 7 ms at worst, and the
/// bytes that are hashed are bounded as well.
inline constexpr std::size_t kVerificationsMax = 400;
inline constexpr std::size_t kV3HashedBytesMax = 4 * 1024 * 1024;

struct V3Diagnosis {
    std::vector<Finding> findings;  ///< what was done wrong, all of it; empty: unknown
    std::string hint;               ///< one ASCII line: the likely cause
    std::string explanation;        ///< the same at length, UTF-8; no key in it
};

/// Why a request's signature does not verify: signs as a client would that makes a known mistake,
/// or two at once, and sees which string verifies under this very signature. A guess is therefore
/// never wrong. source  spec V3 10
V3Diagnosis diagnose_v3_signature(const http::Request& request,
                                  const v3::Authorization& authorization, const Merchant& merchant,
                                  const Directory& directory);

/// What is wrong with a certificate's serial number that should be `wanted`: leading zeros lost,
/// decimal, with colons. One ASCII clause; empty when nothing of that kind is seen.
std::string why_other_serial(std::string_view given, std::string_view wanted);

}  // namespace wxpay::sandbox::diagnosis
