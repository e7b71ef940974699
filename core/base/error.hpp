#pragma once

#include <string>

namespace wxpay {

/// What went wrong, for code that wants to branch on it.
enum class Errc {
    invalid_value,       ///< a value breaks its type's rule
    malformed,           ///< not the format it should be (XML, JSON, URL, time)
    not_utf8,            ///< bytes that are not UTF-8
    too_large,           ///< over a limit
    missing_field,       ///< a field that must be there is not
    mismatch,            ///< a field contradicts what we know (amount, appid, mch_id)
    signature_mismatch,  ///< the signature is not that of these fields under this key
    refused,             ///< the other side understood and said no
    timed_out,           ///< no complete answer in time
    unreachable,         ///< no connection
};

/// A failure as a value. `detail` says what was expected and what came, for people; it never holds
/// a key.
struct Error {
    Errc code;
    std::string detail;
    std::string field = {};  ///< the field at fault, where there is one
};

}  // namespace wxpay
