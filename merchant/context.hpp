#pragma once

#include <functional>
#include <string>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"

#include "merchant/gateway/gateway.hpp"
#include "merchant/store/store.hpp"

namespace wxpay::merchant {

enum class Severity { info, warning, error };

/// Where lines for the operator go.
using Report = std::function<void(Severity, const std::string&)>;

/// How this shop is set up; fixed while it runs.
struct Settings {
    std::string notify_url;                             ///< where WeChat shall call back
    Millis reconcile_after = std::chrono::seconds(30);  ///< how long a callback may take
    std::string refund_notify_url = {};                 ///< the same for refunds
};

/// What the shop works with. It owns nothing; the server does. Everything in it is safe to use from
/// all threads.
struct Context {
    const Settings& settings;
    Store& store;
    Gateway& wechat;
    const Clock& clock;
    Random& random;
    Report report;
};

}  // namespace wxpay::merchant
