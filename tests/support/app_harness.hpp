#pragma once

#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/codec/xml.hpp"
#include "core/v2/message.hpp"

#include "sandbox/app.hpp"
#include "sandbox/context.hpp"
#include "sandbox/events/event_bus.hpp"
#include "sandbox/faults/fault_set.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/metrics/metrics.hpp"
#include "sandbox/notify/notifier.hpp"
#include "sandbox/notify/sender.hpp"
#include "sandbox/platform/platform.hpp"
#include "sandbox/store/sqlite_store.hpp"
#include "sandbox/timers/fire.hpp"
#include "sandbox/timers/scheduler.hpp"
#include "sandbox/verdict/traces.hpp"
#include "sandbox/waiters.hpp"

namespace wxpay::test {

/// Real time that stands until a test moves it.
class ManualStopwatch final : public Stopwatch {
  public:
    Millis elapsed() const override { return Millis(elapsed_); }
    void advance(Millis by) { elapsed_ += by.count(); }

  private:
    std::atomic<std::int64_t> elapsed_{0};
};

/// Callbacks that go nowhere: each is recorded and answered at once by what the test says.
class RecordingSender final : public sandbox::Sender {
  public:
    struct Sent {
        std::string url;
        http::Request request;
        Instant at;
        Millis timeout;
        bool was_cut = false;
    };
    using Answer = std::function<http::Outcome(const Sent&)>;

    explicit RecordingSender(const Clock& clock) : clock_(clock) {}

    void send(const http::Url& url, const http::Request& request, Millis timeout,
              std::function<void(http::Outcome)> done) override;

    /// Of the body only what leaves is recorded; `was_cut` is set.
    void send_and_cut(const http::Url& url, const http::Request& request,
                      std::optional<std::size_t> body_bytes, Millis timeout,
                      std::function<void(http::Outcome)> done) override;

    static http::Outcome answered(int status, std::string body);
    static http::Outcome unreachable();
    static http::Outcome timed_out();
    static http::Outcome success();

    Answer answer = [](const Sent&) { return success(); };
    /// When set, takes the next callback's answer into its own hands, once.
    std::function<void(std::function<void(http::Outcome)>)> hang;
    std::vector<Sent> sent;

  private:
    const Clock& clock_;
};

using Fields = std::map<std::string, std::string>;

/// A whole sandbox without sockets: manual clock, seeded chance, ledger in memory, callbacks
/// recorded.
class AppHarness {
  public:
    static constexpr const char* kAppId = "wx8888888888888888";
    static constexpr const char* kMchId = "1900000109";
    static constexpr const char* kKey = "192006250b4c09247ec02edce69f6a2d";
    static constexpr const char* kOpenId = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";

    explicit AppHarness(sandbox::Settings given = {}, std::uint64_t seed = 1);
    ~AppHarness();

    /// A good JSAPI order; `changes` override fields, an empty optional value removes one with "-".
    static Fields order(const std::string& out_trade_no, const Fields& changes = {});
    /// Adds appid, mch_id and nonce_str where missing, and the sign.
    static Fields sign(Fields fields, const std::string& key = kKey);
    static std::string xml(const Fields& fields);

    http::Response call(const http::Request& request);
    http::Response post(const std::string& path, std::string body);
    /// Signs, posts, and reads the answer; it must be XML. Checks the answer's sign when it has
    /// one.
    Fields v2(const std::string& path, Fields fields);
    /// Posts as it is, reads the answer.
    Fields v2_raw(const std::string& path, const std::string& body);

    struct Controlled {
        int status;
        nlohmann::json body;
    };
    Controlled control(const std::string& method, const std::string& target,
                       const nlohmann::json& body = nullptr);
    /// Fires what is due now, the first attempts of callbacks above all.
    void run_due() { scheduler.run_until(clock.now()); }
    sandbox::Scheduler::Advanced advance(std::chrono::seconds by) {
        return scheduler.run_until(clock.now() + by);
    }
    nlohmann::json only_notification();

    /// The hint of the last answer; empty when it had none.
    std::string hint;

    sandbox::Settings settings;
    sandbox::Directory directory = sandbox::demo_directory();
    ManualStopwatch stopwatch;
    std::unique_ptr<sandbox::Store> store;
    sandbox::VirtualClock clock;
    SeededRandom random;
    sandbox::FaultSet faults;
    sandbox::Metrics metrics;
    sandbox::Traces traces;
    sandbox::Platform platform;
    sandbox::ExchangeLog exchanges{sandbox::kExchangesMax, sandbox::kExchangeBytesMax};
    sandbox::Scheduler scheduler;
    sandbox::Waiters waiters;
    sandbox::EventBus events;
    RecordingSender sender;
    sandbox::Context context;
    sandbox::Notifier notifier;
    sandbox::App app;
};

}  // namespace wxpay::test
