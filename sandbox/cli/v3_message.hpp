#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

#include "sandbox/cli/diagnose.hpp"

namespace wxpay::sandbox::cli {

/// Whether it begins as a request or an answer of HTTP/1 does.
bool is_http_message(std::string_view bytes);

/// Checks the signature of a call by its merchant's certificate, of an answer or a callback by the
/// platform key that it names; those of the demo merchants are known. When it was made is not
/// looked at: a saved message is old. Fails when it is no HTTP message, or carries no signature.
Result<Diagnosed> diagnose_v3(const std::string& bytes);

}  // namespace wxpay::sandbox::cli
