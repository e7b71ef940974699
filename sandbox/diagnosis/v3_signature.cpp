#include "sandbox/diagnosis/v3_signature.hpp"

#include <fmt/format.h>

#include "core/v3/sign.hpp"

namespace wxpay::sandbox::diagnosis {

V3Diagnosis diagnose_v3_signature(const http::Request& request,
                                  const v3::Authorization& authorization, const Merchant& merchant,
                                  const Directory&) {
    V3Diagnosis out;
    out.hint = fmt::format("not the signature of this request under the key of mchid {}, serial {}",
                           merchant.wire_id(), merchant.serial_no);
    out.explanation = fmt::format(
        "{}.\nThe string to sign:\n{}", out.hint,
        v3::request_string(request.method, http::target_of(request), authorization.timestamp,
                           authorization.nonce_str, request.body));
    return out;
}

}  // namespace wxpay::sandbox::diagnosis
