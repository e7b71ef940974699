#pragma once

#include <string>
#include <string_view>

#include "sandbox/notify/notification.hpp"

namespace wxpay::sandbox::control {

/// What to say of an override that no callback of this kind has a field for; empty when there is
/// one. It is sent all the same: a field that WeChat adds one day must not break a merchant.
/// source  V2: v2.md 4 and 9; V3: spec V3 7
std::string note_on_field(std::string_view name, NotificationKind kind, ApiVersion api);

}  // namespace wxpay::sandbox::control
