#pragma once

#include <string>

#include "core/http/message.hpp"

namespace wxpay::sandbox::diagnosis {

/// What the signature of a call or a callback is over, as its bytes have it: of V2 with the key
/// masked, of V3 the lines of the request's or the callback's signature. Empty: nothing is signed.
std::string signed_text(const http::Request& request);

}  // namespace wxpay::sandbox::diagnosis
