#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"

#include "sandbox/directory.hpp"
#include "sandbox/notify/notification.hpp"

namespace wxpay::sandbox {

/// What a callback says instead, by wire name; nothing removes the field. A new name is added.
using Overrides = std::map<std::string, std::optional<std::string>>;

/// The callback of a payment or refund that never was, to the merchant's `url`: good in every
/// respect but for the overrides, which also reach what is encrypted in a refund's, and are signed
/// and encrypted as anything else. An overridden `sign` or `req_info` stays as it is given;
/// sign_type HMAC-SHA256 signs so. It is not stored, and has no attempt to come.
Notification make_up(NotificationKind kind, const Merchant& merchant, const std::string& url,
                     const Overrides& overrides, Random& random, Instant now);

/// The same as a callback of API V3. Overrides name what is sealed by its place, "amount.total", or
/// a member of the envelope: id, create_time, resource_type, event_type, summary. A number stays
/// one where the new value is one. The merchant must have an APIv3 key.
Notification make_up_v3(NotificationKind kind, const Merchant& merchant, const std::string& url,
                        const Overrides& overrides, Random& random, Instant now);

}  // namespace wxpay::sandbox
