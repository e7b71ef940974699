#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace wxpay::v3 {

/// What a request's Authorization header says.
struct Authorization {
    std::string mchid;
    std::string nonce_str;
    std::string timestamp;  ///< as written; seconds since 1970 when it is right
    std::string serial_no;
    std::string signature;  ///< base64
};

/// Why a header cannot be read: `malformed` is also one that is missing, names a parameter twice or
/// not at all, or has its scheme twice.
enum class AuthorizationProblem { malformed, other_scheme };

struct BadAuthorization {
    AuthorizationProblem problem;
    std::string what;  ///< names the place, in ASCII
};

/// Reads the value of an Authorization header: the scheme, blanks, name="value" separated by commas
/// (blanks around them are let pass), in any order.
/// source  [A] the header's grammar: spec V3 1.3; wechatpay-go core/consts
Result<Authorization, BadAuthorization> parse_authorization(std::string_view header);

/// The header's value, in the order of WeChat's own samples.
std::string render_authorization(const Authorization& authorization);

}  // namespace wxpay::v3
