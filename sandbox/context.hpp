#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"

#include "sandbox/certificates/files.hpp"
#include "sandbox/directory.hpp"
#include "sandbox/exchanges/exchange_log.hpp"
#include "sandbox/notify/schedule.hpp"
#include "sandbox/store/store.hpp"
#include "sandbox/timers/virtual_clock.hpp"

namespace wxpay::sandbox {

class EventBus;
class Metrics;
class Platform;
class FaultSet;
class Scheduler;
class Notifier;
class Sender;
class Traces;
class Waiters;
enum class PayOutcome;

/// What users do when they pay whose openid begins so.
struct TestOpenid {
    std::string prefix;
    PayOutcome outcome;
};

/// How this WeChat behaves; fixed while it runs.
struct Settings {
    bool strict = false;
    std::string public_url;  ///< base of the addresses that the sandbox hands out; empty: as called
    std::optional<Millis> auto_pay;  ///< pay each new order by itself after this long
    Millis refund_delay{0};          ///< from a refund's acceptance to its end
    Millis notify_timeout = std::chrono::seconds(5);
    /// How long to wait after each failed attempt of a callback.
    std::vector<Millis> notify_waits{kNotifyWaits.begin(), kNotifyWaits.end()};
    std::vector<TestOpenid> test_openids;  ///< besides the shipped ones, and before them
    bool virtual_wire = false;  ///< latencies are business time, of which sending takes none
    std::string control_token;  ///< empty: the control API asks for none
    std::string https_url;      ///< of the TLS listener; empty: there is none
    std::string proxy_url;      ///< of the forward proxy; empty: there is none
    std::optional<CertificateFiles> certificate_files;  ///< for its clients
};

/// What handlers work with. It owns nothing; the server does. Everything in it is safe to use from
/// all workers.
struct Context {
    Directory& directory;
    const Settings& settings;
    Store& store;
    VirtualClock& clock;
    SeededRandom& random;
    ExchangeLog& exchanges;
    Scheduler& scheduler;
    Notifier& notifier;
    Waiters& waiters;
    Sender& sender;
    EventBus& events;
    FaultSet& faults;
    Metrics& metrics;
    Traces& traces;
    const Stopwatch& stopwatch;
    Platform& platform;
    const Clock& wire_clock;  ///< of what is signed: real, or business time (see "Two clocks")

    /// The same, but drawing from another sequence.
    Context drawing_from(SeededRandom& other) const {
        return {directory, settings, store,     clock,    other,     exchanges,
                scheduler, notifier, waiters,   sender,   events,    faults,
                metrics,   traces,   stopwatch, platform, wire_clock};
    }
};

}  // namespace wxpay::sandbox
