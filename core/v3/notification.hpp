#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/v3/resource.hpp"

namespace wxpay::v3 {

/// The envelope in which V3 tells a notify_url that something has happened. What it is about is
/// encrypted in `resource`; who sent it, the headers prove (signature_headers.hpp).
/// source  [A] pay.weixin.qq.com/doc/v3/partner/4012085875; order of members [B]
struct Notification {
    std::string id;           ///< the same in every attempt: what to know a repetition by
    std::string create_time;  ///< RFC 3339
    std::string event_type;   ///< "TRANSACTION.SUCCESS", "REFUND.SUCCESS", …
    std::string summary;
    Resource resource;
};

std::string render_notification(const Notification& notification);

/// Reads an envelope; verify_signature() comes first. Errors: not_utf8, too_large, malformed;
/// missing_field; invalid_value (another algorithm or resource_type).
Result<Notification> parse_notification(std::string_view body);

}  // namespace wxpay::v3
